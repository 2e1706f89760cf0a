import { fill, h, setAttribute, wordButton } from '../../ui/dom.ts'
import { Keyed } from '../../ui/keyed.ts'
import { rangeIds, type RangeId, type Row, type Want } from '../messages.ts'
import type { Say } from '../strings.ts'
import { at } from './formats.ts'

export interface ToolbarActions {
  readonly choose: (want: Pick<Want, 'kind' | 'app'>) => void
  readonly range: (range: RangeId) => void
  readonly unzoom: () => void
}

interface Choice {
  /** As the value of an option: what it is of, and the app's name. */
  readonly value: string
  readonly name: string
}

const valueOf = ({ kind, app }: Pick<Want, 'kind' | 'app'>): string => `${kind} ${app}`

/** What is drawn: of whom, and how far back. */
export class Toolbar {
  readonly element: HTMLElement
  readonly #say: Say
  readonly #select: HTMLSelectElement
  readonly #options: Keyed<Choice, HTMLOptionElement>
  readonly #ranges: ReadonlyMap<RangeId, HTMLButtonElement>
  readonly #zoom: HTMLElement
  readonly #span = h('span', {})
  readonly #note = h('p', { class: 'note', role: 'status' })

  constructor(say: Say, actions: ToolbarActions) {
    this.#say = say
    this.#select = h('select', { class: 'of', 'aria-label': say('plotsOf') })
    this.#options = new Keyed<Choice, HTMLOptionElement>(this.#select, {
      key: ({ value }) => value,
      make: ({ value }) => h('option', { value }),
      update: (option, { name }) => fill(option, name),
    })
    this.#select.addEventListener('change', () => {
      const [kind = '', ...app] = this.#select.value.split(' ')
      if (kind === 'apps' || kind === 'machine') actions.choose({ kind, app: '' })
      else actions.choose({ kind: 'app', app: app.join(' ') })
    })
    this.#ranges = new Map(
      rangeIds.map((id) => [
        id,
        wordButton(say(`range.${id}`), () => actions.range(id), { class: 'word chip' }),
      ]),
    )
    this.#zoom = h(
      'span',
      { class: 'zoom' },
      this.#span,
      wordButton(say('unzoom'), actions.unzoom, { class: 'button' }),
    )
    this.element = h(
      'div',
      { class: 'plots-head' },
      h('h2', {}, say('plots')),
      this.#select,
      h(
        'div',
        { class: 'choices', role: 'group', 'aria-label': say('rangeLabel') },
        ...this.#ranges.values(),
      ),
      this.#zoom,
      this.#note,
    )
  }

  draw(want: Want, apps: readonly Row[], note: string): void {
    const say = this.#say
    const named = apps.map(({ key, name }) => ({ value: valueOf({ kind: 'app', app: key }), name }))
    // One that was removed has a past.
    if (want.kind === 'app' && !apps.some(({ key }) => key === want.app))
      named.push({ value: valueOf(want), name: want.app })
    this.#options.draw([
      { value: valueOf({ kind: 'apps', app: '' }), name: say('allApps') },
      { value: valueOf({ kind: 'machine', app: '' }), name: say('thisMachine') },
      ...named,
    ])
    if (this.#select.value !== valueOf(want)) this.#select.value = valueOf(want)
    for (const [id, button] of this.#ranges)
      setAttribute(button, 'aria-pressed', id === want.range && want.zoom === null)
    this.#zoom.hidden = want.zoom === null
    const span = want.zoom === null ? '' : say('zoomed', at(want.zoom.from), at(want.zoom.to))
    if (this.#span.textContent !== span) fill(this.#span, span)
    if (this.#note.textContent !== note) fill(this.#note, note)
  }
}
