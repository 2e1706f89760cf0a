import { plainOf } from './ansi.ts'
import { button, fill, h, wordButton } from '../ui/dom.ts'
import type { Refusal } from './host.ts'
import type { Status } from './messages.ts'
import type { Say } from './strings.ts'
import type { Times } from './times.ts'

export interface NoticeActions {
  readonly follow: () => void
  readonly undoClear: () => void
  readonly stop: () => void
  readonly goOn: () => void
  readonly resume: () => void
  readonly clearFilter: () => void
  readonly retry: () => void
  readonly showApps: () => void
}

/** All that is said about the lines. */
export interface Situation {
  readonly status: Status
  readonly narrowed: boolean
  readonly following: boolean
  /** Nothing new is to be expected: the time that is looked at is over. */
  readonly ends: boolean
  readonly unseen: number
  readonly total: number | null
  readonly loaded: number
  /** Lines that came too fast to be drawn. */
  readonly missing: number
  readonly loading: boolean
  readonly lookedBack: string | null
  readonly stopped: boolean
  readonly paused: boolean
  readonly cleared: boolean
  readonly failure: Refusal | null
}

/** How long something short stays to be read, in milliseconds. */
const sayMs = 4000

/** What the page says about its lines: why there are none, what is hidden, what waits. */
export class Notices {
  readonly banner = h('div', { class: 'banner', role: 'status' })
  readonly empty = h('div', { class: 'empty', role: 'status' })
  readonly pill: HTMLElement
  readonly footer: HTMLElement
  readonly #say: Say
  readonly #times: Times
  readonly #actions: NoticeActions
  readonly #counts = h('span')
  readonly #said = h('span', { role: 'status' })
  #shown = ''
  #timer: number | undefined

  constructor(say: Say, times: Times, actions: NoticeActions) {
    this.#say = say
    this.#times = times
    this.#actions = actions
    this.pill = h('button', { type: 'button', class: 'pill' })
    this.pill.addEventListener('click', actions.follow)
    this.footer = h('div', { class: 'footer' }, this.#counts, this.#said)
  }

  /** Says something for a moment. */
  say(text: string): void {
    this.#said.textContent = text
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => (this.#said.textContent = ''), sayMs)
  }

  show(situation: Situation): void {
    const { unseen, following, status } = situation
    document.body.classList.toggle('stale', status.state === 'unreachable' || status.state === 'starting')
    this.pill.hidden = following || unseen === 0
    this.pill.textContent = this.#say(unseen === 1 ? 'newLine' : 'newLines', unseen.toLocaleString())
    this.#counts.textContent = this.#countsOf(situation)
    // What is said already is not said anew: a screen reader would read it each time.
    const shown = JSON.stringify([
      status,
      situation.narrowed,
      situation.loaded === 0,
      situation.loading,
      situation.lookedBack,
      situation.stopped,
      situation.paused,
      situation.cleared,
      situation.failure?.message ?? null,
    ])
    if (shown === this.#shown) return
    this.#shown = shown
    fill(this.banner, ...this.#banner(situation))
    this.banner.hidden = this.banner.childNodes.length === 0
    fill(this.empty, ...this.#empty(situation))
    this.empty.hidden = this.empty.childNodes.length === 0
  }

  #countsOf({ status, total, loaded, missing, following, ends, paused }: Situation): string {
    const say = this.#say
    const parts = [
      total === null ? null : say(total === 1 ? 'countOne' : 'count', total.toLocaleString()),
      say('loaded', loaded.toLocaleString()),
      missing === 0 ? null : say('missing', missing.toLocaleString()),
      paused || ends || status.state !== 'ok' ? null : say(following ? 'following' : 'notFollowing'),
    ]
    return parts.filter((part) => part !== null).join(' · ')
  }

  #banner(situation: Situation): readonly Node[] {
    const say = this.#say
    const { status, paused, cleared, loading, lookedBack, stopped, failure, loaded } = situation
    const line = (text: string, ...buttons: readonly Node[]) => h('div', {}, h('span', {}, text), ...buttons)
    const back = lookedBack === null ? null : this.#times.long(lookedBack)
    return [
      ...(status.state === 'unreachable' && loaded > 0
        ? [
            line(
              `${say('unreachable', this.#times.long(status.since))} ${plainOf(status.message)}`,
              wordButton(say('retry'), this.#actions.retry),
            ),
          ]
        : []),
      ...(failure === null || loaded === 0
        ? []
        : [line(say('failed', plainOf(failure.message)), wordButton(say('retry'), this.#actions.retry))]),
      ...(cleared ? [line(say('cleared'), wordButton(say('undo'), this.#actions.undoClear))] : []),
      ...(paused ? [line(say('paused'), wordButton(say('resume'), this.#actions.resume))] : []),
      ...(loading && back !== null && !stopped
        ? [line(say('looking', back), wordButton(say('stop'), this.#actions.stop))]
        : []),
      ...(stopped && back !== null
        ? [line(say('lookedBack', back), wordButton(say('goOn'), this.#actions.goOn))]
        : []),
    ]
  }

  #empty(situation: Situation): readonly Node[] {
    const say = this.#say
    const { status, loaded, loading, failure, narrowed, cleared, stopped } = situation
    const block = (title: string, hints: string | readonly string[], ...buttons: readonly Node[]) => [
      h('h2', {}, title),
      ...[hints].flat().flatMap((hint) => (hint === '' ? [] : [h('p', {}, hint)])),
      ...buttons,
    ]
    if (status.state === 'older') return block(say('older'), say('olderHint'))
    if (loaded > 0) return []
    if (status.state === 'starting') return block(say('starting'), '')
    if (status.state === 'unreachable')
      return block(
        say('unreachable', this.#times.long(status.since)),
        [plainOf(status.message), say('unreachableHint')],
        button(say('retry'), this.#actions.retry),
      )
    if (!status.hasApps)
      return block(say('noApp'), say('noAppHint'), button(say('showApps'), this.#actions.showApps))
    if (failure !== null)
      return block(say('failed', plainOf(failure.message)), '', button(say('retry'), this.#actions.retry))
    if (loading || cleared || stopped) return []
    if (!narrowed) return block(say('noLines'), say('noLinesHint'))
    return block(say('noMatch'), say('noMatchHint'), button(say('filterClear'), this.#actions.clearFilter))
  }
}
