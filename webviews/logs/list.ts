import { Detail, type DetailActions } from './detail.ts'
import { h, oncePerFrame, setAttribute, wordButton } from '../ui/dom.ts'
import type { Feed } from './feed.ts'
import type { Host } from './host.ts'
import { Layout } from './layout.ts'
import type { Item } from './line-window.ts'
import { cellsOf, spoken, type RowStyle } from './row.ts'

/** Rows that are drawn beyond what is seen, on either side. */
const around = 10
/** Rows before an end at which more is asked for. */
const ahead = 300

export interface ListDeps {
  readonly feed: Feed
  readonly host: Host
  readonly style: () => RowStyle
  readonly actions: DetailActions
  /** Whether it follows, and how much arrived meanwhile. */
  readonly changed: () => void
}

/** The rows of a log, of which only those that are seen are drawn. */
export class LogList {
  readonly element: HTMLElement
  readonly #deps: ListDeps
  readonly #rows = h('div', { class: 'rows', role: 'presentation' })
  readonly #drawn = new Map<number, HTMLElement>()
  readonly #open = new Map<number, { readonly detail: Detail; height: number }>()
  readonly #sizes: ResizeObserver
  readonly #render: () => void
  #layout = new Layout(0, 1, [])
  /** The number of the row that stands first in it: rows may have come or gone since. */
  #layoutFirst = 0
  #rowHeight = 22
  #selected: number | null = null
  #following = true
  #unseen = 0
  /** The row at the top, and how much of it is scrolled out. */
  #anchor = { number: 0, offset: 0 }
  #top = 0
  /** A batch that is to be on the screen before the next may come. */
  #owed = false
  /** The rows are others: the place that is seen has to be found again. */
  #moved = false
  /** The row that was opened last, until all of it was brought into view. */
  #opened: number | null = null

  constructor(deps: ListDeps) {
    this.#deps = deps
    this.element = h('div', { class: 'list', role: 'grid', tabindex: 0 }, this.#rows)
    this.#render = oncePerFrame(() => this.#draw())
    this.element.addEventListener('scroll', () => this.#scrolled(), { passive: true })
    this.element.addEventListener('click', (event) => this.#clicked(event))
    this.#sizes = new ResizeObserver((entries) => this.#resized(entries))
    this.#sizes.observe(this.element)
  }

  get following(): boolean {
    return this.#following
  }
  /** Lines that came since it stopped following. */
  get unseen(): number {
    return this.#unseen + this.#deps.feed.waiting
  }
  get selected(): number | null {
    return this.#selected
  }
  /** The number of the row at the top. */
  get topRow(): number {
    return this.#anchor.number
  }

  /** Rows came, went or are others. @param added - how many came behind the last one. */
  rowsChanged(added: number): void {
    if (added > 0) {
      this.#owed = true
      if (!this.#following) this.#unseen += added
    }
    const { window } = this.#deps.feed
    for (const [number, { detail }] of this.#open)
      if (!window.has(number)) {
        this.#sizes.unobserve(detail.element)
        this.#open.delete(number)
      }
    if (this.#selected !== null && !window.has(this.#selected)) this.#selected = null
    this.#moved = true
    this.#render()
  }

  /** Begins at the end of other lines. */
  restart(): void {
    for (const row of this.#drawn.values()) row.remove()
    this.#drawn.clear()
    this.#open.clear()
    this.#selected = null
    this.#following = true
    this.#unseen = 0
  }

  /** Draws all rows anew, for other words or another size. */
  redraw(): void {
    for (const row of this.#drawn.values()) row.remove()
    this.#drawn.clear()
    this.#moved = true
    this.#render()
  }

  /** The widest name of a source, so that messages begin below one another. */
  setSourceWidth(characters: number): void {
    this.element.style.setProperty('--source-width', `${Math.min(characters, 24)}ch`)
  }

  setFollowing(following: boolean): void {
    this.#following = following
    if (following) this.#unseen = 0
    this.#deps.changed()
    this.#render()
  }

  /** Selects a row and brings it into view. */
  select(number: number): void {
    const { window } = this.#deps.feed
    if (window.count === 0) return
    if (this.#moved) this.#draw()
    const last = window.first + window.count - 1
    this.#selected = Math.min(Math.max(number, window.first), last)
    if (this.#selected < last) this.#stopFollowing()
    const top = this.#layout.scrollFor(
      this.#selected - window.first,
      this.element.scrollTop,
      this.element.clientHeight,
    )
    if (top !== this.element.scrollTop) this.#scrollTo(top)
    this.#anchorHere()
    this.#render()
  }

  /** Shows a record in the middle, for whoever comes back to it. */
  reveal(number: number): void {
    this.#following = false
    this.#anchor = { number, offset: 0 }
    this.#moved = true
    // At once: a scrolling of before that is told of later would be taken for the person's.
    this.#draw()
    this.#deps.changed()
  }

  /** Moves the selection by rows; a page is what is seen. */
  move(rows: number): void {
    this.select(this.#startFor(rows) + rows)
  }

  get pageRows(): number {
    return Math.max(Math.floor(this.element.clientHeight / this.#rowHeight) - 1, 1)
  }

  /** Opens a record, or closes it. */
  toggle(number: number | null = this.#selected): void {
    if (number === null) return
    const item = this.#deps.feed.window.at(number)
    const open = this.#open.get(number)
    if (open !== undefined) {
      this.#sizes.unobserve(open.detail.element)
      this.#open.delete(number)
    } else if (item?.kind === 'line') {
      const { host, style, actions } = this.#deps
      const detail = new Detail({ line: item.line, style, host, actions })
      this.#open.set(number, { detail, height: 0 })
      this.#sizes.observe(detail.element)
      this.#stopFollowing()
      this.#opened = number
    } else if (item?.kind === 'gap' && item.before !== null) void this.#deps.feed.showBefore(item.before)
    this.#drawn.get(number)?.remove()
    this.#drawn.delete(number)
    this.#moved = true
    this.#render()
  }

  isOpen(number: number): boolean {
    return this.#open.has(number)
  }

  /** Selects the next row, which matches like all of them. @returns whether there is one. */
  findNext(step: 1 | -1): boolean {
    const number = this.#startFor(step) + step
    if (!this.#deps.feed.window.has(number)) return false
    this.select(number)
    return true
  }

  /** The row that is selected, else the one beyond what is seen on the side that a step comes from. */
  #startFor(step: number): number {
    if (this.#selected !== null) return this.#selected
    const { scrollTop, clientHeight } = this.element
    const first = this.#layoutFirst
    if (step > 0) return first + this.#layout.indexAt(scrollTop) - 1
    return first + this.#layout.indexAt(scrollTop + clientHeight - 1) + 1
  }

  #stopFollowing(): void {
    if (!this.#following) return
    this.#following = false
    this.#anchorHere()
    this.#deps.changed()
  }

  #scrolled(): void {
    const { scrollTop, clientHeight, scrollHeight } = this.element
    const atEnd = scrollTop + clientHeight >= scrollHeight - 2
    const moved = scrollTop - this.#top
    this.#top = scrollTop
    if (moved < -1 && !atEnd) this.#stopFollowing()
    if (moved > 1 && atEnd && !this.#following && !this.#deps.feed.detached) this.setFollowing(true)
    if (!this.#following) this.#anchorHere()
    this.#render()
  }

  #anchorHere(): void {
    const index = this.#layout.indexAt(this.element.scrollTop)
    const number = this.#layoutFirst + index
    this.#anchor = { number, offset: this.element.scrollTop - this.#layout.topOf(index) }
  }

  #scrollTo(top: number): void {
    this.element.scrollTop = top
    this.#top = this.element.scrollTop
  }

  #measure(): void {
    const { window } = this.#deps.feed
    const size = Number.parseFloat(getComputedStyle(this.element).fontSize)
    this.#rowHeight = Math.max(Math.ceil(size * 1.6), 16)
    this.element.style.setProperty('--row-height', `${this.#rowHeight}px`)
    const extras = [...this.#open].map(([number, { height }]) => ({ index: number - window.first, height }))
    this.#layout = new Layout(window.count, this.#rowHeight, extras)
    this.#layoutFirst = window.first
    this.#rows.style.height = `${this.#layout.height}px`
    setAttribute(this.element, 'aria-rowcount', window.count)
  }

  #draw(): void {
    const { window } = this.#deps.feed
    this.#measure()
    const height = this.element.clientHeight
    if (this.#following) this.#scrollTo(this.#layout.height)
    else if (this.#moved) {
      const index = this.#anchor.number - window.first
      const wanted = index < 0 ? 0 : this.#layout.topOf(index) + this.#anchor.offset
      if (Math.abs(wanted - this.element.scrollTop) >= 1) this.#scrollTo(wanted)
    }
    this.#moved = false
    const { first, last } = this.#layout.visible(this.element.scrollTop, height, around)
    for (const [number, row] of this.#drawn)
      if (number < first + window.first || number > last + window.first) {
        row.remove()
        this.#drawn.delete(number)
      }
    for (let index = first; index <= last; index++) this.#place(window.first + index, index)
    setAttribute(
      this.element,
      'aria-activedescendant',
      this.#selected === null ? null : `row-${this.#selected}`,
    )
    this.#askForMore(first, last)
    if (this.#owed) {
      this.#owed = false
      this.#deps.feed.drawn()
      this.#deps.changed()
    }
  }

  #place(number: number, index: number): void {
    let row = this.#drawn.get(number)
    if (row === undefined) {
      const item = this.#deps.feed.window.at(number)
      if (item === undefined) return
      row = this.#rowOf(number, item)
      this.#drawn.set(number, row)
      this.#rows.append(row)
    }
    row.style.transform = `translateY(${this.#layout.topOf(index)}px)`
    setAttribute(row, 'aria-rowindex', index + 1)
    setAttribute(row, 'aria-selected', number === this.#selected)
  }

  #rowOf(number: number, item: Item): HTMLElement {
    const style = this.#deps.style()
    const id = `row-${number}`
    if (item.kind === 'gap') {
      const show = item.before === null ? null : wordButton(style.say('gapShow'), () => this.toggle(number))
      const text = h('span', { role: 'gridcell' }, `${style.say('gap', item.count.toLocaleString())} `, show)
      return h('div', { id, role: 'row', class: 'row gap' }, h('div', { class: 'head' }, text))
    }
    const open = this.#open.get(number)
    return h(
      'div',
      {
        id,
        role: 'row',
        class: `row level-${item.line.level ?? 'none'}`,
        'aria-label': spoken(item.line, style),
        'aria-expanded': open !== undefined,
      },
      h('div', { class: 'head', role: 'presentation' }, ...cellsOf(item.line, style)),
      open?.detail.element ?? null,
    )
  }

  /** Brings what was opened into view, as far as its row stays there. */
  #showOpened(number: number): void {
    if ((this.#open.get(number)?.height ?? 0) === 0) return
    this.#opened = null
    this.#draw()
    const index = number - this.#layoutFirst
    const { scrollTop, clientHeight } = this.element
    const hidden = this.#layout.bottomOf(index) - (scrollTop + clientHeight)
    if (hidden <= 0) return
    this.#scrollTo(scrollTop + Math.min(hidden, this.#layout.topOf(index) - scrollTop))
    this.#anchorHere()
  }

  #askForMore(first: number, last: number): void {
    const { feed } = this.#deps
    if (first < ahead && feed.window.older !== null && !feed.stopped && feed.failure === null)
      void feed.older()
    if (last > feed.window.count - ahead && feed.detached && feed.failure === null) void feed.newer()
  }

  #clicked(event: MouseEvent): void {
    const target = event.target instanceof Element ? event.target : null
    const row = target?.closest('.row') ?? null
    // Whoever marks a text to copy it means no click.
    if (row === null || target?.closest('.detail') || document.getSelection()?.type === 'Range') return
    const number = Number(row.id.slice('row-'.length))
    this.#selected = number
    this.toggle(number)
  }

  #resized(entries: readonly ResizeObserverEntry[]): void {
    for (const { target } of entries)
      for (const open of this.#open.values())
        if (open.detail.element === target && open.detail.element.isConnected)
          open.height = open.detail.element.offsetHeight
    this.#moved = true
    if (this.#opened !== null) this.#showOpened(this.#opened)
    this.#render()
  }
}
