import type { LogDetail, LogLine } from '#contract/logs.ts'
import { plainOf } from './ansi.ts'
import { fill, h, wordButton, type Child } from '../ui/dom.ts'
import { Refusal, type Host } from './host.ts'
import { mostCopied } from './messages.ts'
import { linesOf, messageOf, textNodes, type RowStyle } from './row.ts'
import { isFieldName } from './view.ts'

/** What can be done from an open record. */
export interface DetailActions {
  readonly narrow: (name: string, value: string, not: boolean) => void
  readonly copy: (text: string) => void
}

/** Lines around a record that are shown first, and with each further press. */
const aroundSteps = [5, 25, 100, 500] as const
/** More of a record is not drawn; what is left can be copied. */
const mostRawLines = 2000

/** All that is known of a record, below its row. */
export class Detail {
  readonly element = h('div', { class: 'detail', role: 'gridcell' })
  readonly #line: LogLine
  readonly #style: () => RowStyle
  readonly #host: Host
  readonly #actions: DetailActions
  readonly #fields = h('div', { class: 'fields', role: 'list', 'aria-label': '' })
  readonly #around = h('div', { class: 'around' })
  #step = -1

  constructor(deps: {
    readonly line: LogLine
    readonly style: () => RowStyle
    readonly host: Host
    readonly actions: DetailActions
  }) {
    this.#line = deps.line
    this.#style = deps.style
    this.#host = deps.host
    this.#actions = deps.actions
    const { say } = this.#style()
    this.#fields.setAttribute('aria-label', say('fields'))
    this.element.append(this.#buttons(), this.#raw(), this.#fields, this.#around)
    this.#fill(null)
    void this.#load()
  }

  #buttons(): HTMLElement {
    const { say } = this.#style()
    return h(
      'div',
      { class: 'buttons' },
      wordButton(say('copy'), () => this.#actions.copy(this.#line.text.slice(0, mostCopied))),
      wordButton(say('around'), () => void this.#showAround()),
    )
  }

  #raw(): HTMLElement {
    const style = this.#style()
    const lines = linesOf(this.#line.text)
    const shown = lines.slice(0, mostRawLines)
    return h(
      'div',
      { class: 'raw', role: 'group', 'aria-label': style.say('raw'), tabindex: 0 },
      ...shown.map((line) => h('div', {}, ...textNodes(this.#line, line, style))),
      lines.length > shown.length
        ? h('div', { class: 'folded' }, style.say('more', lines.length - shown.length))
        : null,
    )
  }

  async #load(): Promise<void> {
    try {
      this.#fill(await this.#host.ask('show', { id: this.#line.id }))
    } catch (error) {
      fill(this.#fields, h('p', { class: 'problem' }, this.#reason(error)))
    }
  }

  #fill(detail: LogDetail | null): void {
    const { say, times } = this.#style()
    const line = this.#line
    const origin = line.timeFrom === 'arrival' ? ` · ${say('arrival')}` : ''
    const own: readonly (readonly [string, string])[] = [
      ...(line.level === null ? [] : [['level', line.level] as const]),
      ['app', line.app],
      ['source', line.source],
      ['kind', line.kind],
    ]
    fill(
      this.#fields,
      this.#row(say('fieldTime'), `${times.long(line.time)} (${line.time})${origin}`, []),
      ...own.map(([name, value]) => this.#field(name, value)),
      ...(detail === null ? [] : Object.entries(detail.fields)).map(([name, value]) =>
        this.#field(name, value),
      ),
      detail === null ? null : this.#row(say('fieldFormat'), detail.format, []),
    )
  }

  #field(name: string, value: string): HTMLElement {
    const { say } = this.#style()
    const narrowing = isFieldName(name)
      ? [
          wordButton(say('only'), () => this.#actions.narrow(name, value, false)),
          wordButton(say('exclude'), () => this.#actions.narrow(name, value, true)),
        ]
      : []
    return this.#row(name, value, [
      ...narrowing,
      wordButton(say('copyValue'), () => this.#actions.copy(value)),
    ])
  }

  #row(name: string, value: string, buttons: readonly Child[]): HTMLElement {
    const shown = linesOf(value.slice(0, 16_384)).map(plainOf).join('\n')
    return h(
      'div',
      { class: 'field', role: 'listitem' },
      h('span', { class: 'name' }, plainOf(name)),
      h('span', { class: 'value' }, shown),
      h('span', { class: 'doing' }, ...buttons),
    )
  }

  async #showAround(): Promise<void> {
    const { say } = this.#style()
    this.#step = Math.min(this.#step + 1, aroundSteps.length - 1)
    const lines = aroundSteps[this.#step] ?? 5
    try {
      const found = await this.#host.ask('around', { id: this.#line.id, lines })
      const more = this.#step < aroundSteps.length - 1
      fill(
        this.#around,
        h(
          'div',
          { class: 'raw', role: 'group', 'aria-label': say('around'), tabindex: 0 },
          ...found.map((line) => this.#neighbour(line)),
        ),
        more ? wordButton(say('aroundMore'), () => void this.#showAround()) : null,
      )
    } catch (error) {
      fill(this.#around, h('p', { class: 'problem' }, this.#reason(error)))
    }
  }

  #neighbour(line: LogLine): HTMLElement {
    const style = this.#style()
    const [first = '', ...rest] = linesOf(messageOf(line))
    return h(
      'div',
      { class: line.id === this.#line.id ? 'itself' : null, 'aria-current': line.id === this.#line.id },
      h('span', { class: 'time' }, `${style.times.short(line.time)} `),
      h('span', { class: `level level-${line.level ?? 'none'}` }, `${line.level ?? ''} `),
      ...textNodes(line, first, style),
      rest.length === 0 ? null : h('span', { class: 'folded' }, style.say('more', rest.length)),
    )
  }

  #reason(error: unknown): string {
    const { say } = this.#style()
    if (!(error instanceof Refusal)) return say('failed', String(error))
    return error.code === 'not-found' ? say('gone') : say('failed', plainOf(error.message))
  }
}
