import { fill, h, setAttribute, wordButton, type Child } from '../ui/dom.ts'
import { groupWord, mark } from './card.ts'
import { toneOf, type CardId, type Lead, type Row } from './messages.ts'
import type { Say } from './strings.ts'
import { ago, clock } from './times.ts'

/** Follows where a row leads. */
export type Follow = (card: CardId, key: string, lead: Lead) => void

export interface RowOptions {
  readonly card: CardId
  readonly say: Say
  readonly follow: Follow
  /** Only the name leads on, to the first of what there is. */
  readonly brief: boolean
}

/** A line for a row; {@link drawRow} says what it is. */
export const makeRow = (): HTMLElement => h('li', { class: 'row', tabindex: -1 })

/** Draws one row: what it is, how it is, since when, where it leads on to, and why it is as it is. */
export function drawRow(element: HTMLElement, row: Row, options: RowOptions): void {
  const { card, say, brief } = options
  const state = groupWord(say, card, row.group)
  const time = row.at === null ? '' : ago(row.at)
  const buttons = row.leads.map((lead) => leadButton(row, lead, element.tabIndex, options))
  const focused = [...element.querySelectorAll('button')].findIndex((one) => one === document.activeElement)
  fill(
    element,
    mark(card, row.group),
    h('span', { class: 'name' }, (brief ? buttons[0] : null) ?? row.name),
    h('span', { class: 'state' }, state),
    h('span', { class: 'detail', title: row.detail }, row.detail),
    row.at === null ? null : h('time', { title: clock(row.at) }, time),
    brief || buttons.length === 0 ? null : h('span', { class: 'leads' }, ...buttons),
    row.reason === '' ? null : h('span', { class: 'reason' }, row.reason),
  )
  const words = [row.name, state, row.detail, row.reason, time]
  setAttribute(element, 'class', `row ${toneOf(card, row.group)}`)
  setAttribute(element, 'aria-label', words.filter((word) => word !== '').join(', '))
  setAttribute(element, 'data-key', row.key)
  if (focused >= 0) element.querySelectorAll('button')[focused]?.focus()
}

function leadButton(row: Row, lead: Lead, tabindex: number, { card, say, follow, brief }: RowOptions): Child {
  const word = say(`lead.${lead}`)
  return wordButton(brief ? row.name : word, () => follow(card, row.key, lead), {
    tabindex,
    title: brief ? word : null,
    'aria-label': `${word}: ${row.name}`,
  })
}

/** Lets Tab reach a row and what is in it, or not. */
export function setReachable(element: HTMLElement, reachable: boolean): void {
  element.tabIndex = reachable ? 0 : -1
  for (const button of element.querySelectorAll('button')) button.tabIndex = reachable ? 0 : -1
}
