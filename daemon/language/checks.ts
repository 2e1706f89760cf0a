import { fileURLToPath } from 'node:url'
import type { Connection } from 'vscode-languageserver/node'
import type { TextDocument } from 'vscode-languageserver-textdocument'
import { messageOf } from '#base/failure.ts'
import type { Environment } from '../config/config-variables.ts'
import { diagnosticOf } from './answers.ts'
import { problemsIn, type Problem } from './diagnostics.ts'
import type { Outlines } from './texts.ts'
import type { WorkspaceFiles } from './workspace-files.ts'

/** How long nobody types before a text is looked at again. */
const pauseMs = 150

export interface ChecksDeps {
  readonly connection: Connection
  readonly outlines: Outlines
  readonly environment: Environment
  /** As they are now: a workspace can become trusted. */
  readonly files: () => WorkspaceFiles
}

interface Checked {
  readonly version: number
  readonly problems: readonly Problem[]
}

/** Looks at each open document whenever it has changed, and sends what is wrong. */
export class Checks {
  readonly #deps: ChecksDeps
  readonly #timers = new Map<string, NodeJS.Timeout>()
  readonly #checked = new WeakMap<TextDocument, Checked>()

  constructor(deps: ChecksDeps) {
    this.#deps = deps
  }

  /** Looks at a document as soon as nobody types in it. */
  soon(document: TextDocument): void {
    clearTimeout(this.#timers.get(document.uri))
    this.#timers.set(
      document.uri,
      setTimeout(() => void this.#check(document), pauseMs),
    )
  }

  forget({ uri }: TextDocument): void {
    clearTimeout(this.#timers.get(uri))
    this.#timers.delete(uri)
    void this.#deps.connection.sendDiagnostics({ uri, diagnostics: [] })
  }

  /** What the text itself has wrong, as it is now. */
  problemsOf(document: TextDocument): readonly Problem[] {
    const known = this.#checked.get(document)
    if (known?.version === document.version) return known.problems
    const problems = problemsIn(document.getText(), this.#deps.environment)
    this.#checked.set(document, { version: document.version, problems })
    return problems
  }

  async #check(document: TextDocument): Promise<void> {
    const { connection, outlines, files } = this.#deps
    const { uri, version } = document
    try {
      const problems = this.problemsOf(document)
      const missing = uri.startsWith('file:')
        ? await files().missing(outlines.of(document), fileURLToPath(uri))
        : []
      // Whoever has typed meanwhile hears of it after the next pause, and whoever has closed it of nothing.
      if (document.version !== version || !this.#timers.has(uri)) return
      const diagnostics = [...problems, ...missing].map((problem) => diagnosticOf(document, problem))
      await connection.sendDiagnostics({ uri, version, diagnostics })
    } catch (error) {
      connection.console.error(messageOf(error))
    }
  }
}
