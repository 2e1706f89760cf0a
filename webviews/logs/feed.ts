import { mostLogLines } from '#contract/log-words.ts'
import { Refusal, type Host, type Kept } from './host.ts'
import { LineWindow } from './line-window.ts'
import type { Batch } from './messages.ts'
import type { PageFilter } from './view.ts'

/** Rows that are kept in memory. */
const mostRows = 20_000
/** Rows of a page. */
const pageRows = mostLogLines
/** So many rows are looked for before a search rests. */
const firstRows = 200

/** What the list has to know of a change. */
export interface FeedListener {
  /** Rows came or went. `added` is how many came behind the last one. */
  rows(added: number): void
  /** Something else is to be said: what is under way, what waits, what went wrong. */
  state(): void
  /** A record that was wanted is there. */
  found(id: string): void
}

/** The lines of a log as the page has them: from a search, older ones as they are wanted, new ones as they arrive. */
export class Feed {
  readonly window = new LineWindow(mostRows)
  readonly #host: Host
  readonly #listener: FeedListener
  #filter: PageFilter = {}
  #stop = new AbortController()
  #tail = 0
  #loading: 'older' | 'newer' | null = null
  /** What is loaded further just now. */
  #further: Promise<void> | null = null
  /** Lines arrived that the window does not hold, because it ends before them. */
  #waiting = 0
  #detached = false
  #paused = false
  #cleared = false
  #stopped = false
  #failure: Refusal | null = null
  #lookedBack: string | null = null

  constructor(host: Host, listener: FeedListener) {
    this.#host = host
    this.#listener = listener
  }

  get loading(): 'older' | 'newer' | null {
    return this.#loading
  }
  /** How many lines arrived behind the window's end. */
  get waiting(): number {
    return this.#waiting
  }
  /** Whether the window ends before the newest line. */
  get detached(): boolean {
    return this.#detached
  }
  get paused(): boolean {
    return this.#paused
  }
  get cleared(): boolean {
    return this.#cleared
  }
  /** Whether the person stopped a search that had not found enough. */
  get stopped(): boolean {
    return this.#stopped
  }
  get failure(): Refusal | null {
    return this.#failure
  }
  /** How far back was looked, while there may be more. */
  get lookedBack(): string | null {
    return this.#lookedBack
  }

  /** Begins anew: the newest of what matches, or the lines at a place where somebody was. */
  async start(filter: PageFilter, place: Kept['place'] = null): Promise<void> {
    this.#begin(filter)
    const { signal } = this.#stop
    if (place === null || !(await this.#startAt(place))) await this.#loadOlder(null)
    if (!signal.aborted) this.#follow()
  }

  /** Shows nothing of what was asked for. */
  forget(): void {
    this.#begin(this.#filter)
  }

  /** Shows the lines that a gap stands for, from the newest of them back. */
  async showBefore(before: string): Promise<void> {
    this.#begin(this.#filter)
    const { signal } = this.#stop
    this.#detached = true
    await this.#loadOlder(before)
    if (!signal.aborted) this.#follow()
  }

  /** Goes on towards the oldest line. */
  older(): Promise<void> {
    const { older } = this.window
    if (older === null || this.#loading !== null || this.#cleared) return Promise.resolve()
    this.#stopped = false
    return this.#go(this.#loadOlder(older))
  }

  /** Goes on towards the newest line, when the window ends before it. */
  newer(): Promise<void> {
    const after = this.window.newer
    if (!this.#detached || after === null || this.#loading !== null) return Promise.resolve()
    return this.#go(this.#loadNewer(after))
  }

  /** Loads more on one side. @returns whether there may be more now that was not there before. */
  async further(step: 1 | -1): Promise<boolean> {
    const { signal } = this.#stop
    const at = () => (step < 0 ? this.window.older : this.window.newer)
    const before = at()
    await (this.#further ?? (step < 0 ? this.older() : this.newer()))
    return !signal.aborted && at() !== before && !this.#stopped && this.#failure === null
  }

  async #go(loading: Promise<void>): Promise<void> {
    this.#further = loading
    await loading
    if (this.#further === loading) this.#further = null
  }

  /**
   * Loads what stands around a record that was seen once, however much came since. @returns whether it is still there.
   */
  async #startAt({ id, time }: NonNullable<Kept['place']>): Promise<boolean> {
    const { signal } = this.#stop
    this.#set('older')
    try {
      const upTo = { filter: { ...this.#filter, until: time }, limit: 1 }
      const { older } = await this.#host.ask('search', upTo, signal)
      if (older === null) return false
      this.#detached = true
      await this.#loadOlder(older)
      if (signal.aborted) return true
      this.#loading = null
      await this.newer()
      if (signal.aborted) return true
      if (this.window.numberOf(id) !== null) this.#listener.found(id)
      else if (this.#failure === null) {
        this.window.reset()
        this.#detached = false
        return false
      }
    } catch (error) {
      this.#failed(error, signal)
    }
    return true
  }

  async #loadNewer(after: string): Promise<void> {
    const { signal } = this.#stop
    this.#set('newer')
    try {
      const question = { filter: this.#filter, after, limit: pageRows }
      const page = await this.#host.ask('search', question, signal)
      this.window.append(page)
      // An end that did not move is the newest there is.
      if (page.lines.length === 0 && page.newer === after) {
        this.#detached = false
        this.#waiting = 0
        this.#follow()
      }
      this.#set(null)
      this.#listener.rows(0)
    } catch (error) {
      this.#failed(error, signal)
    }
  }

  /** Stops a search that looks further and further back. */
  stopLooking(): void {
    this.#stopped = true
    this.#listener.state()
  }

  /** Takes what has arrived. @param append - whether the window may go on at its end, and lose its begin. */
  take(batch: Batch, append: boolean): void {
    if (batch.tail !== this.#tail || this.#paused) return
    const count = batch.lines.length + batch.skipped
    const isFull = this.window.count + batch.lines.length > mostRows
    if (!append && isFull) this.#detached = true
    if (this.#detached) {
      this.#waiting += count
      this.#listener.state()
    } else {
      this.window.append(batch, batch.skipped)
      this.#listener.rows(count)
    }
  }

  /** Tells the extension that there is room for the next batch. */
  drawn(): void {
    if (!this.#paused) this.#host.send({ type: 'drawn', tail: this.#tail })
  }

  setPaused(paused: boolean): void {
    this.#paused = paused
    if (paused) this.#host.send({ type: 'rest' })
    else this.#follow()
    this.#listener.state()
  }

  /** Shows only what arrives from now on. Nothing is deleted. */
  clear(): void {
    const { newer } = this.window
    if (newer === null) return
    this.#stop.abort()
    this.#stop = new AbortController()
    this.#loading = null
    this.#cleared = true
    this.#lookedBack = null
    // The window may end before the newest line: what is to be hidden are those, too.
    if (this.#detached) void this.#clearToNewest()
    else {
      this.window.startAfter(newer)
      this.#listener.rows(0)
    }
  }

  async #clearToNewest(): Promise<void> {
    const { signal } = this.#stop
    try {
      const page = await this.#host.ask('search', { filter: this.#filter, limit: 1 }, signal)
      this.#detached = false
      this.#waiting = 0
      this.window.startAfter(page.newer)
      this.#listener.rows(0)
      this.#follow()
    } catch (error) {
      this.#failed(error, signal)
    }
  }

  #begin(filter: PageFilter): void {
    this.#stop.abort()
    this.#stop = new AbortController()
    this.#host.send({ type: 'rest' })
    this.#filter = filter
    this.#tail += 1
    this.#loading = null
    this.#waiting = 0
    this.#cleared = this.#stopped = this.#detached = false
    this.#failure = null
    this.#lookedBack = null
    this.window.reset()
    this.#listener.rows(0)
  }

  async #loadOlder(from: string | null): Promise<void> {
    const { signal } = this.#stop
    this.#set('older')
    try {
      let before = from
      const wanted = this.window.count + firstRows
      do {
        const question = { filter: this.#filter, limit: from === null ? firstRows * 2 : pageRows }
        const page = await this.#host.ask(
          'search',
          before === null ? question : { ...question, before },
          signal,
        )
        if (signal.aborted) return
        before = page.older
        if (this.window.prepend(page)) this.#detached = true
        this.#lookedBack = page.older === null ? null : (page.searchedTo ?? null)
        this.#listener.rows(0)
      } while (before !== null && this.window.count < wanted && !this.#stopped)
      this.#set(null)
    } catch (error) {
      this.#failed(error, signal)
    }
  }

  #follow(): void {
    // What lies between the window's end and the newest line is not new.
    if (this.#detached) void this.#followNewest()
    else this.#tailAfter(this.window.newer)
  }

  async #followNewest(): Promise<void> {
    const { signal } = this.#stop
    try {
      const page = await this.#host.ask('search', { filter: this.#filter, limit: 1 }, signal)
      if (this.#detached) this.#tailAfter(page.newer)
    } catch (error) {
      this.#failed(error, signal)
    }
  }

  #tailAfter(after: string | null): void {
    if (this.#paused || after === null) return
    this.#tail += 1
    this.#host.send({ type: 'tail', tail: this.#tail, filter: this.#filter, after })
  }

  #set(loading: 'older' | 'newer' | null): void {
    this.#loading = loading
    if (loading !== null) this.#failure = null
    this.#listener.state()
  }

  #failed(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return
    this.#failure = error instanceof Refusal ? error : new Refusal('internal', String(error))
    this.#set(null)
  }
}
