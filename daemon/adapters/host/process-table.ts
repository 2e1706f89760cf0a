import { basename } from 'node:path'
import type { Clock } from '#base/clock.ts'
import type { HostProcess, ProcessIdentity } from './host.ts'
import type { KernelFacts } from './kernel-facts.ts'
import { listPids } from './proc-files.ts'
import type { ProcStat } from './proc-stat.ts'
import {
  isProcess,
  readDetails,
  readProcess,
  runningIn,
  workingFolder,
  type ProcessDetails,
} from './process-details.ts'
import type { Slices } from './slices.ts'
import { StatFiles } from './stat-files.ts'
import type { Users } from './users.ts'

/** A process that started less than this ago is read anew each time: it may still be on its way to exec. */
const youngMs = 2000
/** Of all other processes so many are read anew each time, in turn: titles, users and containers may change. */
const turns = 64
/** So many turns pass until each folder is read anew. On a terminal people change it, so there it is always read. */
const folderTurns = 16
/** CPU use is measured over at least this long; the kernel counts in steps of 10 ms. */
const sampleMs = 500
/** The very first figure may come from a shorter one, rather than none be shown. */
const firstSampleMs = 50

interface Entry {
  readonly startKey: string
  readonly name: string
  readonly layout: string
  readonly details: ProcessDetails
  readonly folder: string | null
  readonly youngUntil: number
  /** Where the running interval began. */
  readonly sample: Sample
  /** What the last interval showed. */
  readonly cpuPercent: number | null
}

interface Sample {
  readonly ticks: number
  readonly at: number
}

/** All processes of this pid namespace, cheap to list again: what rarely changes is read once per process. */
export class ProcessTable {
  readonly #clock: Clock
  readonly #facts: KernelFacts
  readonly #users: Users
  readonly #stats = new StatFiles()
  #entries = new Map<number, Entry>()
  #scan = 0

  constructor(deps: { readonly clock: Clock; readonly facts: KernelFacts; readonly users: Users }) {
    this.#clock = deps.clock
    this.#facts = deps.facts
    this.#users = deps.users
  }

  /** Every process at this moment. Zombies have ended and are not among them. */
  async list(slices: Slices): Promise<HostProcess[]> {
    this.#scan++
    this.#users.refresh()
    const processes: HostProcess[] = []
    const entries = new Map<number, Entry>()
    for (const pid of listPids()) {
      const stat = runningIn(this.#stats.read(pid))
      if (stat === null) continue
      const entry = this.#entry(pid, stat, false)
      entries.set(pid, entry)
      processes.push(this.#process(pid, stat, entry))
      if (slices.due) await slices.pause()
    }
    this.#entries = entries
    this.#stats.retain(entries)
    return processes
  }

  /** One process, everything read now; null when it has ended or is a thread of another. */
  one(pid: number): HostProcess | null {
    const stat = isProcess(pid) ? readProcess(pid) : null
    if (stat === null) return null
    this.#users.refresh()
    const entry = this.#entry(pid, stat, true)
    this.#entries.set(pid, entry)
    return this.#process(pid, stat, entry)
  }

  /** The program a process was last seen to run; undefined when it was never seen. */
  executable(target: ProcessIdentity): string | null | undefined {
    return this.#remembered(target.pid, target.startKey)?.details.executable
  }

  /** @param anew - whether nothing may come from memory. */
  #entry(pid: number, stat: ProcStat, anew: boolean): Entry {
    const at = this.#clock.monotonic()
    const known = this.#remembered(pid, stat.startTicks)
    if (known === undefined) return this.#firstEntry(pid, stat, at)
    const changed = anew || known.name !== stat.name || known.layout !== stat.layout || at <= known.youngUntil
    const turn = pid + this.#scan
    const details = changed || turn % turns === 0 ? readDetails(pid) : known.details
    const anyFolder = changed || stat.terminal || turn % folderTurns === 0
    const elapsed = at - known.sample.at
    const measured = elapsed >= (known.cpuPercent === null ? firstSampleMs : sampleMs)
    return {
      startKey: known.startKey,
      name: stat.name,
      layout: stat.layout,
      details,
      folder: anyFolder ? folderOf(pid, details) : known.folder,
      youngUntil: known.youngUntil,
      sample: elapsed >= sampleMs ? { ticks: stat.cpuTicks, at } : known.sample,
      cpuPercent: measured ? this.#percent(stat.cpuTicks - known.sample.ticks, elapsed) : known.cpuPercent,
    }
  }

  #firstEntry(pid: number, stat: ProcStat, at: number): Entry {
    const details = readDetails(pid)
    const age = Math.max(0, this.#clock.now() - this.#startedAt(stat))
    return {
      startKey: stat.startTicks,
      name: stat.name,
      layout: stat.layout,
      details,
      folder: folderOf(pid, details),
      youngUntil: at + Math.max(0, youngMs - age),
      sample: { ticks: stat.cpuTicks, at },
      cpuPercent: null,
    }
  }

  #percent(ticks: number, elapsedMs: number): number {
    return Math.max(0, (ticks / this.#facts.ticksPerSecond / elapsedMs) * 1000 * 100)
  }

  /** What is known of that very process, not of another that had its pid. */
  #remembered(pid: number, startKey: string): Entry | undefined {
    const entry = this.#entries.get(pid)
    return entry?.startKey === startKey ? entry : undefined
  }

  #startedAt(stat: ProcStat): number {
    return Math.round(this.#facts.bootedAt + (Number(stat.startTicks) / this.#facts.ticksPerSecond) * 1000)
  }

  #process(pid: number, stat: ProcStat, entry: Entry): HostProcess {
    const { argv, uid, containerId } = entry.details
    return {
      pid,
      startKey: stat.startTicks,
      ppid: stat.ppid,
      group: stat.group,
      name: nameOf(stat.name, argv),
      argv,
      cwd: entry.folder,
      uid,
      user: uid === null ? null : this.#users.name(uid),
      startedAt: this.#startedAt(stat),
      cpuPercent: entry.cpuPercent,
      memoryBytes: stat.residentPages * this.#facts.pageBytes,
      containerId,
    }
  }
}

/** Kernel threads have no folder, and that of a stranger is closed to us as his program is. */
const folderOf = (pid: number, { executable }: ProcessDetails): string | null =>
  executable === null ? null : workingFolder(pid)

/** Node.js calls its first thread, and so itself, `MainThread`: the program's own name says more. */
function nameOf(name: string, argv: readonly string[] | null): string {
  const program = name === 'MainThread' ? basename(argv?.[0]?.split(' ')[0] ?? '') : ''
  return program === '' ? name : program
}
