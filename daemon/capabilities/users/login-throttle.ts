import type { Clock } from '#base/clock.ts'

/** Wrong logins that are free; from then on each doubles the wait. */
const free = 5
const firstWaitMs = 1000
const longestWaitMs = 60_000
/** Forgotten after this long without a wrong login. */
const memoryMs = 15 * 60_000
const mostRemembered = 10_000

/** Slows down whoever guesses tokens, by address. */
export class LoginThrottle {
  readonly #clock: Clock
  readonly #failures = new Map<string, { count: number; last: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Milliseconds until this address may try again; 0 when it may now. */
  waitMs(address: string): number {
    const entry = this.#failures.get(address)
    if (entry === undefined || entry.count < free) return 0
    const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** (entry.count - free))
    return Math.max(0, Math.ceil(entry.last + wait - this.#clock.monotonic()))
  }

  failed(address: string): void {
    const now = this.#clock.monotonic()
    const entry = this.#failures.get(address)
    const count = entry === undefined || now - entry.last > memoryMs ? 1 : entry.count + 1
    // Deleted first, so that the map stays in order of the last failure and the oldest is in front.
    this.#failures.delete(address)
    this.#failures.set(address, { count, last: now })
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > mostRemembered && oldest !== undefined) this.#failures.delete(oldest)
  }

  succeeded(address: string): void {
    this.#failures.delete(address)
  }
}
