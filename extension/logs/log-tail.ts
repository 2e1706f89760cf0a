import type { LogLine, LogPage } from '#contract/logs.ts'
import { mostLogLines } from '#contract/log-words.ts'

/** What has arrived since the last batch. */
export interface TailBatch {
  readonly lines: readonly LogLine[]
  /** Continues with what came before them. */
  readonly older: string | null
  readonly newer: string
  /** How many came before them and are left out. */
  readonly skipped: number
}

export interface LogTailDeps {
  /** What comes after a cursor. */
  readonly search: (after: string, limit: number) => Promise<LogPage>
  /** Shows a batch; until it settles there is none. */
  readonly show: (batch: TailBatch) => Promise<void>
  readonly failed: (error: unknown) => void
}

/** A batch shows no more pages than these; what came before is counted. */
const mostPages = 2
/** So long is read before what is there is shown, in milliseconds: a log that is written faster than it is read has no end. */
const mostMs = 250

/** Reads what arrives in a log, a batch at a time, as fast as it can be shown. */
export class LogTail {
  readonly #deps: LogTailDeps
  #after: string
  #reading = false
  #again = false
  #stopped = false

  constructor(after: string, deps: LogTailDeps) {
    this.#after = after
    this.#deps = deps
  }

  /** There may be more. */
  poke(): void {
    this.#again = true
    if (!this.#reading && !this.#stopped) void this.#read()
  }

  stop(): void {
    this.#stopped = true
  }

  async #read(): Promise<void> {
    this.#reading = true
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false
        const batch = await this.#drain()
        if (batch !== null && !this.#stopped) await this.#deps.show(batch)
      }
    } catch (error) {
      if (!this.#stopped) this.#deps.failed(error)
    } finally {
      this.#reading = false
    }
  }

  async #drain(): Promise<TailBatch | null> {
    const pages: LogPage[] = []
    let skipped = 0
    const deadline = performance.now() + mostMs
    while (!this.#stopped) {
      const page = await this.#deps.search(this.#after, mostLogLines)
      const moved = page.newer !== this.#after
      this.#after = page.newer
      if (page.lines.length > 0) pages.push(page)
      if (pages.length > mostPages) skipped += pages.shift()?.lines.length ?? 0
      if (!moved) break
      // A page that is not full may be the end, or not: the next one says so.
      if (performance.now() >= deadline) {
        this.#again = true
        break
      }
    }
    const [first] = pages
    if (first === undefined) return null
    return {
      lines: pages.flatMap(({ lines }) => lines),
      older: first.older,
      newer: this.#after,
      skipped,
    }
  }
}
