import type { LogHistogram, LogSourceRow } from '#contract/logs.ts'
import { Refusal, type Host } from './host.ts'
import type { PageFilter } from './view.ts'

/** Bars of the histogram. */
const buckets = 120
/** While lines arrive it is asked for at most this often, in milliseconds. */
const pauseMs = 2000

/** Who is told. */
export interface OverviewListener {
  readonly histogram: (histogram: LogHistogram | null) => void
  readonly sources: (rows: readonly LogSourceRow[]) => void
}

/** What is known of all that matches, beside the lines themselves: when it was, how much, and from where. */
export class Overview {
  readonly #host: Host
  readonly #listener: OverviewListener
  #filter: PageFilter = {}
  #stop = new AbortController()
  #timer: number | undefined
  #histogram: LogHistogram | null = null
  #sources: readonly LogSourceRow[] = []
  /** Lines that came since it was counted. */
  #arrived = 0

  constructor(host: Host, listener: OverviewListener) {
    this.#host = host
    this.#listener = listener
  }

  /** How many match; null while it is not known. */
  get total(): number | null {
    return this.#histogram === null ? null : this.#histogram.total + this.#arrived
  }
  get sources(): readonly LogSourceRow[] {
    return this.#sources
  }

  /** Looks at something else from now on. */
  begin(filter: PageFilter): void {
    this.#stop.abort()
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#stop = new AbortController()
    this.#filter = filter
    this.#histogram = null
    this.#arrived = 0
    void this.#ask(this.#stop.signal)
  }

  /** Nothing is known any more. */
  forget(): void {
    this.#stop.abort()
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#histogram = null
    this.#arrived = 0
    this.#listener.histogram(null)
  }

  /** Lines have arrived. */
  grew(lines: number): void {
    this.#arrived += lines
    if (this.#timer !== undefined) return
    const { signal } = this.#stop
    this.#timer = setTimeout(() => void this.#ask(signal).finally(() => (this.#timer = undefined)), pauseMs)
  }

  async #ask(signal: AbortSignal): Promise<void> {
    try {
      const [histogram, sources] = await Promise.all([
        this.#host.ask('histogram', { filter: this.#filter, buckets }, signal),
        this.#host.ask('sources', {}, signal),
      ])
      if (signal.aborted) return
      this.#histogram = histogram
      this.#arrived = 0
      this.#sources = sources
      this.#listener.sources(sources)
      this.#listener.histogram(histogram)
    } catch (error) {
      // Why nothing is found the list says already; a picture that is out of date would be wrong.
      if (error instanceof Refusal && !signal.aborted) this.#listener.histogram(null)
    }
  }
}
