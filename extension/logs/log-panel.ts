import { commands, env, Uri, ViewColumn, type WebviewPanel } from 'vscode'
import type { LogFilter } from '#contract/logs.ts'
import { asFailure, Failure } from '#base/failure.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { Ask } from '../document-texts.ts'
import type { Documents } from '../documents.ts'
import { failureOf, type Model } from '../model.ts'
import type { Report } from '../report.ts'
import type { LogView } from '../../webviews/logs/view.ts'
import { fromPageOf, type FromPage, type Status, type ToPage } from '../../webviews/logs/messages.ts'
import type { LogChannels } from './log-channels.ts'
import { logDocumentKey } from './log-document.ts'
import { exportLogs } from './log-export.ts'
import { pageHtml } from '../page-html.ts'
import { filterFor } from './log-search.ts'
import { logStrings } from './log-strings.ts'
import { logsTitle } from './log-title.ts'
import { LogTail } from './log-tail.ts'
import type { SavedViews } from './saved-views.ts'
import { showPlace } from './source-place.ts'

export interface LogPanelDeps {
  readonly model: Model
  readonly report: Report
  readonly documents: Documents
  readonly channels: LogChannels
  readonly views: SavedViews
  readonly extension: Uri
}

type Question = Extract<FromPage, { readonly request: number }>

/** Questions of one page that are under way at once; a page of ours asks a few. */
const mostQuestions = 16

/** The page with the log of one app, or of all. It may ask for what `messages.ts` lists, and for nothing else. */
export class LogPanel implements Owned {
  readonly panel: WebviewPanel
  readonly #deps: LogPanelDeps
  /** Null for all apps. */
  readonly #app: string | null
  readonly #lifetime = new Lifetime()
  readonly #questions = new Map<number, AbortController>()
  #watch: Owned | undefined
  #tail: { readonly id: number; readonly tail: LogTail; shown: () => void } | undefined
  #older = false
  /** VS Code has brought the panel back, and the page was not there since. */
  #restored: boolean
  #status: Status

  constructor(panel: WebviewPanel, app: string | null, restored: boolean, deps: LogPanelDeps) {
    this.panel = panel
    this.#restored = restored
    this.#deps = deps
    this.#app = app
    this.#status = this.#statusNow(null)
    panel.iconPath = {
      light: Uri.joinPath(deps.extension, 'extension', 'media', 'logs-light.svg'),
      dark: Uri.joinPath(deps.extension, 'extension', 'media', 'logs-dark.svg'),
    }
    this.#lifetime.own(panel.webview.onDidReceiveMessage((message: unknown) => this.#received(message)))
    this.#lifetime.own(panel.onDidChangeViewState(() => this.#look()))
    this.#lifetime.own(deps.model.onState(() => this.#tellStatus()))
    this.#lifetime.own(
      deps.model.onChanged((topic) => {
        if (topic === 'logs') this.#tail?.tail.poke()
        if (topic === 'apps') this.#tellStatus()
      }),
    )
    this.#lifetime.onDispose(() => this.#rest())
    this.#lifetime.onDispose(() => this.#watch?.dispose())
    panel.webview.html = pageHtml(panel.webview, deps.extension, 'logs')
    this.#look()
  }

  dispose(): Promise<void> {
    return this.#lifetime.dispose()
  }

  /** Looks at something else. A page that is not shown hears of it when it comes back. */
  look(view: LogView): void {
    this.#post({ type: 'view', view })
  }

  /** A page that is not shown is gone: it asks anew when it comes back. */
  #look(): void {
    if (this.panel.visible) this.#watch ??= this.#deps.model.want(['logs', 'apps'])
    else {
      this.#rest()
      void this.#watch?.dispose()
      this.#watch = undefined
    }
  }

  #rest(): void {
    for (const question of this.#questions.values()) question.abort()
    this.#questions.clear()
    this.#tail?.tail.stop()
    this.#tail?.shown()
    this.#tail = undefined
  }

  #post(message: ToPage): void {
    void this.panel.webview.postMessage(message)
  }

  #received(raw: unknown): void {
    const message = fromPageOf(raw)
    // Whatever it may not say is not answered either.
    if (message === null) return
    if ('request' in message && message.type !== 'cancel') void this.#answer(message)
    else void this.#deps.report.guard(() => this.#act(message))
  }

  async #answer(question: Question): Promise<void> {
    const { request } = question
    const stop = new AbortController()
    try {
      if (this.#questions.size >= mostQuestions) throw new Failure('overloaded', 'Too much is asked at once')
      this.#questions.set(request, stop)
      const value = await this.#find(question, this.#ask(stop.signal))
      this.#post({ type: 'answer', request, value })
    } catch (error) {
      const { code, message } = asFailure(error)
      if (code === 'unknown-method') {
        this.#older = true
        this.#tellStatus()
      }
      if (!stop.signal.aborted) this.#post({ type: 'failed', request, code, message })
    } finally {
      if (this.#questions.get(request) === stop) this.#questions.delete(request)
    }
  }

  async #find(question: Question, ask: Ask): Promise<unknown> {
    switch (question.type) {
      case 'search': {
        const { filter, limit, before, after } = question
        const cursors = {
          ...(before === undefined ? {} : { before }),
          ...(after === undefined ? {} : { after }),
        }
        return ask('logs.search', { ...this.#filter(filter), ...cursors, limit })
      }
      case 'histogram':
        return ask('logs.histogram', { ...this.#filter(question.filter), buckets: question.buckets })
      case 'around':
        return ask('logs.around', { id: question.id, before: question.lines, after: question.lines })
      case 'show':
        return ask('logs.show', { id: question.id })
      case 'sources':
        return (await ask('logs.sources', this.#app === null ? {} : { apps: [this.#app] })).rows
      case 'cancel':
        return null
      default:
        return question satisfies never
    }
  }

  async #act(
    message: Exclude<FromPage, Question> | Extract<FromPage, { readonly type: 'cancel' }>,
  ): Promise<void> {
    const { documents, channels, views } = this.#deps
    const title = logsTitle(this.#app)
    switch (message.type) {
      case 'ready':
        return this.#ready()
      case 'cancel':
        return this.#questions.get(message.request)?.abort()
      case 'tail':
        return this.#follow(message)
      case 'drawn':
        return message.tail === this.#tail?.id ? this.#tail.shown() : undefined
      case 'rest':
        this.#tail?.tail.stop()
        this.#tail = undefined
        return
      case 'export':
        return exportLogs(
          (signal) => this.#ask(signal),
          this.#app ?? 'all',
          this.#filter(message.filter),
          message.format,
        )
      case 'openText':
        return documents.show('logs', logDocumentKey(this.#filter(message.filter)), title)
      case 'openOutput':
        return channels.show(title, this.#filter(message.filter))
      case 'openFrame':
        return showPlace(message, await this.#folderOf(message.app), this.#beside)
      case 'copy':
        return env.clipboard.writeText(message.text)
      case 'save':
        await views.save(this.#app, { name: message.name, view: message.view })
        return this.#post({ type: 'saved', saved: [...views.named(this.#app)] })
      case 'forget':
        await views.forget(this.#app, message.name)
        return this.#post({ type: 'saved', saved: [...views.named(this.#app)] })
      case 'remember':
        return views.remember(this.#app, message.view)
      case 'place':
        return views.keepPlace(this.#app, message.place)
      case 'retry':
        return this.#deps.model.retry()
      case 'showApps':
        return void (await commands.executeCommand('quantumAdmin.apps.focus'))
      default:
        return message satisfies never
    }
  }

  #ready(): void {
    this.#rest()
    this.#status = this.#statusNow(null)
    this.#post({
      type: 'init',
      strings: { ...logStrings() },
      title: this.#app ?? logsTitle(null),
      everyApp: this.#app === null,
      view: this.#deps.views.last(this.#app),
      restored: this.#restored,
      place: this.#restored ? this.#deps.views.place(this.#app) : null,
      saved: [...this.#deps.views.named(this.#app)],
      status: this.#status,
    })
    this.#restored = false
  }

  #follow({ tail: id, filter, after }: Extract<FromPage, { readonly type: 'tail' }>): void {
    this.#tail?.tail.stop()
    this.#tail?.shown()
    const stop = new AbortController()
    const ask = this.#ask(stop.signal)
    const narrowed = this.#filter(filter)
    const tail = new LogTail(after, {
      search: (cursor, limit) => ask('logs.search', { ...narrowed, after: cursor, limit }),
      show: (batch) =>
        new Promise((resolve) => {
          if (this.#tail?.id !== id) return resolve()
          this.#tail.shown = resolve
          this.#post({ type: 'batch', tail: id, ...batch, lines: [...batch.lines] })
        }),
      // The page hears of a lost daemon by its state, and begins anew when it is back.
      failed: () => {},
    })
    this.#tail = { id, tail, shown: () => stop.abort() }
    tail.poke()
  }

  #filter(filter: Extract<FromPage, { readonly type: 'tail' }>['filter']): LogFilter {
    return filterFor(this.#app, filter)
  }

  #ask(signal: AbortSignal): Ask {
    return (name, params) => this.#deps.model.query(name, params, { signal })
  }

  /** Of an app that this page may show. */
  async #folderOf(name: string): Promise<string | null> {
    if (this.#app !== null && this.#app !== name) return null
    const { rows } = await this.#deps.model.query('apps.list', {})
    return rows.find((row) => row.name === name)?.folder ?? null
  }

  /** Where a source is shown so that the log stays to be seen. */
  get #beside(): ViewColumn {
    return this.panel.viewColumn === ViewColumn.One ? ViewColumn.Two : ViewColumn.One
  }

  #tellStatus(): void {
    const status = this.#statusNow(this.#status)
    if (JSON.stringify(status) === JSON.stringify(this.#status)) return
    this.#status = status
    this.#post({ type: 'status', status })
  }

  #statusNow(before: Status | null): Status {
    const { state } = this.#deps.model
    const failure = failureOf(state)
    if (state.kind !== 'connected') this.#older = false
    const word =
      state.kind === 'connected'
        ? this.#older
          ? 'older'
          : 'ok'
        : failure === null
          ? 'starting'
          : 'unreachable'
    const rows = this.#deps.model.snapshot('apps')?.rows
    return {
      state: word,
      since: before?.state === word ? before.since : new Date().toISOString(),
      message: failure?.message ?? '',
      hasApps: this.#app !== null || rows === undefined || rows.length > 0,
    }
  }
}
