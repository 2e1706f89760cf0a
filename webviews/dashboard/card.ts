import { fill, h, setAttribute, wordButton } from '../ui/dom.ts'
import { Keyed } from '../ui/keyed.ts'
import { cards, summed, toneOf, type Card, type CardId } from './messages.ts'
import type { Say } from './strings.ts'
import { decimal } from './times.ts'

/** A state that some rows of a card are in. */
interface Group {
  readonly name: string
  readonly count: number
}

/** The states that a card's rows are in, worst first, and how many are in each. */
export function groupsOf({ id, rows }: Pick<Card, 'id' | 'rows'>): readonly Group[] {
  return Object.keys(cards[id]).flatMap((name) => {
    const count = (rows ?? []).filter(({ group }) => group === name).length
    return count === 0 ? [] : [{ name, count }]
  })
}

/** The number of a card: how many rows there are, or what they come to together; null while that is not known. */
export function numberOf({ id, rows }: Pick<Card, 'id' | 'rows'>): number | null {
  if (rows === null || !summed.has(id)) return rows?.length ?? null
  const amounts = rows.flatMap(({ amount }) => (amount === null ? [] : [amount]))
  return amounts.length === 0 ? null : amounts.reduce((sum, one) => sum + one, 0)
}

/** The shape and colour of a state. It says nothing that is not also said in words. */
export const mark = (card: CardId, group: string): HTMLElement =>
  h('span', { class: `mark ${toneOf(card, group)}`, 'aria-hidden': 'true' })

/** Goes to exactly the rows behind a number; null for those of all states. */
export type Open = (card: CardId, group: string | null) => void

/** One kind of what there is: how many, and how many in which state. Each number leads to its rows. */
export class CardView {
  readonly element: HTMLElement
  readonly #id: CardId
  readonly #say: Say
  readonly #number: HTMLButtonElement
  readonly #note = h('p', { class: 'note' })
  readonly #groups: Keyed<Group, HTMLElement>

  constructor(id: CardId, say: Say, open: Open) {
    this.#id = id
    this.#say = say
    this.#number = wordButton('–', () => open(id, null), { class: 'word number' })
    const groups = h('ul', { class: 'groups' })
    this.#groups = new Keyed<Group, HTMLElement>(groups, {
      key: ({ name }) => name,
      make: ({ name }) =>
        h(
          'li',
          {},
          wordButton('', () => open(id, name), { class: 'word chip' }),
        ),
      update: (item, group) => this.#drawGroup(item, group),
    })
    const title = h('h2', { id: `card-${id}` }, say(`card.${id}`))
    this.element = h(
      'section',
      { class: 'card', 'aria-labelledby': `card-${id}` },
      h('div', { class: 'count' }, title, this.#number),
      groups,
      this.#note,
    )
  }

  /** @param live - whether there is a connection: else the numbers are those of the last one, and look it. */
  draw(card: Card | undefined, live: boolean): void {
    const rows = card?.rows ?? null
    const fresh = live && card?.fresh === true
    const groups = card === undefined ? [] : groupsOf(card)
    const name = this.#say(`card.${this.#id}`)
    const number = this.#words(card === undefined ? null : numberOf(card))
    if (this.#number.textContent !== number) this.#number.textContent = number
    setAttribute(this.#number, 'disabled', number === '–')
    const note = rows === null ? (card?.problem ?? '') : this.#hint(rows.length)
    setAttribute(
      this.#number,
      'aria-label',
      number === '–'
        ? `${name}: ${note || this.#say('loading')}`
        : this.#say(fresh ? 'total' : 'wasTotal', name, number),
    )
    this.#groups.draw(groups)
    if (this.#note.textContent !== note) fill(this.#note, note)
    setAttribute(this.element, 'data-revision', card?.revision ?? null)
    const tones = groups.map((group) => toneOf(this.#id, group.name))
    const worst = tones.includes('bad') ? 'bad' : tones.includes('warn') ? 'warn' : ''
    const look = ['card', worst, rows?.length === 0 && 'none', !fresh && rows !== null && 'stale']
    setAttribute(this.element, 'class', look.filter(Boolean).join(' '))
  }

  /** Gives the focus back to the number that a list was opened from. */
  focus(group: string | null): void {
    const chip = group === null ? null : this.#groups.get(group)?.querySelector('button')
    ;(chip ?? this.#number).focus()
  }

  #words(number: number | null): string {
    if (number === null) return '–'
    return summed.has(this.#id) ? this.#say('perMinute', decimal(number)) : String(number)
  }

  /** What would put something on a card that is easily empty. */
  #hint(count: number): string {
    return this.#id === 'requests' && count === 0 ? this.#say('noRequests') : ''
  }

  #drawGroup(item: HTMLElement, { name, count }: Group): void {
    const button = item.firstElementChild
    if (button === null) return
    const word = this.#groupWord(name)
    fill(button, mark(this.#id, name), h('b', {}, String(count)), ` ${word}`)
    setAttribute(button, 'aria-label', this.#say('group', this.#say(`card.${this.#id}`), count, word))
  }

  #groupWord(name: string): string {
    return groupWord(this.#say, this.#id, name)
  }
}

/** The name of a state. TypeScript cannot follow that it is one of this very card. */
export const groupWord = (say: Say, card: CardId, group: string): string =>
  say(`${card}.${group}` as Parameters<Say>[0])
