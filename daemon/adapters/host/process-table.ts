import { basename } from 'node:path'
import type { Clock } from '#base/clock.ts'
import type { HostProcess, ProcessIdentity } from './host.ts'
import type { KernelFacts } from './kernel-facts.ts'
import { listPids } from './proc-files.ts'
import type { ProcStat } from './proc-stat.ts'
import { isProcess, readDetails, readProcess, workingFolder, type ProcessDetails } from './process-details.ts'
import type { Slices } from './slices.ts'
import type { Users } from './users.ts'

/** A process that started less than this ago is read anew each time: it may still be on its way to exec. */
const youngMs = 10_000
/** Of all other processes so many are read anew each time, in turn: titles, users and containers may change. */
const turns = 32
/** CPU use is measured over at least this long; the kernel counts in steps of 10 ms. */
const sampleMs = 500
/** The very first figure may come from a shorter one, rather than none be shown. */
const firstSampleMs = 50

interface Entry {
  readonly name: string
  readonly layout: string
  readonly details: ProcessDetails
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
  #entries = new Map<string, Entry>()
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
    const entries = new Map<string, Entry>()
    for (const pid of listPids()) {
      const stat = readProcess(pid)
      if (stat === null) continue
      const key = `${pid} ${stat.startTicks}`
      const entry = this.#entry(pid, key, stat, pid % turns === this.#scan % turns)
      entries.set(key, entry)
      processes.push(this.#process(pid, stat, entry))
      if (slices.due) await slices.pause()
    }
    this.#entries = entries
    return processes
  }

  /** One process, everything read now; null when it has ended or is a thread of another. */
  one(pid: number): HostProcess | null {
    const stat = isProcess(pid) ? readProcess(pid) : null
    if (stat === null) return null
    this.#users.refresh()
    const key = `${pid} ${stat.startTicks}`
    const entry = this.#entry(pid, key, stat, true)
    this.#entries.set(key, entry)
    return this.#process(pid, stat, entry)
  }

  /** The program a process was last seen to run; undefined when it was never seen. */
  executable(target: ProcessIdentity): string | null | undefined {
    return this.#entries.get(`${target.pid} ${target.startKey}`)?.details.executable
  }

  #entry(pid: number, key: string, stat: ProcStat, due: boolean): Entry {
    const { name, layout, cpuTicks: ticks } = stat
    const at = this.#clock.monotonic()
    const known = this.#entries.get(key)
    if (known === undefined) {
      const age = Math.max(0, this.#clock.now() - this.#startedAt(stat))
      const youngUntil = at + Math.max(0, youngMs - age)
      return { name, layout, details: readDetails(pid), youngUntil, sample: { ticks, at }, cpuPercent: null }
    }
    const same = known.name === name && known.layout === layout
    const details = same && !due && at > known.youngUntil ? known.details : readDetails(pid)
    const elapsed = at - known.sample.at
    const measured =
      elapsed >= sampleMs || (known.cpuPercent === null && elapsed >= firstSampleMs)
        ? ((ticks - known.sample.ticks) / this.#facts.ticksPerSecond / (elapsed / 1000)) * 100
        : known.cpuPercent
    return {
      name,
      layout,
      details,
      youngUntil: known.youngUntil,
      sample: elapsed >= sampleMs ? { ticks, at } : known.sample,
      cpuPercent: measured,
    }
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
      name: nameOf(stat.name, argv),
      argv,
      // Any process may change its folder at any time; only kernel threads and strangers are not asked again.
      cwd: entry.details.executable === null ? null : workingFolder(pid),
      uid,
      user: uid === null ? null : this.#users.name(uid),
      startedAt: this.#startedAt(stat),
      cpuPercent: entry.cpuPercent,
      memoryBytes: stat.residentPages * this.#facts.pageBytes,
      containerId,
    }
  }
}

/** Node.js calls its first thread, and so itself, `MainThread`: the program's own name says more. */
function nameOf(name: string, argv: readonly string[] | null): string {
  const program = name === 'MainThread' ? basename(argv?.[0]?.split(' ')[0] ?? '') : ''
  return program === '' ? name : program
}
