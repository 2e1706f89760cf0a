import { EventEmitter, languages, Uri, window, workspace, type TextDocumentContentProvider } from 'vscode'
import { messageOf } from '#base/failure.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import { printable } from '#base/printable.ts'
import { fullText } from './display.ts'
import { registerIncidentLinks } from './incident-links.ts'
import { incidentText } from './incident-text.ts'
import {
  containerText,
  doctorText,
  entryText,
  leaseText,
  outputText,
  processText,
  whoText,
  type Ask,
} from './document-texts.ts'

/** What a read-only document shows, and of which. */
export type DocumentSubject =
  | 'port'
  | 'process'
  | 'container'
  | 'lease'
  | 'entry'
  | 'doctor'
  | 'output'
  | 'logs'
  | 'incident'

const scheme = 'quantum-admin'
const texts: Readonly<Record<DocumentSubject, (ask: Ask, key: string) => Promise<string>>> = {
  port: (ask, key) => whoText(ask, Number(key)),
  process: (ask, key) => processText(ask, Number(key)),
  container: containerText,
  lease: leaseText,
  entry: (ask, key) => entryText(ask, Number(key)),
  doctor: doctorText,
  output: outputText,
  incident: (ask, key) => incidentText(ask, Number(key)),
  logs: async (ask, key) => (await import('./logs/log-document.ts')).logsText(ask, key),
}

/** What else than plain text some are. */
const languageOf: Readonly<Partial<Record<DocumentSubject, string>>> = { entry: 'json', logs: 'log' }

/**
 * Read-only documents with details. Each asks the daemon when it is opened, so one that VS Code restores shows
 * what is true then; the address holds only which subject, and can ask for nothing but these queries.
 */
export class Documents implements TextDocumentContentProvider, Owned {
  readonly #ask: Ask
  readonly #lifetime = new Lifetime()
  readonly #changed = new EventEmitter<Uri>()
  readonly onDidChange = this.#changed.event

  constructor(ask: Ask) {
    this.#ask = ask
    this.#lifetime.own(this.#changed)
    this.#lifetime.own(workspace.registerTextDocumentContentProvider(scheme, this))
    this.#lifetime.own(registerIncidentLinks())
  }

  /** Opens a document beside what the person does; `title` is the name of its tab. */
  async show(subject: DocumentSubject, key: string, title: string): Promise<void> {
    const name = printable(title, 80).replace(/[/\\?#]/g, '_')
    const uri = Uri.from({ scheme, path: `/${name}`, query: `${subject}=${key}` })
    this.#changed.fire(uri)
    const document = await workspace.openTextDocument(uri)
    const language = languageOf[subject]
    if (language !== undefined) await languages.setTextDocumentLanguage(document, language)
    await window.showTextDocument(document, { preview: true, preserveFocus: true })
  }

  async provideTextDocumentContent(uri: Uri): Promise<string> {
    const [subject = '', key = ''] = uri.query.split('=')
    if (!Object.hasOwn(texts, subject)) return ''
    try {
      return await texts[subject as DocumentSubject](this.#ask, key)
    } catch (error) {
      return fullText(messageOf(error))
    }
  }

  dispose(): Promise<void> {
    return this.#lifetime.dispose()
  }
}
