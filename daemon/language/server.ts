import { fileURLToPath } from 'node:url'
import {
  CodeActionKind,
  TextDocuments,
  TextDocumentSyncKind,
  type Connection,
  type InitializeParams,
  type InitializeResult,
  type TextDocumentPositionParams,
  type WorkspaceFolder,
  type WorkspaceFoldersChangeEvent,
} from 'vscode-languageserver/node'
import { TextDocument } from 'vscode-languageserver-textdocument'
import { build } from '#base/version.ts'
import {
  appFileRequest,
  appNamesRequest,
  appsChangedNotification,
  askedPortRequest,
  trustedNotification,
  type AskedPort,
  type LanguageOptions,
} from '#contract/language.ts'
import type { Environment } from '../config/config-variables.ts'
import { actionsFor, completionOf, hoverOf, symbolOf } from './answers.ts'
import { askedPortIn } from './asked-port.ts'
import { Checks } from './checks.ts'
import { definitionAt } from './definition.ts'
import { symbolsOf } from './symbols.ts'
import { Outlines, rangeOf } from './texts.ts'
import { WorkspaceFiles } from './workspace-files.ts'

/** How long a client may take to say what the daemon knows. Without an answer we do without. */
const answerMs = 1000

/**
 * Serves one client. It reads the text of open documents, looks for files inside a trusted workspace, and does nothing
 * else: it runs nothing, connects to nothing and writes nothing.
 */
export class LanguageServer {
  readonly #connection: Connection
  readonly #documents = new TextDocuments(TextDocument)
  readonly #outlines = new Outlines()
  readonly #checks: Checks
  #folders: readonly string[] = []
  #tellsFolders = false
  #trusted = false

  constructor(connection: Connection, environment: Environment) {
    this.#connection = connection
    const files = () => this.#files
    const apps = () => this.#ask<readonly string[]>(appNamesRequest, {})
    this.#checks = new Checks({ connection, environment, outlines: this.#outlines, files, apps })
  }

  /** Answers from now on. */
  listen(): void {
    const connection = this.#connection
    connection.onInitialize((params) => this.#initialize(params))
    this.#documents.onDidChangeContent(({ document }) => this.#checks.soon(document))
    this.#documents.onDidSave(({ document }) => this.#checks.soon(document))
    this.#documents.onDidClose(({ document }) => this.#checks.forget(document))
    // Another configuration came or went, perhaps one that an open one names.
    connection.onDidChangeWatchedFiles(() => this.#checkAll())
    connection.onNotification(appsChangedNotification, () => this.#checkAll())
    connection.onNotification(trustedNotification, () => {
      this.#trusted = true
      this.#checkAll()
    })
    connection.onInitialized(() => {
      if (this.#tellsFolders)
        connection.workspace.onDidChangeWorkspaceFolders((change) => this.#follow(change))
    })
    this.#answerQuestions()
    this.#documents.listen(connection)
    connection.listen()
  }

  #answerQuestions(): void {
    const connection = this.#connection
    connection.onCompletion((params) =>
      this.#at(params, async (document, offset) => {
        const apps = (await this.#ask<readonly string[]>(appNamesRequest, {})) ?? []
        const typed = params.context?.triggerCharacter ?? null
        return completionOf(document, this.#outlines.of(document), offset, { apps, typed })
      }),
    )
    connection.onHover((params) =>
      this.#at(params, (document, offset) => hoverOf(document, this.#outlines.of(document), offset)),
    )
    connection.onDefinition((params) =>
      this.#at(params, (document, offset) =>
        definitionAt(document, this.#outlines.of(document), offset, {
          files: this.#files,
          fileOfApp: (app) => this.#ask<string>(appFileRequest, { app }),
        }),
      ),
    )
    connection.onDocumentSymbol(({ textDocument }) => {
      const document = this.#documents.get(textDocument.uri)
      return document === undefined ? null : symbolsOf(this.#outlines.of(document)).map(symbolOf(document))
    })
    connection.onCodeAction(({ textDocument, range }) => {
      const document = this.#documents.get(textDocument.uri)
      return document === undefined
        ? null
        : [...actionsFor(document, this.#checks.problemsOf(document), range)]
    })
    connection.onRequest(askedPortRequest, ({ uri }: { readonly uri: string }) => this.#askedPort(uri))
  }

  #initialize({ capabilities, initializationOptions, workspaceFolders }: InitializeParams): InitializeResult {
    // Whatever a client sends here: nothing but `true` counts.
    const { trusted } = (initializationOptions ?? {}) as LanguageOptions
    this.#trusted = trusted === true
    this.#tellsFolders = capabilities.workspace?.workspaceFolders === true
    this.#folders = pathsOf(workspaceFolders ?? [])
    return {
      serverInfo: { name: 'Quantum Admin', version: build.version },
      capabilities: {
        textDocumentSync: {
          openClose: true,
          change: TextDocumentSyncKind.Incremental,
          save: { includeText: false },
        },
        completionProvider: { triggerCharacters: [' ', '[', '{', ','] },
        hoverProvider: true,
        definitionProvider: true,
        documentSymbolProvider: true,
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
        // Said here, because not every client can be asked for it later.
        ...(this.#tellsFolders
          ? { workspace: { workspaceFolders: { supported: true, changeNotifications: true } } }
          : {}),
      },
    }
  }

  #follow({ added, removed }: WorkspaceFoldersChangeEvent): void {
    const gone = new Set(pathsOf(removed))
    this.#folders = [...this.#folders.filter((folder) => !gone.has(folder)), ...pathsOf(added)]
    this.#checkAll()
  }

  get #files(): WorkspaceFiles {
    return new WorkspaceFiles(this.#trusted ? this.#folders : [])
  }

  #checkAll(): void {
    for (const document of this.#documents.all()) this.#checks.soon(document)
  }

  #at<T>(
    { textDocument, position }: TextDocumentPositionParams,
    answer: (document: TextDocument, offset: number) => T,
  ): T | null {
    const document = this.#documents.get(textDocument.uri)
    return document === undefined ? null : answer(document, document.offsetAt(position))
  }

  #askedPort(uri: string): AskedPort | null {
    const document = this.#documents.get(uri)
    if (document === undefined) return null
    const asked = askedPortIn(this.#outlines.of(document), this.#checks.readingOf(document).config)
    if (asked === null) return null
    return { port: asked.port, section: asked.section, range: rangeOf(document, asked) }
  }

  /** Asks the client for what the daemon knows. Most clients of the protocol know no daemon. */
  async #ask<T>(method: string, params: object): Promise<T | null> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, answerMs, null)))
    const answer = this.#connection.sendRequest<T | null>(method, params).catch(() => null)
    const first = await Promise.race([answer, late])
    clearTimeout(timer)
    return first
  }
}

/** Those that lie on this machine. */
const pathsOf = (folders: readonly WorkspaceFolder[]): readonly string[] =>
  folders.filter(({ uri }) => uri.startsWith('file:')).map(({ uri }) => fileURLToPath(uri))
