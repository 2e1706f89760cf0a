export interface KeyedOptions<T, E extends Element> {
  readonly key: (item: T) => string
  readonly make: (item: T) => E
  /** Called for each item that is not as it was, and once after it was made. */
  readonly update: (element: E, item: T) => void
}

/** The children of an element, one for each item: a child stays for as long as there is its key, and with it the focus. */
export class Keyed<T, E extends Element> {
  readonly #parent: Element
  readonly #options: KeyedOptions<T, E>
  readonly #children = new Map<string, { readonly element: E; look: string }>()

  constructor(parent: Element, options: KeyedOptions<T, E>) {
    this.#parent = parent
    this.#options = options
  }

  /** The element of a key, while there is one. */
  get(key: string): E | undefined {
    return this.#children.get(key)?.element
  }

  /** Draws items in their order. @param again - also those that are as they were. */
  draw(items: readonly T[], again = false): void {
    const { key, make, update } = this.#options
    const wanted = new Set(items.map(key))
    for (const [name, { element }] of this.#children)
      if (!wanted.has(name)) {
        element.remove()
        this.#children.delete(name)
      }
    let next = this.#parent.firstElementChild
    for (const item of items) {
      const name = key(item)
      const look = JSON.stringify(item)
      const child = this.#children.get(name) ?? { element: make(item), look: '' }
      this.#children.set(name, child)
      if (again || child.look !== look) update(child.element, item)
      child.look = look
      // What stands where it should is not touched: moving it would take the focus from it.
      if (child.element === next) next = next.nextElementSibling
      else this.#parent.insertBefore(child.element, next)
    }
  }
}
