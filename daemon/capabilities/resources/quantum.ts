import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Clock } from '#base/clock.ts'
import type { HostProcess } from '../../adapters/host/host.ts'

const pidFile = '.quantum.pid'
const largestBytes = 4096
/** A folder is looked into again after this time, or at once when a process is new in it. */
const keptMs = 10_000

/** `quantum start`, also through an interpreter or as `python -m quantum...`, or gunicorn with its WSGI app. */
export function isQuantumCommand(argv: readonly string[] | null): boolean {
  if (argv === null) return false
  const [program = '', ...rest] = argv
  const at = /^(?:python|pypy)[\d.]*(?:\.exe)?$/.test(basename(program)) ? pythonTarget(rest) : argv
  const [target = '', ...args] = at
  const name = basename(target).replace(/\.(?:exe|py)$/, '')
  if (name === 'gunicorn') return args.some((argument) => /^quantum[\w.]*wsgi(?::|$)/.test(argument))
  return (name === 'quantum' || target.startsWith('quantum.')) && args.includes('start')
}

/** What an interpreter runs, with its arguments: the script, or the module after `-m`. */
function pythonTarget(args: readonly string[]): readonly string[] {
  const start = args.findIndex((argument) => argument === '-m' || !argument.startsWith('-'))
  if (start === -1) return []
  return args[start] === '-m' ? args.slice(start + 1) : args.slice(start)
}

interface Folder {
  readonly readAt: number
  readonly pids: ReadonlySet<number>
  readonly seen: Set<string>
}

/** Knows the processes of the Quantum framework by their command or by the pid file in their folder. */
export class QuantumProcesses {
  readonly #clock: Clock
  #folders = new Map<string, Folder>()

  constructor(deps: { readonly clock: Clock }) {
    this.#clock = deps.clock
  }

  /** Reads the pid files of the folders these processes stand in. */
  async look(processes: readonly HostProcess[]): Promise<void> {
    const now = this.#clock.monotonic()
    const byFolder = new Map<string, Set<string>>()
    for (const { pid, startKey, cwd } of processes) {
      if (cwd === null || cwd === '/') continue
      const seen = byFolder.get(cwd) ?? new Set()
      byFolder.set(cwd, seen.add(`${pid} ${startKey}`))
    }
    const folders = new Map<string, Folder>()
    // One after the other: a folder on a dead network file system takes one of the runtime's four threads, not all.
    for (const [cwd, seen] of byFolder) {
      const known = this.#folders.get(cwd)
      const current = known && now - known.readAt < keptMs && [...seen].every((key) => known.seen.has(key))
      folders.set(cwd, current ? known : { readAt: now, pids: await readPidFile(join(cwd, pidFile)), seen })
    }
    this.#folders = folders
  }

  is(process: HostProcess): boolean {
    if (isQuantumCommand(process.argv)) return true
    return process.cwd !== null && this.#folders.get(process.cwd)?.pids.has(process.pid) === true
  }
}

/**
 * The pids of lines `<pid> <start-time>`. Anybody may put anything into a folder, so a pipe must not block us
 * and a large file is not read; whatever is not such a file names nobody.
 */
async function readPidFile(path: string): Promise<ReadonlySet<number>> {
  const none = new Set<number>()
  let file
  try {
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch {
    return none
  }
  try {
    const found = await file.stat()
    if (!found.isFile() || found.size > largestBytes) return none
    const lines = (await file.readFile('utf8')).split('\n')
    return new Set(lines.map((line) => Number.parseInt(line, 10)).filter((pid) => pid > 1))
  } catch {
    return none
  } finally {
    await file.close()
  }
}
