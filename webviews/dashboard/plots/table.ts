import { fill, h, type Child } from '../../ui/dom.ts'
import type { Say } from '../strings.ts'
import type { Panel } from './curves.ts'
import { at, written } from './formats.ts'

/** The same numbers as a table, for who does not see plots, and for who wants to read or copy them. Made when opened. */
export class Table {
  readonly element: HTMLDetailsElement
  readonly #say: Say
  readonly #body = h('div', { class: 'tables' })
  #newest: readonly Panel[] | null = null
  #drawn: unknown = null

  constructor(say: Say) {
    this.#say = say
    this.element = h('details', { class: 'as-table' }, h('summary', {}, say('table')), this.#body)
    this.element.addEventListener('toggle', () => this.#draw())
  }

  draw(panels: readonly Panel[]): void {
    this.#newest = panels
    this.#draw()
  }

  #draw(): void {
    if (!this.element.open || this.#newest === null || this.#drawn === this.#newest) return
    this.#drawn = this.#newest
    const panels = this.#newest
    // A scroll position and a selection are lost by this: only when there is something new.
    fill(this.#body, ...panels.filter(({ curves }) => curves.length > 0).map((panel) => this.#table(panel)))
  }

  #table({ id, curves, times }: Panel): Child {
    const say = this.#say
    const steps = times.map((_, step) => step).toReversed()
    const isKnown = (step: number): boolean => curves.some(({ values }) => (values[step] ?? null) !== null)
    return h(
      'table',
      {},
      h('caption', {}, say(`panel.${id}`)),
      h(
        'tr',
        {},
        h('th', { scope: 'col' }, say('time')),
        ...curves.map(({ name }) => h('th', { scope: 'col' }, name)),
      ),
      ...steps.filter(isKnown).map((step) =>
        h(
          'tr',
          {},
          h('th', { scope: 'row' }, at(times[step] ?? 0)),
          ...curves.map(({ values }) => {
            const value = values[step] ?? null
            return h('td', {}, value === null ? say('unknownValue') : written[id](value))
          }),
        ),
      ),
    )
  }
}
