import type { Clock } from '#base/clock.ts'
import type { Owned } from '#base/lifetime.ts'
import { DueHeap } from './due-heap.ts'
import { Lanes } from './lanes.ts'
import { SleepWatch } from './sleep-watch.ts'

/** Something that is done again and again. */
export interface Recurring {
  readonly key: string
  /** Whom it is asked of; so many of one lane are made at once. */
  readonly lane: string
  readonly most: number
  readonly intervalMs: number
  /** Each time waits a random time of at most this. */
  readonly jitterMs: number
}

export interface CheckRunnerDeps {
  readonly clock: Clock
  /** A number in [0, 1). */
  readonly random: () => number
  /** Does one; it never rejects. */
  readonly run: (key: string) => Promise<void>
  /** Told when the machine was found to have slept, before anything is done. */
  readonly slept: () => void
}

interface Entry {
  of: Recurring
  /** When it would be due without its jitter: a place on a grid of intervals. */
  base: number
  /** What is in the heap counts only for this. */
  due: number
  state: 'idle' | 'queued' | 'running'
  /** Asked for while it ran. */
  again: boolean
  gone: boolean
  /** Of whoever asked before it began. */
  waiting: (() => void)[]
}

/** At least so often the clocks are looked at. */
const lookMs = 5000
/** So many milliseconds for each of those that are new are spread over; one alone comes at once. */
const spreadMs = 2
const leastSpreadMs = 500
/** A network takes a moment to be there again. */
const settleMs = 3000

/**
 * Does thousands of things, each at its interval, spread over it. One timer for all, by the monotonic clock. What is not
 * done when its next time comes is not done twice: it never piles up.
 */
export class CheckRunner implements Owned {
  readonly #deps: CheckRunnerDeps
  readonly #entries = new Map<string, Entry>()
  readonly #heap = new DueHeap<Entry>()
  readonly #lanes: Lanes<Entry>
  readonly #sleep: SleepWatch
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(deps: CheckRunnerDeps) {
    this.#deps = deps
    this.#sleep = new SleepWatch(deps.clock)
    this.#lanes = new Lanes(
      ({ of }) => of,
      (entry) => this.#run(entry),
    )
  }

  /** What is done from now on, and nothing else. What stays keeps its times. */
  set(wanted: readonly Recurring[]): void {
    const keys = new Set(wanted.map(({ key }) => key))
    for (const [key, entry] of this.#entries) if (!keys.has(key)) this.#remove(key, entry)
    if (this.#entries.size === 0) this.#sleep.begin()
    const fresh = wanted.filter(({ key, intervalMs }) => this.#entries.get(key)?.of.intervalMs !== intervalMs)
    for (const of of wanted) {
      const entry = this.#entries.get(of.key)
      if (entry !== undefined && entry.of.intervalMs === of.intervalMs) entry.of = of
    }
    for (const of of fresh) {
      const known = this.#entries.get(of.key)
      const entry: Entry = known ?? {
        of,
        base: 0,
        due: 0,
        state: 'idle',
        again: false,
        gone: false,
        waiting: [],
      }
      entry.of = of
      this.#entries.set(of.key, entry)
      this.#place(entry, this.#spread(of, fresh.length))
    }
    this.#schedule()
  }

  /** Does it at once, unless it is under way. */
  soon(key: string): void {
    const entry = this.#entries.get(key)
    if (entry !== undefined) this.#enter(entry)
  }

  /** Does it at once; settles when one is done that began after this call. */
  now(key: string): Promise<void> {
    const entry = this.#entries.get(key)
    if (entry === undefined) return Promise.resolve()
    const done = new Promise<void>((resolve) => entry.waiting.push(resolve))
    this.#enter(entry)
    return done
  }

  /** Looks at the clocks, so that nothing is believed that was begun before a sleep. */
  look(): void {
    if (!this.#sleep.look()) return
    this.#deps.slept()
    this.#heap.clear()
    const { size } = this.#entries
    for (const entry of this.#entries.values()) this.#place(entry, settleMs + this.#spread(entry.of, size))
  }

  dispose(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const [key, entry] of this.#entries) this.#remove(key, entry)
  }

  #remove(key: string, entry: Entry): void {
    entry.gone = true
    this.#entries.delete(key)
    for (const resolve of entry.waiting.splice(0)) resolve()
  }

  #spread({ intervalMs }: Recurring, many: number): number {
    return (
      this.#deps.random() * Math.min(intervalMs, Math.max(many === 1 ? 0 : leastSpreadMs, many * spreadMs))
    )
  }

  #place(entry: Entry, inMs: number): void {
    entry.base = this.#deps.clock.monotonic() + inMs
    this.#push(entry, entry.base)
  }

  #push(entry: Entry, due: number): void {
    entry.due = due
    this.#heap.push(due, entry)
  }

  #enter(entry: Entry): void {
    if (entry.state === 'running') entry.again = entry.waiting.length > 0
    if (entry.state !== 'idle') return
    entry.state = 'queued'
    this.#lanes.enter(entry)
  }

  async #run(entry: Entry): Promise<void> {
    const asked = entry.waiting.splice(0)
    if (!entry.gone) {
      entry.state = 'running'
      await this.#deps.run(entry.of.key)
    }
    entry.state = 'idle'
    for (const resolve of asked) resolve()
    if (entry.again && !entry.gone) {
      entry.again = false
      this.#enter(entry)
    }
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    const { next } = this.#heap
    if (this.#closed || next === null) return
    const wait = Math.min(lookMs, Math.max(1, Math.ceil(next - this.#deps.clock.monotonic())))
    this.#timer = setTimeout(() => this.#tick(), wait)
    this.#timer.unref()
  }

  #tick(): void {
    this.look()
    const now = this.#deps.clock.monotonic()
    for (let due = this.#heap.pop(now); due !== null; due = this.#heap.pop(now)) {
      const entry = due.value
      // It was put in again meanwhile, or nobody wants it any more.
      if (entry.gone || entry.due !== due.due) continue
      this.#enter(entry)
      const { intervalMs, jitterMs } = entry.of
      entry.base += intervalMs * (1 + Math.max(0, Math.floor((now - entry.base) / intervalMs)))
      this.#push(entry, entry.base + this.#deps.random() * Math.min(jitterMs, intervalMs))
    }
    this.#schedule()
  }
}
