import type { Clock } from '#base/clock.ts'
import type { Owned } from '#base/lifetime.ts'
import type { Change } from '../../kernel/execute.ts'
import type { HealthStore, StoredResult } from './health-store.ts'

/** Results wait so long for others to be written with, in milliseconds; or until there are so many. */
const waitMs = 10_000
const mostWaiting = 1000
/** Where they cannot be written, no more than these are kept for later. */
const mostKept = 10_000
/** What is old is looked for so often. */
const pruneMs = 10 * 60_000
/** Of so many a part is forgotten at once. */
const pruneEvery = 100_000

const usualRetention = { ageMs: 48 * 3_600_000, count: 1_000_000 } as const

interface ResultLogDeps {
  readonly store: HealthStore
  readonly clock: Clock
  readonly report: (error: unknown) => void
  /** The checks that are made now. */
  readonly wanted: () => readonly number[]
}

/** Writes results, many at once. */
export class ResultLog implements Owned {
  readonly #deps: ResultLogDeps
  #change: Change | null = null
  #waiting: StoredResult[] = []
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #prunedAt: number
  #sincePrune = 0
  #failed = false

  constructor(deps: ResultLogDeps) {
    this.#deps = deps
    this.#prunedAt = deps.clock.monotonic()
  }

  /** What results are written by, from now on. */
  use(change: Change): void {
    this.#change = change
  }

  add(result: StoredResult): void {
    if (this.#waiting.length >= mostKept) this.#waiting.shift()
    this.#waiting.push(result)
    if (this.#waiting.length >= mostWaiting && this.#waiting.length % mostWaiting === 0) void this.flush()
    this.#timer ??= setTimeout(() => void this.flush(), waitMs).unref()
  }

  /** Writes what waits. It never rejects: what could not be written waits on. */
  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    return (this.#writing = this.#writing.then(() => this.#write()))
  }

  async dispose(): Promise<void> {
    await this.flush()
    clearTimeout(this.#timer)
  }

  async #write(): Promise<void> {
    const change = this.#change
    const batch = this.#waiting
    if (change === null || batch.length === 0) return
    this.#waiting = []
    try {
      await this.#deps.store.addResults(change, batch)
      this.#failed = false
      this.#sincePrune += batch.length
      await this.#prune(change)
    } catch (error) {
      // Said once, and not with each batch.
      if (!this.#failed) this.#deps.report(error)
      this.#failed = true
      this.#waiting = [...batch, ...this.#waiting].slice(-mostKept)
    }
  }

  async #prune(change: Change): Promise<void> {
    const { store, clock, wanted } = this.#deps
    if (clock.monotonic() - this.#prunedAt < pruneMs && this.#sincePrune < pruneEvery) return
    this.#prunedAt = clock.monotonic()
    this.#sincePrune = 0
    await store.prune(change, clock.now(), usualRetention, wanted())
  }
}
