import { homedir } from 'node:os'
import {
  Diagnostic,
  DiagnosticSeverity,
  l10n,
  languages,
  Position,
  Range,
  workspace,
  type TextDocument,
  type Uri,
} from 'vscode'
import * as path from 'node:path'
import type { AppProblem, AppRow } from '#contract/apps.ts'
import type { AskedPort } from '#contract/language.ts'
import type { Topic } from '#contract/system.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import { oneAtATime } from '#base/one-at-a-time.ts'
import { fullText } from '../display.ts'
import type { Model } from '../model.ts'
import type { Report } from '../report.ts'
import type { PortHolding } from '../resources.ts'
import { holderOf } from '../views/port-item.ts'
import type { AppFolders } from './app-folders.ts'
import { isConfiguration } from './config-file.ts'
import { connectorProblems } from './connector-problems.ts'
import { forwardProblems, ForwardWatch } from './forward-problems.ts'
import { judged, problemsIn, type Told } from './saved-problems.ts'
import { strangerOn } from './taken-port.ts'

export interface LiveProblemsDeps {
  readonly model: Model
  readonly folders: AppFolders
  readonly report: Report
  /** The port that a document asks for. */
  readonly askedPort: (uri: Uri) => Promise<AskedPort | null>
}

const source = 'Quantum Admin'
/** What the daemon says that is shown in a configuration. */
export const told: readonly Topic[] = ['apps', 'ports', 'connectors']

/**
 * What is wrong with the open configurations: what the language server says of their text, and what the daemon says of
 * the machine. Where both speak of the same, the daemon is right: it is what runs the app.
 */
export class LiveProblems implements Owned {
  readonly #deps: LiveProblemsDeps
  readonly #lifetime = new Lifetime()
  readonly #collection = this.#lifetime.own(languages.createDiagnosticCollection('quantumAdmin'))
  readonly #ofText = new Map<string, readonly Diagnostic[]>()
  readonly #forwarding: ForwardWatch

  /** Shows what is wrong now. An earlier look that took longer must not stand in its place. */
  readonly refresh = oneAtATime(async (): Promise<void> => {
    const open = workspace.textDocuments.filter(({ uri }) => isConfiguration(uri))
    this.#forwarding.look(open)
    for (const document of open) await this.#show(document)
    const uris = new Set(open.map(({ uri }) => uri.toString()))
    this.#collection.forEach((uri) => uris.has(uri.toString()) || this.#collection.delete(uri))
    for (const uri of this.#ofText.keys()) if (!uris.has(uri)) this.#ofText.delete(uri)
  })

  constructor(deps: LiveProblemsDeps) {
    this.#deps = deps
    const again = () => void deps.report.guard(() => this.refresh())
    this.#forwarding = this.#lifetime.own(new ForwardWatch(deps.model, again))
    this.#lifetime.own(deps.model.onChanged((topic) => void (told.includes(topic) && again())))
    this.#lifetime.own(
      workspace.onDidSaveTextDocument(({ uri }) => {
        if (!isConfiguration(uri)) return
        deps.model.refresh(['apps'])
        again()
      }),
    )
  }

  /** Takes what the language server says of a document's text. */
  take(uri: Uri, diagnostics: readonly Diagnostic[]): void {
    this.#ofText.set(uri.toString(), diagnostics)
    void this.#deps.report.guard(() => this.refresh())
  }

  dispose(): Promise<void> {
    return this.#lifetime.dispose()
  }

  async #show(document: TextDocument): Promise<void> {
    const { folders } = this.#deps
    const { uri, version } = document
    const app = (await folders.appOf(uri)) ?? null
    const port = await this.#portProblem(document, app)
    const forwarding = await forwardProblems(this.#deps.model, document, app)
    // Whoever types hears of it when the server has looked at the new text.
    if (document.version !== version || document.isClosed) return
    const connectors = connectorProblems(this.#deps.model, document, app)
    const ofText = this.#ofText.get(uri.toString()) ?? []
    const saved = app === null || document.isDirty ? null : problemsIn(app, path.basename(uri.fsPath))
    const { right, more } = judged(ofText, toldBy, saved)
    this.#collection.set(uri, [...right, ...more.map(diagnosticOf), ...port, ...connectors, ...forwarding])
  }

  async #portProblem({ uri }: TextDocument, app: AppRow | null): Promise<readonly Diagnostic[]> {
    const ports = this.#deps.folders.rows === undefined ? undefined : this.#deps.model.snapshot('ports')
    const asked = ports === undefined ? null : await this.#deps.askedPort(uri)
    if (asked === null || (asked.section === 'server' && app?.kind !== 'quantum')) return []
    const owner = app ?? { name: null, folder: path.dirname(uri.fsPath), pid: null }
    const holding = strangerOn(asked.port, ports?.rows ?? [], owner)
    if (holding === null) return []
    const { start, end } = asked.range
    const range = new Range(start.line, start.character, end.line, end.character)
    const diagnostic = new Diagnostic(range, portWords(holding, app), DiagnosticSeverity.Warning)
    diagnostic.source = source
    diagnostic.code = 'port-in-use'
    return [diagnostic]
  }
}

function portWords(holding: PortHolding, app: AppRow | null): string {
  const { pid, cwd, container } = holding.row
  const folder = cwd === null || container !== null ? null : withTilde(cwd)
  const facts = [
    l10n.t('Port {0} is taken by {1}', holding.port, fullText(holderOf(holding))),
    pid === null || container !== null ? null : l10n.t('pid {0}', pid),
    folder === null ? null : l10n.t('started in {0}', fullText(folder)),
  ]
  const told = facts.filter((fact) => fact !== null).join(', ')
  const given = app?.port ?? null
  return given === null || given === holding.port
    ? l10n.t('{0}. The app will be given the next free one.', told)
    : l10n.t('{0}. The app has {1} instead.', told, given)
}

function withTilde(folder: string): string {
  const home = homedir()
  return folder === home || folder.startsWith(`${home}/`) ? `~${folder.slice(home.length)}` : folder
}

const toldBy = ({ message, code }: Diagnostic): Told => ({
  message,
  code: typeof code === 'string' ? code : '',
})

function diagnosticOf({ line, column, message, severity }: AppProblem): Diagnostic {
  const at = new Position((line ?? 1) - 1, (column ?? 1) - 1)
  const rank = severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning
  const diagnostic = new Diagnostic(new Range(at, at.translate(0, 1)), fullText(message), rank)
  diagnostic.source = source
  return diagnostic
}
