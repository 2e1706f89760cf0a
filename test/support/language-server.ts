import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { pathToFileURL } from 'node:url'
import {
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  StreamMessageReader,
  StreamMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node'
import type {
  CodeAction,
  CompletionItem,
  Diagnostic,
  PublishDiagnosticsParams,
} from 'vscode-languageserver/node'
import { inRoot } from './paths.ts'

export interface LanguageServerOptions {
  /** The bundle that is run; default the one that was built here. */
  readonly file?: string
  /** Default stdio. */
  readonly ipc?: boolean
  readonly trusted?: boolean
  /** The folders of the workspace. */
  readonly folders?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** The apps of a daemon, with the URI of their configuration; default: no daemon. */
  readonly apps?: Readonly<Record<string, string | null>>
}

/** A built language server, spoken to as an editor does. */
export class LanguageServerProcess {
  readonly connection: MessageConnection
  readonly child: ChildProcess
  readonly #versions = new Map<string, number>()
  readonly #published = new Map<string, PublishDiagnosticsParams>()
  #arrived = () => {}

  private constructor(child: ChildProcess, connection: MessageConnection) {
    this.child = child
    this.connection = connection
    connection.onNotification('textDocument/publishDiagnostics', (params: PublishDiagnosticsParams) => {
      this.#published.set(params.uri, params)
      this.#arrived()
    })
    connection.listen()
    child.once('exit', () => this.#arrived())
  }

  /** Settles when something was published. @throws Error when the server has ended. */
  async #next(): Promise<void> {
    const ended = () => this.child.exitCode !== null || this.child.signalCode !== null
    if (!ended()) await new Promise<void>((resolve) => (this.#arrived = resolve))
    if (ended()) throw new Error('The language server has ended')
  }

  static async start(options: LanguageServerOptions = {}): Promise<LanguageServerProcess> {
    const { ipc = false, trusted = false, folders = [], env = {}, apps = null } = options
    const child = fork(options.file ?? inRoot('dist/language.cjs'), [ipc ? '--node-ipc' : '--stdio'], {
      stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
      // As in VS Code.
      execArgv: ['--max-old-space-size=384'],
      env: { ...process.env, ...env },
    })
    const { stdout, stdin } = child
    if (stdout === null || stdin === null) throw new Error('The server has no streams')
    const connection = ipc
      ? createMessageConnection(new IPCMessageReader(child), new IPCMessageWriter(child))
      : createMessageConnection(new StreamMessageReader(stdout), new StreamMessageWriter(stdin))
    const server = new LanguageServerProcess(child, connection)
    connection.onRequest('quantumAdmin/appNames', () => (apps === null ? null : Object.keys(apps)))
    connection.onRequest('quantumAdmin/appFile', ({ app }: { readonly app: string }) => apps?.[app] ?? null)
    await connection.sendRequest('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities: { workspace: { workspaceFolders: true } },
      initializationOptions: { trusted },
      workspaceFolders: folders.map((folder) => ({ uri: pathToFileURL(folder).href, name: 'folder' })),
    })
    await connection.sendNotification('initialized', {})
    return server
  }

  /** Opens a document, or changes it as a whole. */
  async show(uri: string, text: string): Promise<void> {
    const version = (this.#versions.get(uri) ?? 0) + 1
    this.#versions.set(uri, version)
    if (version === 1)
      await this.connection.sendNotification('textDocument/didOpen', {
        textDocument: { uri, languageId: 'yaml', version, text },
      })
    else
      await this.connection.sendNotification('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges: [{ text }],
      })
  }

  /** What is wrong with the newest version of a document. */
  async diagnostics(uri: string): Promise<readonly Diagnostic[]> {
    for (;;) {
      const published = this.#published.get(uri)
      if (published?.version === this.#versions.get(uri)) return published?.diagnostics ?? []
      await this.#next()
    }
  }

  /** What is published about a document when it is closed. */
  async close(uri: string): Promise<readonly Diagnostic[]> {
    this.#published.delete(uri)
    await this.connection.sendNotification('textDocument/didClose', { textDocument: { uri } })
    for (;;) {
      const published = this.#published.get(uri)
      if (published !== undefined) return published.diagnostics
      await this.#next()
    }
  }

  request<T>(method: string, uri: string, line: number, character: number): Promise<T> {
    return this.connection.sendRequest(method, { textDocument: { uri }, position: { line, character } })
  }

  async completions(uri: string, line: number, character: number): Promise<readonly CompletionItem[]> {
    const { items } = await this.request<{ readonly items: readonly CompletionItem[] }>(
      'textDocument/completion',
      uri,
      line,
      character,
    )
    return items
  }

  /** What is offered to mend a problem. */
  async fixes(uri: string, { range }: Diagnostic): Promise<readonly CodeAction[]> {
    return this.connection.sendRequest('textDocument/codeAction', {
      textDocument: { uri },
      range,
      context: { diagnostics: [] },
    })
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const exited = once(this.child, 'exit')
    await this.connection.sendRequest('shutdown')
    await this.connection.sendNotification('exit')
    await exited
    this.connection.dispose()
  }
}

/** A text with the place of the `|` in it. */
export function marked(text: string): {
  readonly text: string
  readonly line: number
  readonly character: number
} {
  const at = text.indexOf('|')
  const before = text.slice(0, at)
  const line = before.split('\n').length - 1
  return { text: before + text.slice(at + 1), line, character: at - (before.lastIndexOf('\n') + 1) }
}
