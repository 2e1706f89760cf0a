import { fill, h, setAttribute, wordButton, type Child } from '../ui/dom.ts'
import { quickActions, type Machine, type QuickAction, type Status } from './messages.ts'
import type { Say } from './strings.ts'
import { clock, length } from './times.ts'

export interface HeadActions {
  readonly act: (action: QuickAction) => void
  readonly retry: () => void
  readonly learn: () => void
}

/** What stands above everything: where this is, how it stands with the daemon, and what can be done. */
export class Head {
  readonly element: HTMLElement
  readonly banner = h('div', { class: 'banner', role: 'alert' })
  readonly welcome: HTMLElement
  readonly #say: Say
  readonly #actions: HeadActions
  readonly #where = h('span', { class: 'where' })
  readonly #live = h('span', { class: 'live', role: 'status' })
  readonly #buttons: ReadonlyMap<QuickAction, HTMLElement>
  #told = ''

  constructor(say: Say, actions: HeadActions) {
    this.#say = say
    this.#actions = actions
    this.#buttons = new Map(
      quickActions.map((action) => [
        action,
        wordButton(say(`action.${action}`), () => actions.act(action), { class: 'button' }),
      ]),
    )
    this.element = h(
      'header',
      { class: 'head' },
      h('div', { class: 'title' }, h('h1', {}, 'Quantum Admin'), this.#where, this.#live),
      h('nav', { class: 'actions', 'aria-label': say('actions') }, ...this.#buttons.values()),
    )
    this.welcome = h(
      'section',
      { class: 'welcome' },
      h('h2', {}, say('welcome')),
      h('p', {}, say('welcomeHint')),
      wordButton(say('action.add'), () => actions.act('add'), { class: 'button primary' }),
    )
    this.welcome.hidden = true
  }

  draw(status: Status, machine: Machine | null, hasPicture: boolean): void {
    const told = JSON.stringify([
      status,
      machine?.hostname,
      machine && length(machine.uptimeSeconds),
      hasPicture,
    ])
    // What a screen reader has said once it need not say again.
    if (told === this.#told) return
    this.#told = told
    const live = status.state === 'ok'
    const up = machine === null || !live ? '' : ` · ${this.#say('uptime', length(machine.uptimeSeconds))}`
    for (const [action, button] of this.#buttons) setAttribute(button, 'disabled', !live && action !== 'docs')
    fill(this.#where, machine === null ? '' : `${machine.hostname} · ${machine.platform}${up}`)
    fill(
      this.#live,
      ...(live
        ? [h('span', { class: 'mark good', 'aria-hidden': 'true' }), this.#say('connected', status.version)]
        : []),
    )
    fill(this.banner, ...(live ? [] : this.#problem(status, hasPicture)))
    this.banner.hidden = live
  }

  #problem({ state, since, message }: Status, hasPicture: boolean): readonly Child[] {
    const say = this.#say
    const retry = wordButton(say('retry'), this.#actions.retry, { class: 'button' })
    const learn = wordButton(say('learn'), this.#actions.learn, { class: 'button' })
    const line = (tone: string, text: string, ...more: readonly Child[]): readonly Child[] => [
      h('span', { class: `mark ${tone}`, 'aria-hidden': 'true' }),
      h('div', {}, h('b', {}, text), ...more),
    ]
    const note = (text: string): Child => (text === '' ? null : h('p', {}, text))
    const asOf = hasPicture ? ` ${say('asOf')}` : ''
    switch (state) {
      case 'ok':
        return []
      case 'starting':
        return line('busy', say('starting'), note(asOf))
      case 'unreachable':
        return [
          ...line(
            'bad',
            say('unreachable', clock(since)),
            note(`${say('unreachableHint')}${asOf}`),
            note(message),
          ),
          retry,
          learn,
        ]
      case 'older':
        return [...line('warn', say('older'), note(say('olderHint')), note(message)), learn]
      case 'untrusted':
        return line('warn', say('untrusted'))
      case 'failed':
        return [...line('bad', say('failed', clock(since)), note(asOf), note(message)), retry, learn]
      default:
        return state satisfies never
    }
  }
}
