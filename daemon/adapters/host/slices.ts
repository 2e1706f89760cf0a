import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ScanCost } from './host.ts'

/** The longest a scan keeps the event loop from everybody else, in milliseconds. */
const sliceMs = 5

/**
 * Cuts a long synchronous scan into slices and adds up what they cost, leaving out what others did between. Reading
 * /proc never waits, so the time a slice took is CPU time, or more where the machine is busy. getrusage(2) would be
 * less true: the kernel brings it up to date at its ticks, and a scan of half a millisecond mostly falls between them.
 */
export class Slices {
  #spentMs = 0
  #startedAt = performance.now()

  /** Whether this slice was long enough; then await {@link pause}. */
  get due(): boolean {
    return performance.now() - this.#startedAt >= sliceMs
  }

  /** Lets the event loop turn once. */
  pause(): Promise<void> {
    return this.outside(nextTurn())
  }

  /** Waits for what is not this scan's work on this thread. */
  async outside<T>(work: Promise<T>): Promise<T> {
    this.#spentMs += performance.now() - this.#startedAt
    try {
      return await work
    } finally {
      this.#startedAt = performance.now()
    }
  }

  /** Adds what another process spent for this scan. */
  charge(milliseconds: number): void {
    this.#spentMs += milliseconds
  }

  /** What it cost so far. */
  cost(): ScanCost {
    return { cpuMs: this.#spentMs + performance.now() - this.#startedAt }
  }
}
