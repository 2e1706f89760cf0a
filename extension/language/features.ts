import * as path from 'node:path'
import { languages, window, workspace, type LogOutputChannel, type Uri } from 'vscode'
import { LanguageClient, RevealOutputChannelOn, TransportKind } from 'vscode-languageclient/node'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import {
  appFileRequest,
  appNamesRequest,
  appsChangedNotification,
  askedPortRequest,
  trustedNotification,
  type AskedPort,
  type LanguageOptions,
} from '#contract/language.ts'
import type { Model } from '../model.ts'
import type { Report } from '../report.ts'
import type { Settings } from '../settings.ts'
import { AppFolders } from './app-folders.ts'
import { AppLenses } from './app-lenses.ts'
import { configurationIn, isConfiguration } from './config-file.ts'
import { LiveProblems, told } from './live-problems.ts'

export interface LanguageDeps {
  readonly model: Model
  readonly settings: () => Settings
  readonly report: Report
  readonly log: LogOutputChannel
  readonly extensionPath: string
}

const files = '**/quantum.config.{yaml,yml}'
const selector = [{ scheme: 'file', pattern: files }]
/** Much more than a file of the largest size takes, and too little for a hostile one to hurt. */
const serverMemory = '--max-old-space-size=384'

/** Everything that an open configuration gets: the language server's answers, and what the daemon knows of its app. */
export class LanguageFeatures implements Owned {
  readonly #deps: LanguageDeps
  readonly #lifetime = new Lifetime()
  readonly #client: LanguageClient
  readonly #folders: AppFolders
  readonly #problems: LiveProblems
  #interest: Owned | undefined

  constructor(deps: LanguageDeps) {
    this.#deps = deps
    const { model } = deps
    this.#folders = new AppFolders(model, deps.settings)
    this.#client = this.#makeClient()
    this.#problems = this.#lifetime.own(
      new LiveProblems({
        model,
        folders: this.#folders,
        report: deps.report,
        askedPort: (uri) => this.#askedPort(uri),
      }),
    )
    const lenses = this.#lifetime.own(new AppLenses(model, this.#folders))
    this.#lifetime.own(languages.registerCodeLensProvider(selector, lenses))
    this.#lifetime.own(window.onDidChangeVisibleTextEditors(() => this.#look()))
    this.#lifetime.onDispose(() => this.#interest?.dispose())
  }

  /** Starts the server. It is started again when it ends by itself, unless it does so again and again. */
  async start(): Promise<void> {
    const client = this.#client
    client.onRequest(appNamesRequest, () => this.#folders.rows?.map(({ name }) => name) ?? null)
    client.onRequest(appFileRequest, ({ app }: { readonly app: string }) => this.#fileOf(app))
    this.#lifetime.own(
      workspace.onDidGrantWorkspaceTrust(() => unlessGone(client.sendNotification(trustedNotification))),
    )
    this.#look()
    await client.start()
    this.#lifetime.own(this.#tellNames())
  }

  async dispose(): Promise<void> {
    await this.#lifetime.dispose()
    await this.#client.dispose()
  }

  #makeClient(): LanguageClient {
    const { extensionPath, log } = this.#deps
    const run = {
      module: path.join(extensionPath, 'dist', 'language.cjs'),
      transport: TransportKind.ipc,
      options: { execArgv: [serverMemory] },
    }
    // Asked again for each start: a workspace can become trusted in between.
    const options = (): LanguageOptions => ({ trusted: workspace.isTrusted })
    return new LanguageClient(
      'quantumAdmin',
      'Quantum Admin',
      { run, debug: run },
      {
        documentSelector: selector,
        initializationOptions: options,
        synchronize: { fileEvents: this.#lifetime.own(workspace.createFileSystemWatcher(files)) },
        outputChannel: log,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        middleware: { handleDiagnostics: (uri, diagnostics) => this.#problems.take(uri, diagnostics) },
      },
    )
  }

  /** Lets the server know whenever other apps are known than before. */
  #tellNames(): Owned {
    let before = ''
    return this.#deps.model.onChanged((topic) => {
      if (topic !== 'apps') return
      const names = JSON.stringify(this.#folders.rows?.map(({ name }) => name))
      if (names === before || !this.#client.isRunning()) return
      before = names
      void unlessGone(this.#client.sendNotification(appsChangedNotification))
    })
  }

  /** What the daemon says counts only while somebody sees a configuration. */
  #look(): void {
    const wanted = window.visibleTextEditors.some(({ document }) => isConfiguration(document.uri))
    if (wanted === (this.#interest !== undefined)) return
    const before = this.#interest
    this.#interest = wanted ? this.#deps.model.want(told) : undefined
    void before?.dispose()
  }

  async #askedPort(uri: Uri): Promise<AskedPort | null> {
    if (!this.#client.isRunning()) return null
    return unlessGone(this.#client.sendRequest<AskedPort>(askedPortRequest, { uri: uri.toString() }))
  }

  async #fileOf(app: string): Promise<string | null> {
    const row = this.#folders.rows?.find(({ name }) => name === app)
    const file = row === undefined ? null : await configurationIn(row.folder)
    return file?.toString() ?? null
  }
}

/** A server that ends before it answers is started again, and then everything is said and asked anew. */
const unlessGone = <T>(answer: Promise<T>): Promise<T | null> => answer.catch(() => null)
