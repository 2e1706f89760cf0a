import { fill, h, wordButton } from '../../ui/dom.ts'
import { Keyed } from '../../ui/keyed.ts'
import type { PlotMark } from '../messages.ts'
import type { Say } from '../strings.ts'
import { at } from './formats.ts'

/** So many are listed; all are drawn. */
const mostListed = 12

/** What is marked on the plots, newest first: each leads to what it stands for. */
export class MarkList {
  readonly element: HTMLElement
  readonly #say: Say
  readonly #marks: Keyed<PlotMark, HTMLElement>
  readonly #more = h('p', { class: 'note' })

  constructor(say: Say, follow: (mark: string) => void) {
    this.#say = say
    const list = h('ul', { class: 'marks' })
    this.#marks = new Keyed<PlotMark, HTMLElement>(list, {
      key: ({ key }) => key,
      make: ({ key, kind }) =>
        h(
          'li',
          {},
          h('span', { class: `flag ${kind}`, 'aria-hidden': 'true' }),
          wordButton('', () => follow(key)),
          h('span', { class: 'note' }),
        ),
      update: (item, mark) => this.#drawMark(item, mark),
    })
    this.element = h('section', { 'aria-label': say('marks') }, h('h3', {}, say('marks')), list, this.#more)
  }

  draw(marks: readonly PlotMark[]): void {
    const newest = marks.toSorted((a, b) => b.from - a.from)
    this.#marks.draw(newest.slice(0, mostListed))
    const left = Math.max(0, marks.length - mostListed)
    const more = left === 0 ? '' : this.#say('marksMore', left)
    if (this.#more.textContent !== more) fill(this.#more, more)
    this.element.hidden = marks.length === 0
  }

  #drawMark(item: HTMLElement, { kind, app, name, from, to }: PlotMark): void {
    const say = this.#say
    const [, button, when] = item.children
    const words = [say(`mark.${kind}`), name, app].filter((word) => word !== '').join(' ')
    if (button !== undefined) fill(button, words)
    const end = kind !== 'incident' ? '' : ` – ${to === null ? say('ongoing') : at(to)}`
    if (when !== undefined) fill(when, `${at(from)}${end}`)
  }
}
