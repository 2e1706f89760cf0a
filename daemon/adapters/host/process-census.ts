import type { Clock } from '#base/clock.ts'
import { listPids, readStat, readText } from './proc-files.ts'
import { isProcess } from './process-details.ts'

/** A pid can be given out this long before its process is to be seen in /proc, in milliseconds. */
const settleMs = 100
/** All processes are listed at least this often, to forget the dead, and should the counting of starts be wrong. */
const maxUnlistedScans = 16
/** Up to so many pids are looked up one by one rather than all processes be listed. */
const maxLookups = 32

/** Which processes came and went since the last look. */
export interface Census {
  /** New ones, and ones whose number was used by another before. */
  readonly fresh: readonly number[]
  /** Ended ones, as far as that is known yet. */
  readonly gone: readonly number[]
}

/**
 * Notices new processes cheaply. The kernel gives out pids in rising order and tells the last one as the fifth field
 * of /proc/loadavg: while that stands still no process has started, and when it moves a little only the pids in
 * between can be new. (A process restored by CRIU gets a pid of choice; it is found when all are listed again.)
 */
export class ProcessCensus {
  readonly #clock: Clock
  #known = new Set<number>()
  #cursor = 0
  /** Pids given out of late whose process was not to be seen yet, with the time since when. */
  #awaited = new Map<number, number>()
  #unlisted = maxUnlistedScans

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Every process known; some may have ended since. */
  get pids(): ReadonlySet<number> {
    return this.#known
  }

  look(): Census {
    const before = this.#cursor
    this.#cursor = lastPid()
    const moved = this.#cursor - before
    this.#unlisted++
    // A cursor of 0 means that it is not told here.
    const few = before > 0 && moved >= 0 && moved + this.#awaited.size <= maxLookups
    return few && this.#unlisted <= maxUnlistedScans ? this.#lookUp(before) : this.#listAll(before)
  }

  #lookUp(before: number): Census {
    const now = this.#clock.monotonic()
    for (let pid = before + 1; pid <= this.#cursor; pid++) this.#awaited.set(pid, now)
    const fresh: number[] = []
    for (const [pid, since] of this.#awaited) {
      const there = readStat(`/proc/${pid}/fd`) !== null
      if (there && isProcess(pid)) fresh.push(pid)
      if (there || now - since > settleMs) this.#awaited.delete(pid)
    }
    for (const pid of fresh) this.#known.add(pid)
    return { fresh, gone: [] }
  }

  #listAll(before: number): Census {
    this.#unlisted = 0
    const pids = new Set(listPids())
    const fresh = [...pids].filter(
      (pid) => !this.#known.has(pid) || this.#awaited.has(pid) || givenOut(pid, before, this.#cursor),
    )
    const gone = [...this.#known].filter((pid) => !pids.has(pid))
    this.#known = pids
    const now = this.#clock.monotonic()
    for (const [pid, since] of this.#awaited)
      if (pids.has(pid) || now - since > settleMs) this.#awaited.delete(pid)
    for (let pid = Math.max(before, this.#cursor - maxLookups) + 1; pid <= this.#cursor; pid++)
      if (!pids.has(pid)) this.#awaited.set(pid, now)
    return { fresh, gone }
  }
}

/** Whether a pid was given out after `before` and up to `after`, round the end of the numbers if need be. */
export const givenOut = (pid: number, before: number, after: number): boolean =>
  before <= after ? pid > before && pid <= after : pid > before || pid <= after

/** The pid given out last in this pid namespace, or 0 where that is not told. */
function lastPid(): number {
  return Number(readText('/proc/loadavg')?.trim().split(' ')[4] ?? 0) || 0
}
