import type { Clock } from '#base/clock.ts'

/** Wrong logins that are free; from then on each doubles the wait. */
const free = 5
const firstWaitMs = 1000
const longestWaitMs = 60_000
/** Forgotten after this long without a wrong login. */
const memoryMs = 15 * 60_000
const mostRemembered = 10_000

/**
 * Slows down whoever guesses tokens, by address. Only wrong tokens are slowed: one address may stand for a whole
 * office, and whoever guesses in it must not be able to lock the others out.
 */
export class LoginThrottle {
  readonly #clock: Clock
  readonly #failures = new Map<string, { count: number; last: number; unrecorded: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Counts a wrong login.
   * @returns milliseconds this address has to wait, or 0 when this one is to be answered and recorded; then with
   * how many went unrecorded before it.
   */
  wrong(address: string): { readonly waitMs: number; readonly unrecorded: number } {
    const now = this.#clock.monotonic()
    const known = this.#failures.get(address)
    const entry =
      known === undefined || now - known.last > memoryMs ? { count: 0, last: now, unrecorded: 0 } : known
    const waitMs = entry.last + waitAfter(entry.count) - now
    if (waitMs > 0) {
      entry.unrecorded++
      return { waitMs: Math.ceil(waitMs), unrecorded: 0 }
    }
    // Deleted first, so that the map stays in order of the last failure and the oldest is in front.
    this.#failures.delete(address)
    this.#failures.set(address, { count: entry.count + 1, last: now, unrecorded: 0 })
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > mostRemembered && oldest !== undefined) this.#failures.delete(oldest)
    return { waitMs: 0, unrecorded: entry.unrecorded }
  }
}

const waitAfter = (count: number): number =>
  count < free ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** (count - free))
