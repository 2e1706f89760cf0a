/** What an open row takes beyond the height of all rows. */
export interface Extra {
  readonly index: number
  readonly height: number
}

/** Where rows stand: all of one height, but for a few that are open. */
export class Layout {
  readonly count: number
  readonly #row: number
  readonly #extras: readonly Extra[]

  /** @param extras - in any order; those of rows that are not there do not count. */
  constructor(count: number, row: number, extras: readonly Extra[]) {
    this.count = count
    this.#row = row
    this.#extras = extras
      .filter(({ index }) => index >= 0 && index < count)
      .toSorted((a, b) => a.index - b.index)
  }

  /** The height of all of them. */
  get height(): number {
    return this.#extras.reduce((sum, { height }) => sum + height, this.count * this.#row)
  }

  /** Where a row begins. */
  topOf(index: number): number {
    let top = index * this.#row
    for (const extra of this.#extras) {
      if (extra.index >= index) break
      top += extra.height
    }
    return top
  }

  /** Where the row after it begins. */
  bottomOf(index: number): number {
    return this.topOf(index + 1)
  }

  /** The row at a height, within those that are there. */
  indexAt(y: number): number {
    let before = 0
    for (const { index, height } of this.#extras) {
      const top = index * this.#row + before
      if (y < top + this.#row) break
      if (y < top + this.#row + height) return index
      before += height
    }
    return Math.min(Math.max(Math.floor((y - before) / this.#row), 0), Math.max(this.count - 1, 0))
  }

  /** The rows to draw for a part of the list, and some around it; `last` is less than `first` when there are none. */
  visible(top: number, height: number, around: number): { readonly first: number; readonly last: number } {
    if (this.count === 0) return { first: 0, last: -1 }
    return {
      first: Math.max(this.indexAt(top) - around, 0),
      last: Math.min(this.indexAt(top + height) + around, this.count - 1),
    }
  }

  /** How far to scroll so that a row is seen whole, from a place; the place itself when it is seen already. */
  scrollFor(index: number, top: number, height: number): number {
    const [begin, end] = [this.topOf(index), this.topOf(index) + this.#row]
    if (begin < top) return begin
    return end > top + height ? end - height : top
  }
}
