import { fill, h, setAttribute, wordButton } from '../ui/dom.ts'
import { Keyed } from '../ui/keyed.ts'
import { groupsOf, groupWord, mark } from './card.ts'
import type { Card, CardId } from './messages.ts'
import type { Follow } from './row.ts'
import { RowList } from './row-list.ts'
import type { Say } from './strings.ts'

export interface DrillActions {
  readonly follow: Follow
  readonly back: () => void
  readonly narrow: (group: string | null) => void
}

interface Choice {
  /** Null for all states. */
  readonly group: string | null
  readonly count: number
  readonly chosen: boolean
}

/** The rows behind one number. */
export class Drill {
  readonly element: HTMLElement
  readonly card: CardId
  readonly #say: Say
  readonly #list: RowList
  readonly #choices: Keyed<Choice, HTMLElement>
  readonly #empty = h('p', { class: 'note', role: 'status' })
  #group: string | null

  constructor(card: CardId, group: string | null, say: Say, actions: DrillActions) {
    this.card = card
    this.#group = group
    this.#say = say
    this.#list = new RowList({ card, say, follow: actions.follow, brief: false })
    const choices = h('div', { class: 'choices', role: 'group', 'aria-label': say('filters') })
    this.#choices = new Keyed<Choice, HTMLElement>(choices, {
      key: ({ group: name }) => name ?? '',
      make: ({ group: name }) => wordButton('', () => actions.narrow(name), { class: 'word chip' }),
      update: (button, choice) => this.#drawChoice(button, choice),
    })
    this.element = h(
      'section',
      { class: 'drill', 'aria-label': say(`card.${card}`) },
      h(
        'div',
        { class: 'drill-head' },
        wordButton(`‹ ${say('back')}`, actions.back, { class: 'button' }),
        h('h2', {}, say(`card.${card}`)),
        choices,
      ),
      this.#list.element,
      this.#empty,
      h('p', { class: 'note keys' }, say('keys')),
    )
    this.element.addEventListener('keydown', ({ key }) => void (key === 'Escape' && actions.back()))
  }

  get group(): string | null {
    return this.#group
  }

  /** Lists the rows of another state. */
  narrow(group: string | null): void {
    this.#group = group
  }

  draw(card: Card | undefined, live: boolean, again: boolean): void {
    const known = card?.rows ?? null
    const all = known ?? []
    const rows = this.#group === null ? all : all.filter(({ group }) => group === this.#group)
    const fresh = live && card?.fresh === true
    const groups = card === undefined ? [] : groupsOf(card)
    // The state that is listed stays to be seen when its last row has left it.
    const named = groups.map(({ name, count }) => ({ group: name, count, chosen: name === this.#group }))
    const lost = this.#group !== null && !groups.some(({ name }) => name === this.#group)
    this.#choices.draw([
      { group: null, count: all.length, chosen: this.#group === null },
      ...named,
      ...(lost ? [{ group: this.#group, count: 0, chosen: true }] : []),
    ])
    const title = this.#say(`card.${this.card}`)
    this.#list.draw(rows, this.#say('list', title, rows.length), again)
    const reason = known === null ? card?.problem || this.#say('loading') : ''
    const empty = rows.length === 0 ? reason || this.#say('noRows') : ''
    if (this.#empty.textContent !== empty) fill(this.#empty, empty)
    setAttribute(this.element, 'data-revision', card?.revision ?? null)
    setAttribute(this.element, 'class', fresh || known === null ? 'drill' : 'drill stale')
  }

  focus(): void {
    if (this.#list.element.childElementCount > 0) this.#list.focus()
    else this.element.querySelector('button')?.focus()
  }

  #drawChoice(button: HTMLElement, { group, count, chosen }: Choice): void {
    const word = group === null ? this.#say('all') : groupWord(this.#say, this.card, group)
    fill(button, group === null ? null : mark(this.card, group), h('b', {}, String(count)), ` ${word}`)
    setAttribute(button, 'aria-pressed', chosen)
  }
}
