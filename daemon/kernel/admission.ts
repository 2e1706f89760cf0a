/** So many calls of one connection may begin before one of them ends. */
const width = 4
/** One that runs longer than this, such as a stream, no longer keeps others from beginning. */
const longMs = 100

/**
 * Spreads a burst of calls over time. A peer can put a thousand questions into one packet and read none of the
 * answers; begun all at once, the answers would all lie in memory before the first sign that nobody reads.
 */
export class Admission {
  readonly #open: () => boolean
  readonly #waiting: (() => Promise<void>)[] = []
  #running = 0
  #timer: NodeJS.Timeout | undefined

  /** @param open - whether the peer has read enough for another call to begin. */
  constructor(open: () => boolean) {
    this.#open = open
  }

  /** Begins the work now, or in its turn. It must not reject. */
  admit(work: () => Promise<void>): void {
    if (this.#running < width && this.#waiting.length === 0 && this.#open()) return this.#begin(work)
    this.#waiting.push(work)
    this.#timer ??= setTimeout(() => this.#overdue(), longMs).unref()
  }

  /** Begins what may begin by now. */
  pump(): void {
    while (this.#running < width && this.#waiting.length > 0 && this.#open()) {
      const work = this.#waiting.shift()
      if (work !== undefined) this.#begin(work)
    }
  }

  /** Forgets what has not begun. */
  clear(): void {
    clearTimeout(this.#timer)
    this.#waiting.length = 0
  }

  #begin(work: () => Promise<void>): void {
    this.#running++
    void work().then(this.#ended)
  }

  readonly #ended = (): void => {
    this.#running--
    this.pump()
  }

  /** Nothing ended for a while: what runs is long work, and the next ones may begin beside it. */
  #overdue(): void {
    this.#timer = undefined
    if (this.#waiting.length === 0) return
    if (this.#open()) {
      for (const work of this.#waiting.splice(0, width)) this.#begin(work)
    }
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#overdue(), longMs).unref()
  }
}
