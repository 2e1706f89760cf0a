import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure, messageOf, systemCode } from '#base/failure.ts'
import type { Change } from '../../kernel/execute.ts'
import { boundOutput, trimMiddle } from './bounded-output.ts'
import { readPiece } from './output-file.ts'
import type {
  Ending,
  Hiding,
  OutputBounds,
  OutputPiece,
  Programs,
  ProgramSpec,
  RunFiles,
  StartedProgram,
} from './programs.ts'

/** What was written before is set aside at a start when it is longer than this; the one before that is lost. */
const longestOutput = 64 * 1024 * 1024

const appBounds: OutputBounds = { most: longestOutput * 1.5, kept: longestOutput }

/**
 * Runs the command in a shell of its own and notes how that ended. It stays deaf to the signals that end a program,
 * which the command, started with none of that, is not: so its ending is noted also when the group is signalled.
 * The note appears as a whole or not at all. It says nothing itself: a shell tells of each program that a signal ended.
 */
const wrapper = `trap : TERM INT HUP QUIT
exec 3>&2 2>/dev/null
(trap - TERM INT HUP QUIT; exec /bin/sh -c "$1" 2>&3 3>&-)
code=$?
printf '%s\\n' "$code" > "$2.new" && mv "$2.new" "$2"
exit "$code"`

/** Made by whichever shell comes first, and never by two of them: mkdir(2). */
const claimed = `mkdir "$2.begun" 2> /dev/null || exit 0
${wrapper}`

const nothingHidden: Hiding = { needed: () => Promise.resolve(false), hide: (text) => text }

/** Programs under /bin/sh. */
export class ShellPrograms implements Programs {
  readonly #hiding: Hiding

  /** @param hiding - what is read of their outputs goes through it. */
  constructor(hiding: Hiding = nothingHidden) {
    this.#hiding = hiding
  }

  async prepare(_change: Change, { output, ending }: RunFiles): Promise<void> {
    await mkdir(dirname(output), { recursive: true, mode: 0o700 })
    await Promise.all([forgetEndings(dirname(ending)), setAsideLong(output)])
  }

  async start(
    _change: Change,
    { command, folder, environment, files, once: single }: ProgramSpec,
  ): Promise<StartedProgram> {
    await requireFolder(folder)
    const output = await open(files.output, 'a', 0o600)
    try {
      const { size } = await output.stat()
      const script = single === true ? claimed : wrapper
      const child = spawn('/bin/sh', ['-c', script, 'sh', command, files.ending], {
        cwd: folder,
        env: environment,
        detached: true,
        stdio: ['ignore', output.fd, output.fd],
      })
      await once(child, 'spawn')
      // It is watched by its identity, as one that an earlier daemon started is.
      child.unref()
      if (child.pid === undefined) throw new Error('the system gave no pid')
      return { pid: child.pid, outputFrom: size }
    } catch (error) {
      throw new Failure('app-failed', `The command cannot be started in ${folder}: ${messageOf(error)}`, {
        cause: error,
      })
    } finally {
      await output.close()
    }
  }

  async ending({ ending }: RunFiles): Promise<Ending | null> {
    try {
      const [text, { mtimeMs }] = await Promise.all([readFile(ending, 'utf8'), stat(ending)])
      const code = Number.parseInt(text, 10)
      return Number.isNaN(code) ? null : { code, at: mtimeMs }
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null
      throw error
    }
  }

  boundOutput({ output }: RunFiles, bounds = appBounds): Promise<void> {
    return boundOutput(output, bounds)
  }

  async begun({ ending }: RunFiles): Promise<boolean> {
    return stat(`${ending}.begun`).then(
      () => true,
      () => false,
    )
  }

  async outputFrom({ output }: RunFiles, from: number, bytes: number, isOver: boolean): Promise<OutputPiece> {
    if (!(await this.#hiding.needed())) return readPiece(output, from, bytes)
    const piece = await readPiece(output, from, bytes, isOver ? 'line or end' : 'line')
    return { ...piece, text: this.#hiding.hide(piece.text) }
  }

  trimOutput({ output }: RunFiles, longest: number): Promise<void> {
    return trimMiddle(output, longest)
  }

  async remove(_change: Change, { output }: RunFiles): Promise<void> {
    await rm(dirname(output), { recursive: true, force: true })
  }

  async keep(_change: Change, { output }: RunFiles, name: string, text: string): Promise<void> {
    await writeFile(join(dirname(output), name), text, { mode: 0o600 })
  }

  async kept({ output }: RunFiles, name: string): Promise<string | null> {
    try {
      return await readFile(join(dirname(output), name), 'utf8')
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null
      throw error
    }
  }

  async lastOutput(files: RunFiles, bytes: number, from = 0): Promise<string> {
    const text = await this.#lastOutput(files, bytes, from)
    return (await this.#hiding.needed()) ? this.#hiding.hide(text) : text
  }

  async #lastOutput({ output }: RunFiles, bytes: number, from: number): Promise<string> {
    try {
      const file = await open(output, 'r')
      try {
        const { size } = await file.stat()
        const length = Math.max(0, size - from)
        const buffer = Buffer.alloc(Math.min(length, bytes))
        const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length)
        const text = buffer.toString('utf8', 0, bytesRead)
        return length > bytes ? text.slice(text.indexOf('\n') + 1) : text
      } finally {
        await file.close()
      }
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return ''
      throw error
    }
  }

  signalGroup(_change: Change, leader: number, signal: 'SIGTERM' | 'SIGKILL'): boolean {
    try {
      process.kill(-leader, signal)
      return true
    } catch (error) {
      if (systemCode(error) === 'ESRCH') return false
      throw error
    }
  }
}

/** The system only says that the shell is not there when what is missing is the folder. */
async function requireFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return null
    throw new Failure('app-failed', `${folder} cannot be entered: ${messageOf(error)}`, { cause: error })
  })
  if (found?.isDirectory() === true) return
  throw new Failure('app-failed', `There is no folder ${folder} any more, so nothing can be started in it`)
}

/** How earlier runs ended is of no use once another one begins. */
async function forgetEndings(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (/\.ending(?:\.new)?$/.test(name)) await rm(join(folder, name), { force: true })
}

async function setAsideLong(output: string): Promise<void> {
  const size = await stat(output).then(
    (found) => found.size,
    () => 0,
  )
  if (size > longestOutput) await rename(output, `${output}.1`)
}
