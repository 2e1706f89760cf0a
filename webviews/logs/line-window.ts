import type { LogLine } from '#contract/logs.ts'

/** A row of the list: a record, or the place where records are missing. */
export type Item =
  | { readonly kind: 'line'; readonly line: LogLine }
  /** So many lines came too fast to be drawn; `before` continues with them. */
  | { readonly kind: 'gap'; readonly count: number; readonly before: string | null }

/** Lines as they come: a page of a search, or a batch of what has arrived. */
export interface Lines {
  readonly lines: readonly LogLine[]
  readonly older: string | null
  readonly newer: string
}

interface Chunk {
  size: number
  older: string | null
  newer: string
}

/** Small batches become one chunk up to so many. */
const chunkSize = 500

/**
 * The part of a log that is in memory: never more than so many rows, in whole chunks, so that its ends have a cursor to
 * go on from. A row keeps its number for as long as it is there.
 */
export class LineWindow {
  readonly #most: number
  #items: Item[] = []
  #chunks: Chunk[] = []
  #first = 0
  #missing = 0
  #gaps = 0
  /** What nothing was found after; for as long as there are no chunks. */
  #empty: { readonly older: string | null; readonly newer: string | null } = { older: null, newer: null }

  constructor(most: number) {
    this.#most = most
  }

  get count(): number {
    return this.#items.length
  }

  /** Lines that came too fast, for which rows of their own are missing. */
  get missing(): number {
    return this.#missing
  }

  /** Rows that are lines. */
  get lines(): number {
    return this.#items.length - this.#gaps
  }

  /** The number of the first row. */
  get first(): number {
    return this.#first
  }

  /** What goes on before the first row; null when nothing is left there. */
  get older(): string | null {
    return (this.#chunks[0] ?? this.#empty).older
  }

  /** What goes on after the last row; null before anything was asked. */
  get newer(): string | null {
    return (this.#chunks.at(-1) ?? this.#empty).newer
  }

  at(number: number): Item | undefined {
    return this.#items[number - this.#first]
  }

  has(number: number): boolean {
    return number >= this.#first && number < this.#first + this.#items.length
  }

  /** The number of the row that shows a record. */
  numberOf(id: string): number | null {
    const index = this.#items.findIndex((item) => item.kind === 'line' && item.line.id === id)
    return index === -1 ? null : this.#first + index
  }

  /** Forgets everything. */
  reset(): void {
    this.#items = []
    this.#chunks = []
    this.#first = this.#missing = this.#gaps = 0
    this.#empty = { older: null, newer: null }
  }

  /** Begins behind a cursor, with nothing before it. */
  startAfter(newer: string): void {
    this.reset()
    this.#empty = { older: null, newer }
  }

  /** Puts what is older in front. What is then too much goes from the end. @returns whether anything went. */
  prepend({ lines, older, newer }: Lines): boolean {
    const [first] = this.#chunks
    if (lines.length === 0) {
      // A page may have nothing and still go on.
      if (first !== undefined) first.older = older
      else this.#empty = { older, newer: this.#empty.newer ?? newer }
      return false
    }
    const after = first === undefined ? (this.#empty.newer ?? newer) : newer
    this.#items = [...lines.map(asItem), ...this.#items]
    this.#first -= lines.length
    this.#chunks.unshift({ size: lines.length, older, newer: after })
    return this.#dropFrom('end')
  }

  /** Puts what is newer behind. What is then too much goes from the front. @returns whether anything went. */
  append({ lines, older, newer }: Lines, skipped = 0): boolean {
    const last = this.#chunks.at(-1)
    const gap: Item[] = skipped === 0 ? [] : [{ kind: 'gap', count: skipped, before: older }]
    const size = lines.length + gap.length
    if (size === 0) {
      if (last !== undefined) last.newer = newer
      else this.#empty = { older: this.#empty.older, newer }
      return false
    }
    for (const item of gap) this.#items.push(item)
    this.#missing += skipped
    this.#gaps += gap.length
    for (const line of lines) this.#items.push(asItem(line))
    if (last !== undefined && last.size + size <= chunkSize) {
      last.size += size
      last.newer = newer
    } else
      this.#chunks.push({
        size,
        older: last === undefined && skipped === 0 ? this.#empty.older : older,
        newer,
      })
    return this.#dropFrom('front')
  }

  #dropFrom(end: 'front' | 'end'): boolean {
    let dropped = false
    while (this.#items.length > this.#most && this.#chunks.length > 1) {
      const chunk = end === 'front' ? this.#chunks.shift() : this.#chunks.pop()
      const size = chunk?.size ?? 0
      const gone =
        end === 'front' ? this.#items.splice(0, size) : this.#items.splice(this.#items.length - size)
      if (end === 'front') this.#first += size
      for (const item of gone)
        if (item.kind === 'gap') {
          this.#missing -= item.count
          this.#gaps -= 1
        }
      dropped = true
    }
    return dropped
  }
}

const asItem = (line: LogLine): Item => ({ kind: 'line', line })
