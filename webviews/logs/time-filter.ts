import { button, h } from '../ui/dom.ts'
import type { Say } from './strings.ts'
import type { Range } from './view.ts'

type Field = HTMLElement & { value: string }

/** What the dropdown offers. */
const choices = ['all', '15', '60', '1440', 'custom'] as const
type Choice = (typeof choices)[number]

/** Which time is looked at: the last so many minutes, everything, or from one moment to another. */
export class TimeFilter {
  readonly element: HTMLElement
  /** Where a time of one's own is written; hidden for all others. */
  readonly custom: HTMLElement
  readonly #say: Say
  readonly #changed: (range: Range) => void
  readonly #dropdown: HTMLElement & { value: string }
  readonly #since: Field
  readonly #until: Field
  readonly #problem = h('span', { class: 'problem', role: 'status' })

  constructor(say: Say, changed: (range: Range) => void) {
    this.#say = say
    this.#changed = changed
    const words: Readonly<Record<Choice, string>> = {
      all: say('timeAll'),
      '15': say('timeQuarter'),
      '60': say('timeHour'),
      '1440': say('timeDay'),
      custom: say('timeCustom'),
    }
    this.#dropdown = h(
      'vscode-dropdown',
      { class: 'time-choice', 'aria-label': say('time') },
      ...choices.map((choice) => h('vscode-option', { value: choice }, words[choice])),
    ) as HTMLElement & { value: string }
    this.#dropdown.addEventListener('change', () => this.#chosen())
    this.element = this.#dropdown
    this.#since = this.#field(say('timeSince'))
    this.#until = this.#field(say('timeUntil'))
    const apply = button('↵', () => this.#apply(), { 'aria-label': say('timeCustom') })
    this.custom = h('div', { class: 'line custom' }, this.#since, this.#until, apply, this.#problem)
    this.custom.hidden = true
  }

  /** Shows which time is looked at. */
  show(range: Range): void {
    const choice = range.kind === 'last' ? String(range.minutes) : range.kind === 'all' ? 'all' : 'custom'
    const value = (choices as readonly string[]).includes(choice) ? choice : 'custom'
    if (this.#dropdown.value !== value) this.#dropdown.value = value
    this.custom.hidden = value !== 'custom'
    this.#problem.textContent = ''
    if (range.kind !== 'between') return
    this.#since.value = range.since ?? ''
    this.#until.value = range.until ?? ''
  }

  #field(label: string): Field {
    const field = h('vscode-text-field', { placeholder: label, 'aria-label': label }) as Field
    field.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.#apply()
    })
    return field
  }

  #chosen(): void {
    const { value } = this.#dropdown
    this.custom.hidden = value !== 'custom'
    if (value === 'custom') this.#since.focus()
    else this.#changed(value === 'all' ? { kind: 'all' } : { kind: 'last', minutes: Number(value) })
  }

  #apply(): void {
    const [since, until] = [this.#since, this.#until].map(({ value }) => momentOf(value))
    if (since === undefined || until === undefined) this.#problem.textContent = this.#say('timeProblem')
    else {
      this.#problem.textContent = ''
      this.#changed({ kind: 'between', since, until })
    }
  }
}

/** What was typed as a time of the contract; null when nothing was, undefined when it is no time. */
function momentOf(text: string): string | null | undefined {
  if (text.trim() === '') return null
  const date = new Date(text.trim())
  return Number.isNaN(date.getTime()) || date.getFullYear() > 9999 || date.getFullYear() < 0
    ? undefined
    : date.toISOString()
}
