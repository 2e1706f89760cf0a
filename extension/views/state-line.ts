import { commands, l10n } from 'vscode'
import type { Owned } from '#base/lifetime.ts'
import { fullText } from '../display.ts'
import { failureOf, type Model, type ModelState } from '../model.ts'
import { viewStateOf } from '../view-state.ts'

/** How long a lost connection may take to come back, as at a hand-over, before the views speak of a problem. */
const patienceMs = 1500

/** Tells when-clauses how it stands with the daemon. */
export class StateLine implements Owned {
  readonly #watch: Owned
  #shown = ''
  #timer: NodeJS.Timeout | undefined

  constructor(model: Model) {
    this.#watch = model.onState((state) => this.#follow(model, state))
    this.#show(model.state)
  }

  dispose(): void {
    clearTimeout(this.#timer)
    void this.#watch.dispose()
  }

  #follow(model: Model, state: ModelState): void {
    const brief = this.#shown === 'ok' && state.kind !== 'connected' && state.kind !== 'failed'
    if (!brief) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#show(state)
    } else
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        this.#show(model.state)
      }, patienceMs)
  }

  #show(state: ModelState): void {
    const view = viewStateOf(state)
    if (view.state === this.#shown) return
    this.#shown = view.state
    void commands.executeCommand('setContext', 'quantumAdmin.state', view.state)
    void commands.executeCommand('setContext', 'quantumAdmin.unavailable', view.unavailable)
  }
}

/** What is being done about a connection that is not there, or undefined when nothing is. */
export function retryWords(state: ModelState, now: number = Date.now()): string | undefined {
  switch (state.kind) {
    case 'connected':
    case 'failed':
      return undefined
    case 'starting':
      return l10n.t('Waiting for {0}', fullText(state.waitingFor))
    case 'waiting':
      return l10n.t('Tries again in {0} s', Math.max(0, Math.ceil((state.retryAt - now) / 1000)))
  }
}

/** How it stands in one line, for logs and tooltips. */
export const stateWords = (state: ModelState): string =>
  [failureOf(state)?.message, retryWords(state)]
    .filter((part) => part !== undefined)
    .map((part) => fullText(part))
    .join(' – ')
