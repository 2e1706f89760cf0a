import type { Clock } from '#base/clock.ts'
import { listPids, readText } from './proc-files.ts'

/** A process can be counted as started this long before it is listed in /proc, in milliseconds. */
const settleMs = 100
/** A full listing is made at least this often, should the count of starts be wrong (restored by CRIU, gVisor). */
const maxUnlistedScans = 16

/** Which processes came and went since the last look. */
export interface Census {
  /** New ones, and ones whose number was used by another before. */
  readonly fresh: readonly number[]
  readonly gone: readonly number[]
}

/**
 * Notices new processes cheaply: the kernel gives out pids in rising order and the last one is the fifth field of
 * /proc/loadavg, so while that stands still no process has started and /proc need not be listed.
 */
export class ProcessCensus {
  readonly #clock: Clock
  #known = new Set<number>()
  #cursor = 0
  #movedAt = Number.NEGATIVE_INFINITY
  #unlisted = maxUnlistedScans

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Every process known since the last look. */
  get pids(): ReadonlySet<number> {
    return this.#known
  }

  look(): Census {
    const before = this.#cursor
    const cursor = lastPid()
    const now = this.#clock.monotonic()
    if (cursor !== before || cursor === 0) this.#movedAt = now
    if (now - this.#movedAt > settleMs && this.#unlisted < maxUnlistedScans) {
      this.#unlisted++
      return { fresh: [], gone: [] }
    }
    this.#unlisted = 0
    this.#cursor = cursor
    const pids = new Set(listPids())
    const fresh = [...pids].filter((pid) => !this.#known.has(pid) || startedBetween(pid, before, cursor))
    const gone = [...this.#known].filter((pid) => !pids.has(pid))
    this.#known = pids
    return { fresh, gone }
  }
}

/** Whether a pid was given out after `before` and up to `after`, round the end of the numbers if need be. */
export const startedBetween = (pid: number, before: number, after: number): boolean =>
  before <= after ? pid > before && pid <= after : pid > before || pid <= after

/** The pid given out last in this pid namespace, or 0 where that is not told. */
function lastPid(): number {
  return Number(readText('/proc/loadavg')?.trim().split(' ')[4] ?? 0) || 0
}
