import { commands, l10n } from 'vscode'
import type { Owned } from '#base/lifetime.ts'
import { fullText } from '../display.ts'
import type { Model, ModelState } from '../model.ts'
import { viewStateOf } from '../view-state.ts'

/** A view that can say in its title how it stands with the daemon. */
export interface Described {
  describe(text: string | undefined): void
}

/** Tells when-clauses and view titles how it stands with the daemon, with the seconds until the next try. */
export class StateLine implements Owned {
  readonly #views: readonly Described[]
  readonly #watch: Owned
  #timer: NodeJS.Timeout | undefined

  constructor(model: Model, views: readonly Described[]) {
    this.#views = views
    this.#watch = model.onState((state) => this.#show(state))
    this.#show(model.state)
  }

  dispose(): void {
    clearInterval(this.#timer)
    void this.#watch.dispose()
  }

  #show(state: ModelState): void {
    const view = viewStateOf(state)
    void commands.executeCommand('setContext', 'quantumAdmin.state', view.state)
    void commands.executeCommand('setContext', 'quantumAdmin.unavailable', view.unavailable)
    clearInterval(this.#timer)
    const describe = (): void => {
      const text = wordsOf(state)
      for (const one of this.#views) one.describe(text)
    }
    describe()
    if (state.kind === 'waiting') this.#timer = setInterval(describe, 1000)
  }
}

/** How it stands, or undefined when all is well. */
export function wordsOf(state: ModelState, now: number = Date.now()): string | undefined {
  switch (state.kind) {
    case 'connected':
      return undefined
    case 'starting':
      return l10n.t('waiting for {0}', fullText(state.waitingFor))
    case 'failed':
      return fullText(state.failure.message)
    case 'waiting':
      return l10n.t(
        'tries again in {0} s: {1}',
        Math.max(0, Math.ceil((state.retryAt - now) / 1000)),
        fullText(state.failure.message),
      )
  }
}
