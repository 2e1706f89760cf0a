import { Diagnostic, DiagnosticSeverity, l10n, Range, type TextDocument } from 'vscode'
import type { AppRow } from '#contract/apps.ts'
import type { LogForwardRow } from '#contract/logs.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import { fullText } from '../display.ts'
import type { Model } from '../model.ts'

/** Where `admin.logs.forward` begins; whether it is that, the daemon knows. */
const key = /^[ \t]*forward[ \t]*:/m

/**
 * What keeps an app's logs from being forwarded, where its configuration says where to. Nothing is asked, and nothing said,
 * of a text that does not forward or that differs from the file.
 */
export async function forwardProblems(
  model: Model,
  document: TextDocument,
  app: AppRow | null,
): Promise<readonly Diagnostic[]> {
  const at = app === null || document.isDirty ? null : key.exec(document.getText())
  if (at === null || app === null) return []
  const rows = await rowsOf(model, app.name)
  return rows.flatMap(({ state, error }) => {
    if (error === null || (state !== 'retrying' && state !== 'stopped')) return []
    const end = document.positionAt(at.index + at[0].length)
    const line = document.lineAt(end.line)
    const range = new Range(
      end.line,
      line.firstNonWhitespaceCharacterIndex,
      end.line,
      line.range.end.character,
    )
    const message = l10n.t('Logs are not forwarded: {0}', fullText(error.message))
    const diagnostic = new Diagnostic(range, message, DiagnosticSeverity.Warning)
    diagnostic.source = 'Quantum Admin'
    diagnostic.code = 'forwarding'
    return [diagnostic]
  })
}

async function rowsOf(model: Model, app: string): Promise<readonly LogForwardRow[]> {
  try {
    return await model.query('logs.forwarding', { apps: [app] })
  } catch {
    // What else is wrong with the text is shown all the same; that logs cannot be kept, the page of logs says.
    return []
  }
}

/** Lines come faster than anybody reads what is said of them. */
const pauseMs = 2000

/** Says when there may be another thing to tell, while an open configuration forwards logs. */
export class ForwardWatch implements Owned {
  readonly #model: Model
  readonly #life = new Lifetime()
  #interest: Owned | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(model: Model, again: () => void) {
    this.#model = model
    const later = (): void => {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        again()
      }, pauseMs)
    }
    this.#life.own(model.onChanged((topic) => void (topic === 'logs' && this.#interest && later())))
    this.#life.onDispose(() => clearTimeout(this.#timer))
    this.#life.onDispose(() => this.#interest?.dispose())
  }

  /** Looks whether one of the open configurations forwards. */
  look(open: readonly TextDocument[]): void {
    const forwards = !this.#life.disposed && open.some((document) => key.test(document.getText()))
    if (forwards) this.#interest ??= this.#model.want(['logs'])
    else {
      void this.#interest?.dispose()
      this.#interest = undefined
    }
  }

  dispose(): Promise<void> {
    return this.#life.dispose()
  }
}
