import type { Clock } from '#base/clock.ts'

/** The wall clock went so much further than the monotonic one, which stands still while a machine sleeps. */
const aheadMs = 5000
/** Nobody looked for so long although somebody was to look each second: the process itself was held up. */
const gapMs = 15_000

/** Sees that the machine slept, or that this process did, by its clocks. A clock that is put back is no sleep. */
export class SleepWatch {
  readonly #clock: Clock
  #now: number
  #monotonic: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#now = clock.now()
    this.#monotonic = clock.monotonic()
  }

  /** From now on; what was before counts no longer. */
  begin(): void {
    this.look()
  }

  /** Whether it slept since the last look. */
  look(): boolean {
    const [now, monotonic] = [this.#clock.now(), this.#clock.monotonic()]
    const gap = monotonic - this.#monotonic
    const ahead = now - this.#now - gap
    this.#now = now
    this.#monotonic = monotonic
    return ahead > aheadMs || gap > gapMs
  }
}
