import { fileURLToPath } from 'node:url'
import type { Connection } from 'vscode-languageserver/node'
import type { TextDocument } from 'vscode-languageserver-textdocument'
import { messageOf } from '#base/failure.ts'
import type { Environment } from '../config/config-variables.ts'
import { diagnosticOf } from './answers.ts'
import { readingOf, type Problem, type Reading } from './diagnostics.ts'
import type { Outlines } from './texts.ts'
import { unknownApps } from './unknown-apps.ts'
import type { WorkspaceFiles } from './workspace-files.ts'

/** How long nobody types before a text is looked at again. */
const pauseMs = 150

export interface ChecksDeps {
  readonly connection: Connection
  readonly outlines: Outlines
  readonly environment: Environment
  /** As they are now: a workspace can become trusted. */
  readonly files: () => WorkspaceFiles
  /** The names of the apps that the daemon knows; null when it cannot be asked. */
  readonly apps: () => Promise<readonly string[] | null>
}

/** Something that is known of one version of a document. */
interface Of<T> {
  readonly version: number
  readonly value: T
}

/** Looks at each open document whenever it has changed, and sends what is wrong. */
export class Checks {
  readonly #deps: ChecksDeps
  readonly #timers = new Map<string, NodeJS.Timeout>()
  readonly #readings = new WeakMap<TextDocument, Of<Reading>>()
  readonly #around = new WeakMap<TextDocument, Of<readonly Problem[]>>()

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

  /** What the text says, as it is now. */
  readingOf(document: TextDocument): Reading {
    const known = this.#readings.get(document)
    if (known?.version === document.version) return known.value
    const value = readingOf(document.getText(), this.#deps.environment)
    this.#readings.set(document, { version: document.version, value })
    return value
  }

  /** What is wrong with a document, as far as that is known of what it says now. */
  problemsOf(document: TextDocument): readonly Problem[] {
    const around = this.#around.get(document)
    const { problems } = this.readingOf(document)
    return around?.version === document.version ? [...problems, ...around.value] : problems
  }

  async #check(document: TextDocument): Promise<void> {
    const { connection } = this.#deps
    const { uri, version } = document
    try {
      const value = await this.#lookAround(document)
      // Whoever has typed meanwhile hears of it after the next pause, and whoever has closed it of nothing.
      if (document.version !== version || !this.#timers.has(uri)) return
      this.#around.set(document, { version, value })
      const diagnostics = this.problemsOf(document).map((problem) => diagnosticOf(document, problem))
      await connection.sendDiagnostics({ uri, version, diagnostics })
    } catch (error) {
      connection.console.error(messageOf(error))
    }
  }

  /** What a document names, and neither the workspace nor the daemon has. */
  async #lookAround(document: TextDocument): Promise<readonly Problem[]> {
    const { outlines, files, apps } = this.#deps
    const outline = outlines.of(document)
    const [missing, names] = await Promise.all([
      document.uri.startsWith('file:') ? files().missing(outline, fileURLToPath(document.uri)) : [],
      apps(),
    ])
    return names === null ? missing : [...missing, ...unknownApps(outline, names)]
  }
}
