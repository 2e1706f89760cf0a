import { l10n, window, type LogOutputChannel } from 'vscode'
import { Failure, messageOf } from '#base/failure.ts'
import { withoutLinks } from './display.ts'
import type { Documentation } from './documentation.ts'

/** A button that does more about an error than its hint, which then is not shown. */
export interface Remedy {
  readonly title: string
  readonly run: () => Promise<void>
  /** What the button is good for; null where its title says enough. */
  readonly hint: string | null
}

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
  async error(error: unknown, remedy: Remedy | null = null): Promise<void> {
    const failure =
      error instanceof Failure ? error : new Failure('internal', messageOf(error), { cause: error })
    if (failure.code === 'cancelled') return
    this.#log.error(
      `${failure.code}: ${failure.message}`,
      failure.code === 'internal' ? (failure.cause ?? '') : '',
    )
    const hint = remedy === null ? l10n.t(failure.hint) : remedy.hint
    const message = sentences([failure.message, hint])
    // The same sentence twice on the screen says no more than once.
    if (this.#shown.has(message)) return
    this.#shown.add(message)
    const learn = l10n.t('Learn More')
    const showLog = l10n.t('Show Log')
    try {
      const buttons = remedy === null ? [learn, showLog] : [remedy.title, learn]
      const choice = await window.showErrorMessage(message, ...buttons)
      if (choice !== undefined && choice === remedy?.title) await remedy.run()
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

/** One after the other, each with an end. */
function sentences(texts: readonly (string | null)[]): string {
  const told = texts.flatMap((text) => (text === null || text === '' ? [] : [withoutLinks(text).trimEnd()]))
  return told
    .map((text, index) => (index === told.length - 1 || /[.!?…:]$/.test(text) ? text : `${text}.`))
    .join(' ')
}
