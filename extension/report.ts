import { l10n, window, type LogOutputChannel } from 'vscode'
import { Failure, messageOf } from '#base/failure.ts'
import { withoutLinks } from './display.ts'
import type { Documentation } from './documentation.ts'

/** Tells people what went wrong, once, with a way to act. */
export class Report {
  readonly #documentation: Documentation
  readonly #log: LogOutputChannel
  readonly #shown = new Set<string>()

  constructor(documentation: Documentation, log: LogOutputChannel) {
    this.#documentation = documentation
    this.#log = log
  }

  /** Shows an error. What a person cancelled is not one. */
  async error(error: unknown): Promise<void> {
    const failure =
      error instanceof Failure ? error : new Failure('internal', messageOf(error), { cause: error })
    if (failure.code === 'cancelled') return
    this.#log.error(
      `${failure.code}: ${failure.message}`,
      failure.code === 'internal' ? (failure.cause ?? '') : '',
    )
    const message = `${withoutLinks(failure.message)} ${withoutLinks(l10n.t(failure.hint))}`
    // The same sentence twice on the screen says no more than once.
    if (this.#shown.has(message)) return
    this.#shown.add(message)
    const learn = l10n.t('Learn More')
    const showLog = l10n.t('Show Log')
    try {
      const choice = await window.showErrorMessage(message, learn, showLog)
      if (choice === learn) await this.#documentation.open(`errors/${failure.code}.md`)
      if (choice === showLog) this.#log.show()
    } finally {
      this.#shown.delete(message)
    }
  }

  /** Runs something a person asked for and shows what goes wrong with it. */
  async guard<T>(run: () => Promise<T> | T): Promise<T | undefined> {
    try {
      return await run()
    } catch (error) {
      // Waiting for the person to read it would keep the command busy.
      void this.error(error).catch((reason: unknown) => this.#log.error(messageOf(reason)))
      return undefined
    }
  }
}
