import { h, setAttribute } from '../ui/dom.ts'
import { Keyed } from '../ui/keyed.ts'
import type { Row } from './messages.ts'
import { drawRow, makeRow, setReachable, type RowOptions } from './row.ts'

/** Rows that one goes through with the arrow keys. Tab reaches one of them, and from there what can be done with it. */
export class RowList {
  readonly element: HTMLElement
  readonly #options: RowOptions
  readonly #rows: Keyed<Row, HTMLElement>
  #shown: readonly Row[] = []
  #current: string | null = null

  constructor(options: RowOptions) {
    this.#options = options
    this.element = h('ul', { class: 'rows' })
    this.#rows = new Keyed(this.element, {
      key: ({ key }) => key,
      make: makeRow,
      update: (element, row) => drawRow(element, row, options),
    })
    this.element.addEventListener('keydown', (event) => this.#pressed(event))
    this.element.addEventListener('focusin', ({ target }) => this.#focused(target))
  }

  /** @param label - what a screen reader says that this is. @param again - also what is as it was, for times. */
  draw(rows: readonly Row[], label: string, again: boolean): void {
    const before = this.#index
    const hadFocus = this.element.contains(document.activeElement)
    this.#shown = rows
    this.#rows.draw(rows, again)
    setAttribute(this.element, 'aria-label', label)
    if (this.#index >= 0 && !hadFocus) return
    // Who stood on a row that is gone stands on the one that took its place.
    if (this.#index < 0) this.#choose(Math.min(Math.max(before, 0), rows.length - 1))
    if (hadFocus && !this.element.contains(document.activeElement)) this.focus()
  }

  focus(): void {
    if (this.#current !== null) this.#rows.get(this.#current)?.focus()
  }

  get #index(): number {
    return this.#shown.findIndex(({ key }) => key === this.#current)
  }

  #choose(index: number): void {
    const before = this.#current === null ? undefined : this.#rows.get(this.#current)
    if (before !== undefined) setReachable(before, false)
    this.#current = this.#shown[index]?.key ?? null
    const now = this.#current === null ? undefined : this.#rows.get(this.#current)
    if (now !== undefined) setReachable(now, true)
  }

  #focused(target: EventTarget | null): void {
    const row = target instanceof Element ? target.closest('.row') : null
    const index = this.#shown.findIndex(({ key }) => key === row?.getAttribute('data-key'))
    if (index >= 0 && index !== this.#index) this.#choose(index)
  }

  #pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return
    const index = this.#index
    const last = this.#shown.length - 1
    const to: Readonly<Record<string, number>> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + 10,
      PageUp: index - 10,
      Home: 0,
      End: last,
    }
    const next = to[event.key]
    if (next !== undefined) {
      event.preventDefault()
      this.#choose(Math.min(Math.max(next, 0), last))
      this.focus()
    } else if (event.key === 'Enter' && event.target instanceof Element && event.target.matches('.row')) {
      // Where it leads may be a button, which the same key would press.
      event.preventDefault()
      const [lead] = this.#shown[index]?.leads ?? []
      if (this.#current !== null && lead !== undefined)
        this.#options.follow(this.#options.card, this.#current, lead)
    }
  }
}
