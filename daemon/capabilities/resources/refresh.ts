import type { Clock } from '#base/clock.ts'
import type { Owned } from '#base/lifetime.ts'
import type { LookResult, Pace } from './pace.ts'

/** What brought a look about: its own timer, a sign of change, or somebody who asks and is answered with it. */
export type LookReason = 'timer' | 'sign' | 'question'

/** A cheap sign that a look would find something. It says nothing of what, and may be wrong both ways. */
export interface Sign {
  /** Milliseconds between two times it is asked, as things stand now; infinite while nobody needs to know soon. */
  readonly interval: () => number
  readonly given: () => boolean
}

export interface RefreshDeps {
  /** Looks once. */
  readonly look: (reason: LookReason) => Promise<LookResult>
  /** Milliseconds between the starts of two looks, as things stand now. */
  readonly interval: () => number
  /** Makes looks rarer that cost too much; without it the interval stands. */
  readonly pace?: Pace
  /** Asked between looks that the interval keeps apart: what it tells of is looked at before its time. */
  readonly sign?: Sign
  readonly clock: Clock
  /** Told of a look of the timer's own that failed; whoever asks gets the error instead. */
  readonly report: (error: unknown) => void
}

interface Look {
  /** Monotonic time at which it began. */
  readonly began: number
  readonly done: Promise<void>
}

/**
 * Looks at one source again and again, never twice at once. A look answers only questions that were asked
 * before it began (or as long before as the questioner accepts), so an old picture never passes for a new one.
 */
export class Refresh implements Owned {
  readonly #deps: RefreshDeps
  #running: Look | undefined
  #next: Promise<void> | undefined
  #lastBegan = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #disposed = false

  constructor(deps: RefreshDeps) {
    this.#deps = deps
  }

  /** Begins to look by itself. */
  start(): void {
    this.reschedule()
  }

  /**
   * Settles once a look that began at most `maxAgeMs` before this call has ended. All who ask while one runs
   * that is too old for them share the next one.
   */
  fresh(maxAgeMs: number): Promise<void> {
    const oldest = this.#deps.clock.monotonic() - maxAgeMs
    if (this.#lastBegan > oldest) return Promise.resolve()
    if (this.#running && this.#running.began > oldest) return this.#running.done
    this.#next ??= this.#afterRunning()
    return this.#next
  }

  /** Puts the timer to the interval as it is now; called when that changed. */
  reschedule(): void {
    clearTimeout(this.#timer)
    if (this.#disposed) return
    const sinceLast = this.#deps.clock.monotonic() - this.#lastBegan
    const interval = Math.max(this.#deps.interval(), this.#deps.pace?.intervalMs ?? 0)
    const toWait = Math.max(0, interval - sinceLast)
    const toSign = this.#deps.sign?.interval() ?? Number.POSITIVE_INFINITY
    this.#timer =
      toSign < toWait
        ? setTimeout(() => this.#askSign(), toSign)
        : setTimeout(() => void this.#tick('timer'), toWait)
    this.#timer.unref()
  }

  async dispose(): Promise<void> {
    this.#disposed = true
    clearTimeout(this.#timer)
    await Promise.allSettled([this.#running?.done, this.#next])
  }

  #askSign(): void {
    const { pace, sign, report } = this.#deps
    let given = false
    try {
      given = sign?.given() === true
    } catch (error) {
      report(error)
    }
    if (given && (pace?.mayHurry ?? true)) void this.#tick('sign')
    else this.reschedule()
  }

  async #tick(reason: LookReason): Promise<void> {
    // A question is being answered already; the timer goes on when that is done.
    if (this.#running || this.#next) return
    try {
      await this.#begin(reason)
    } catch (error) {
      this.#deps.report(error)
    }
  }

  async #afterRunning(): Promise<void> {
    // Its error is its own askers'; the next look is another try.
    await this.#running?.done.catch(() => undefined)
    this.#next = undefined
    await this.#begin('question')
  }

  #begin(reason: LookReason): Promise<void> {
    const began = this.#deps.clock.monotonic()
    const done = this.#look(reason, began)
    this.#running = { began, done }
    return done
  }

  async #look(reason: LookReason, began: number): Promise<void> {
    try {
      const result = await this.#deps.look(reason)
      this.#lastBegan = began
      // What people ask for is theirs to spend; the pace answers for looks nobody asked for.
      if (reason !== 'question') this.#deps.pace?.note({ ...result, hurried: reason === 'sign' }, began)
    } finally {
      this.#running = undefined
      this.reschedule()
    }
  }
}
