import type { Clock } from '#base/clock.ts'
import { isoTime } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import type { Owned } from '#base/lifetime.ts'
import type { CronSchedule } from '../../config/cron.ts'
import type { Firing, StoredSchedule } from './jobs-store.ts'

/** A job that has a schedule. */
export interface ScheduledJob extends CronSchedule {
  readonly app: string
  readonly job: string
  readonly missed: 'once' | 'skip'
}

export interface SchedulerDeps {
  readonly clock: Clock
  /** When a schedule is due; loaded only once there is one. */
  readonly cron: () => Promise<Cron>
  /** The schedules that counted when the daemon last ended. */
  readonly stored: () => Promise<readonly StoredSchedule[]>
  readonly fired: (firing: Firing) => Promise<boolean>
  /** Runs a job for a time, through the one door. */
  readonly fire: (job: ScheduledJob, time: string) => Promise<unknown>
  /** Lets a job's schedule count from now on as it is now, or no longer when it has none, through the one door. */
  readonly take: (job: { readonly app: string; readonly job: string }) => Promise<unknown>
  readonly report: (error: unknown) => void
}

/** What is asked of schedules. */
export interface Cron {
  nextAfter(schedule: CronSchedule, after: number): number | null
  lastWithin(schedule: CronSchedule, after: number, until: number): number | null
}

interface Watched {
  readonly job: ScheduledJob
  /** Until then, by the wall clock, all was seen to. */
  seen: number
  /** When the clock was looked at last, by the monotonic clock. */
  lookedAt: number
  /** When it is due next, by the wall clock; null: never. */
  next: number | null
}

/** Wall clocks jump and timers stop while a machine sleeps: so often, in milliseconds, the clock is looked at anew. */
export const lookAgainMs = 10_000
/** Clocks that are kept right go back by less than this all the time. */
const jitterMs = 1000
/** What could not be begun is tried again after this time, in milliseconds. */
const againMs = 5000
/** What is not begun within this time of when it was due counts as missed, in milliseconds. */
const lateMs = 60_000

/**
 * Runs jobs when their time has come. Of several times that were missed, because the machine slept, no daemon ran or the
 * clock was put forward, the last one is run; where it is put back, a time that was run already is not run again.
 */
export class Scheduler implements Owned {
  /** When a job is due next has changed. */
  readonly changed = new Emitter<void>()
  readonly #deps: SchedulerDeps
  readonly #watched = new Map<string, Watched>()
  #wanted: readonly ScheduledJob[] = []
  #isKnown: (app: string) => boolean = () => false
  #before: Map<string, StoredSchedule> | undefined
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<unknown> = Promise.resolve()
  #started = false
  #closed = false

  constructor(deps: SchedulerDeps) {
    this.#deps = deps
  }

  /**
   * The jobs that have a schedule now. Nothing is begun before {@link start}.
   * @param isKnown - whether all that an app's configuration says is among them; else what counted may count again.
   */
  set(jobs: readonly ScheduledJob[], isKnown: (app: string) => boolean): void {
    this.#wanted = jobs
    this.#isKnown = isKnown
    this.#wake()
  }

  get count(): number {
    return this.#wanted.length
  }

  /** When a job is due next, in milliseconds since the epoch; null when it never is, or nobody looked yet. */
  nextOf(app: string, job: string): number | null {
    return this.#watched.get(keyOf({ app, job }))?.next ?? null
  }

  /** Begins to look at the clock. */
  start(): void {
    this.#started = true
    this.#wake()
  }

  /**
   * Looks at the clock once, and runs what is due. @returns in how many milliseconds it is to be looked at again.
   */
  async look(): Promise<number> {
    await this.#take()
    let soonest = lookAgainMs
    for (const watched of this.#watched.values()) {
      await this.#lookAt(watched)
      if (watched.next === null) continue
      const pause = watched.next - this.#deps.clock.now()
      soonest = Math.min(soonest, pause > 0 ? pause : againMs)
    }
    return soonest
  }

  async dispose(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#looking
  }

  /** Looks at once, and then whenever something may be due. */
  #wake(): void {
    if (!this.#started || this.#closed) return
    clearTimeout(this.#timer)
    this.#looking = this.#looking.then(() => this.#turn())
  }

  async #turn(): Promise<void> {
    if (this.#closed) return
    clearTimeout(this.#timer)
    let pause = lookAgainMs
    try {
      if (this.#wanted.length > 0 || this.#before?.size !== 0) pause = await this.look()
    } catch (error) {
      this.#deps.report(error)
    }
    if (this.#closed || this.#wanted.length === 0) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void (this.#looking = this.#looking.then(() => this.#turn())), pause)
    this.#timer.unref()
  }

  /** Takes up the schedules that are new, and drops those that are gone. */
  async #take(): Promise<void> {
    const { stored, clock, take, report } = this.#deps
    this.#before ??= new Map((await stored()).map((one) => [keyOf(one), one]))
    const wanted = new Map(this.#wanted.map((job) => [keyOf(job), job]))
    await this.#drop(this.#before, (key) => !wanted.has(key))
    for (const [key, job] of wanted) {
      const known = this.#watched.get(key)
      if (known !== undefined && isSame(known.job, job)) {
        if (known.job !== job) this.#watched.set(key, { ...known, job })
        continue
      }
      const before = this.#before.get(key)
      const now = clock.now()
      try {
        if (before === undefined || !isSame(before, job)) await take(job)
        const seen = before !== undefined && isSame(before, job) ? Math.min(before.until, now) : now
        const lookedAt = clock.monotonic()
        this.#watched.set(key, { job, seen, lookedAt, next: await this.#nextOf(job, seen) })
        this.#before.set(key, { ...job, until: seen })
        this.changed.emit()
      } catch (error) {
        // A schedule that is not written would be forgotten by the next daemon: it counts when it can be.
        report(error)
      }
    }
  }

  /** Lets schedules go that are gone: one that comes again one day counts from then on, and has missed nothing. */
  async #drop(before: Map<string, StoredSchedule>, isGone: (key: string) => boolean): Promise<void> {
    for (const key of this.#watched.keys()) if (isGone(key)) this.#watched.delete(key)
    for (const [key, { app, job }] of before) {
      if (!isGone(key) || !this.#isKnown(app)) continue
      try {
        await this.#deps.take({ app, job })
        before.delete(key)
      } catch (error) {
        this.#deps.report(error)
      }
    }
  }

  async #lookAt(watched: Watched): Promise<void> {
    const { clock, cron, fire, fired, take, report } = this.#deps
    const { job } = watched
    const now = clock.now()
    if (now < watched.seen - jitterMs) {
      // The clock was put back: what it showed at the last look, had it been put back before, is from where to look. What was
      // run keeps its firing; what was not comes again.
      const passed = Math.max(0, clock.monotonic() - watched.lookedAt)
      watched.seen = now - Math.min(passed, lookAgainMs)
      watched.next = await this.#nextOf(job, watched.seen)
      this.changed.emit()
      await take(job).catch(report)
    }
    watched.lookedAt = clock.monotonic()
    if (now < watched.seen) return
    if (watched.next === null || watched.next > now) {
      watched.seen = now
      return
    }
    const time = (await cron()).lastWithin(job, watched.seen, now)
    const firing = time === null ? null : { app: job.app, job: job.job, time }
    const isSkipped = job.missed === 'skip' && time !== null && now - time > lateMs
    if (firing !== null && !isSkipped && !(await fired(firing))) {
      try {
        await fire(job, isoTime(firing.time))
      } catch (error) {
        report(error)
        // What was written is done; what was not is tried again at the next look.
        if (!(await fired(firing))) return
      }
    }
    this.#before?.set(keyOf(job), { ...job, until: time ?? now })
    watched.seen = now
    watched.next = await this.#nextOf(job, now)
    this.changed.emit()
  }

  async #nextOf(job: ScheduledJob, after: number): Promise<number | null> {
    return (await this.#deps.cron()).nextAfter(job, after)
  }
}

const keyOf = ({ app, job }: { readonly app: string; readonly job: string }): string => `${app}\n${job}`

const isSame = (a: CronSchedule, b: CronSchedule): boolean => a.pattern === b.pattern && a.zone === b.zone
