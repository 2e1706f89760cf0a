import type { Clock } from '#base/clock.ts'
import type { CronSchedule } from '../../config/cron.ts'
import type { PauseWindow } from './check-plan.ts'

/** What is asked of schedules. */
export interface PauseCron {
  nextAfter(schedule: CronSchedule, after: number): number | null
  lastWithin(schedule: CronSchedule, after: number, until: number): number | null
  machineZone(): string
}

interface ScheduledPausesDeps {
  readonly clock: Pick<Clock, 'now'>
  /** When a schedule is due; loaded only once there is one. */
  readonly cron: () => Promise<PauseCron>
}

/** An answer, and for which times of the wall clock it is right: from the first, and before the second. */
interface Known {
  readonly from: number
  readonly to: number
  readonly until: number | null
}

/** Where nothing begins for a long time it is asked again all the same: a machine may be taken to another time zone. */
const longestMs = 3_600_000

/**
 * Says whether a pause goes on by what the wall clock shows, and by nothing else: wherever the clock jumps to and however
 * long the machine slept, nothing is paused that should not be at that time.
 */
export class ScheduledPauses {
  readonly #deps: ScheduledPausesDeps
  readonly #known = new Map<string, Known>()
  #cron: PauseCron | undefined

  constructor(deps: ScheduledPausesDeps) {
    this.#deps = deps
  }

  /** Forgets what was asked about other pauses, and gets ready for these. */
  async prepare(windows: readonly PauseWindow[]): Promise<void> {
    this.#known.clear()
    if (windows.length > 0) this.#cron ??= await this.#deps.cron()
  }

  /** Until when it is paused, in milliseconds since the epoch; null when it is not. */
  until(windows: readonly PauseWindow[]): number | null {
    let latest: number | null = null
    for (const window of windows) {
      const { until } = this.#at(window)
      if (until !== null && (latest === null || until > latest)) latest = until
    }
    return latest
  }

  #at(window: PauseWindow): Known {
    const now = this.#deps.clock.now()
    const key = JSON.stringify(window)
    const before = this.#known.get(key)
    if (before !== undefined && before.from <= now && now < before.to) return before
    const known = this.#look(window, now)
    this.#known.set(key, known)
    return known
  }

  #look({ schedule: pattern, timezone, forMs }: PauseWindow, now: number): Known {
    const cron = this.#cron
    if (cron === undefined) return { from: now, to: now, until: null }
    const schedule = { pattern, zone: timezone ?? cron.machineZone() }
    const began = cron.lastWithin(schedule, now - forMs, now)
    const next = Math.min(cron.nextAfter(schedule, now) ?? Number.POSITIVE_INFINITY, now + longestMs)
    if (began === null) return { from: now, to: next, until: null }
    const until = began + forMs
    return { from: began, to: Math.min(until, next), until }
  }
}
