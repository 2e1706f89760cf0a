/** What has a time, the earliest in front: a binary heap. An entry whose time changes is put in again. */
export class DueHeap<T> {
  readonly #items: { readonly due: number; readonly value: T }[] = []

  get size(): number {
    return this.#items.length
  }

  /** When the earliest is due; null when there is none. */
  get next(): number | null {
    return this.#items[0]?.due ?? null
  }

  push(due: number, value: T): void {
    const items = this.#items
    let at = items.push({ due, value }) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#due(parent) <= due) break
      this.#swap(at, parent)
      at = parent
    }
  }

  /** The earliest that is due at a time, with its time; it is taken out. */
  pop(now: number): { readonly due: number; readonly value: T } | null {
    const [first] = this.#items
    if (first === undefined || first.due > now) return null
    const last = this.#items.pop()
    if (last !== undefined && this.#items.length > 0) {
      this.#items[0] = last
      this.#sink(0)
    }
    return first
  }

  clear(): void {
    this.#items.length = 0
  }

  #sink(from: number): void {
    let at = from
    for (;;) {
      const left = 2 * at + 1
      const least = this.#due(left + 1) < this.#due(left) ? left + 1 : left
      if (this.#due(least) >= this.#due(at)) return
      this.#swap(at, least)
      at = least
    }
  }

  #due(at: number): number {
    return this.#items[at]?.due ?? Number.POSITIVE_INFINITY
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#items[a], this.#items[b]]
    if (one === undefined || other === undefined) return
    this.#items[a] = other
    this.#items[b] = one
  }
}
