import { fill, h, setAttribute, wordButton } from '../ui/dom.ts'
import { Keyed } from '../ui/keyed.ts'
import type { Open } from './card.ts'
import type { Card, CardId, Gauge, Machine, Row } from './messages.ts'
import type { Follow } from './row.ts'
import { RowList } from './row-list.ts'
import type { Say } from './strings.ts'
import { decimal, part, size } from './times.ts'

/** From this part on, something is nearly used up. */
const nearlyFull = 0.9

export interface GlanceOptions {
  readonly card: CardId
  /** So many of its rows. */
  readonly most: number
  readonly say: Say
  readonly open: Open
  readonly follow: Follow
  /** Where only some matter here: while there is none of these, there is nothing to be seen. */
  readonly alarm?: { readonly title: string; readonly of: (row: Row) => boolean }
}

/** A list on the overview: its first rows, and a way to all of them. */
export class Glance {
  readonly element: HTMLElement
  readonly #options: GlanceOptions
  readonly #title: string
  readonly #list: RowList
  readonly #all: HTMLButtonElement
  readonly #empty = h('p', { class: 'note' })

  constructor(options: GlanceOptions) {
    const { card, say, open, follow, alarm } = options
    this.#options = options
    this.#title = alarm?.title ?? say(`card.${card}`)
    this.#list = new RowList({ card, say, follow, brief: alarm === undefined })
    this.#all = wordButton('', () => open(card, null))
    const id = alarm === undefined ? `card-${card}` : `alarm-${card}`
    this.element = h(
      'section',
      { class: 'glance', 'aria-labelledby': id },
      h('div', { class: 'glance-head' }, h('h2', { id }, this.#title), this.#all),
      this.#list.element,
      this.#empty,
    )
  }

  draw(card: Card | undefined, live: boolean, again: boolean): void {
    const { most, say, alarm } = this.#options
    const known = card?.rows ?? null
    const all = known ?? []
    const rows = alarm === undefined ? all : all.filter((row) => alarm.of(row))
    this.#list.draw(rows.slice(0, most), this.#title, again)
    const words = say('showAll', all.length)
    if (this.#all.textContent !== words) fill(this.#all, words)
    setAttribute(this.#all, 'aria-label', `${words}: ${this.#title}`)
    this.#all.hidden = all.length === 0
    const reason = known === null ? card?.problem || say('loading') : say('noneActivity')
    const empty = rows.length === 0 ? reason : ''
    if (this.#empty.textContent !== empty) fill(this.#empty, empty)
    setAttribute(this.element, 'data-revision', card?.revision ?? null)
    const fresh = live && card?.fresh === true
    const look = ['glance', alarm !== undefined && 'alarm', !fresh && rows.length > 0 && 'stale']
    setAttribute(this.element, 'class', look.filter(Boolean).join(' '))
    this.element.hidden = alarm !== undefined && rows.length === 0
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
    const share = total > 0 ? Math.min(1, used / total) : 0
    const name = this.#say(`gauge.${id}`)
    const words =
      id === 'processor'
        ? part(share)
        : id === 'load'
          ? this.#say('load', decimal(used), total)
          : this.#say('usedOf', size(used), size(total))
    const bar = h('span', { class: 'bar' })
    bar.style.inlineSize = `${(share * 100).toFixed(1)}%`
    fill(
      element,
      h('span', { class: 'gauge-name' }, name),
      h('span', { class: share >= nearlyFull ? 'track full' : 'track' }, bar),
      h('span', { class: 'gauge-words' }, words),
    )
    setAttribute(element, 'aria-label', name)
    setAttribute(element, 'aria-valuenow', Math.round(share * 100))
    setAttribute(element, 'aria-valuetext', words)
  }
}
