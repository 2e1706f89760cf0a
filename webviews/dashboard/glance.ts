import { fill, h, setAttribute, wordButton } from '../ui/dom.ts'
import { Keyed } from '../ui/keyed.ts'
import type { Open } from './card.ts'
import type { Card, CardId, Gauge, Machine } from './messages.ts'
import type { Follow } from './row.ts'
import { RowList } from './row-list.ts'
import type { Say } from './strings.ts'
import { decimal, size } from './times.ts'

/** From this part on, something is nearly used up. */
const nearlyFull = 0.9

/** A list on the overview: its first rows, and a way to all of them. */
export class Glance {
  readonly element: HTMLElement
  readonly #card: CardId
  readonly #most: number
  readonly #say: Say
  readonly #list: RowList
  readonly #all: HTMLButtonElement
  readonly #empty = h('p', { class: 'note' })

  constructor(
    card: CardId,
    most: number,
    say: Say,
    actions: { readonly open: Open; readonly follow: Follow },
  ) {
    this.#card = card
    this.#most = most
    this.#say = say
    this.#list = new RowList({ card, say, follow: actions.follow, brief: true })
    this.#all = wordButton('', () => actions.open(card, null))
    this.element = h(
      'section',
      { class: 'glance', 'aria-labelledby': `card-${card}` },
      h('div', { class: 'glance-head' }, h('h2', { id: `card-${card}` }, say(`card.${card}`)), this.#all),
      this.#list.element,
      this.#empty,
    )
  }

  draw(card: Card | undefined, live: boolean, again: boolean): void {
    const known = card?.rows ?? null
    const rows = known ?? []
    this.#list.draw(rows.slice(0, this.#most), this.#say(`card.${this.#card}`), again)
    const all = this.#say('showAll', rows.length)
    if (this.#all.textContent !== all) fill(this.#all, all)
    setAttribute(this.#all, 'aria-label', `${all}: ${this.#say(`card.${this.#card}`)}`)
    this.#all.hidden = rows.length === 0
    const reason = known === null ? card?.problem || this.#say('loading') : this.#say('noneActivity')
    const empty = rows.length === 0 ? reason : ''
    if (this.#empty.textContent !== empty) fill(this.#empty, empty)
    setAttribute(this.element, 'data-revision', card?.revision ?? null)
    const fresh = live && card?.fresh === true
    setAttribute(this.element, 'class', fresh || rows.length === 0 ? 'glance' : 'glance stale')
  }

  /** Gives the focus back to what a list was opened from. */
  focus(): void {
    this.#all.focus()
  }
}

/** How much of the machine is in use. */
export class Gauges {
  readonly element = h('div', { class: 'gauges' })
  readonly #say: Say
  readonly #gauges: Keyed<Gauge, HTMLElement>

  constructor(say: Say) {
    this.#say = say
    this.#gauges = new Keyed<Gauge, HTMLElement>(this.element, {
      key: ({ id }) => id,
      make: () => h('div', { class: 'gauge', role: 'meter', 'aria-valuemin': 0, 'aria-valuemax': 100 }),
      update: (element, gauge) => this.#drawGauge(element, gauge),
    })
  }

  draw(machine: Machine | null, live: boolean): void {
    this.#gauges.draw(machine?.gauges ?? [])
    setAttribute(this.element, 'class', live ? 'gauges' : 'gauges stale')
  }

  #drawGauge(element: HTMLElement, { id, used, total }: Gauge): void {
    const part = total > 0 ? Math.min(1, used / total) : 0
    const name = this.#say(`gauge.${id}`)
    const words =
      id === 'processor'
        ? this.#say('load', decimal(used), total)
        : this.#say('usedOf', size(used), size(total))
    const bar = h('span', { class: 'bar' })
    bar.style.inlineSize = `${(part * 100).toFixed(1)}%`
    fill(
      element,
      h('span', { class: 'gauge-name' }, name),
      h('span', { class: part >= nearlyFull ? 'track full' : 'track' }, bar),
      h('span', { class: 'gauge-words' }, words),
    )
    setAttribute(element, 'aria-label', name)
    setAttribute(element, 'aria-valuenow', Math.round(part * 100))
    setAttribute(element, 'aria-valuetext', words)
  }
}
