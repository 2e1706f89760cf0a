import { commands, l10n, Uri, ViewColumn, window, type WebviewPanel } from 'vscode'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import { failureOf } from '../model.ts'
import { pageFolder, pageHtml } from '../page-html.ts'
import {
  fromPageOf,
  type FromPage,
  type List,
  type QuickAction,
  type ToPage,
} from '../../webviews/dashboard/messages.ts'
import { viewType, type DashboardDeps } from './dashboard.ts'
import { DashboardFeed } from './dashboard-feed.ts'
import { dashboardStrings } from './dashboard-strings.ts'
import { leadOn, leadOnFrom } from './leads.ts'
import { PlotFeed } from './plot-feed.ts'

/** A picture that the page says nothing of is taken as drawn after so many milliseconds. */
const drawPatienceMs = 2000

/** What each button of the page runs. */
const quickCommands: Readonly<Record<QuickAction, string>> = {
  start: 'quantumAdmin.startApp',
  stopAll: 'quantumAdmin.stopAllApps',
  add: 'quantumAdmin.addApps',
  logs: 'quantumAdmin.showLogs',
  verify: 'quantumAdmin.activity.verify',
  docs: 'quantumAdmin.docs.open',
}

/** The page with the dashboard. It may ask for what `messages.ts` lists, and for nothing else. */
export class DashboardPanel implements Owned {
  readonly #deps: DashboardDeps
  readonly #lifetime = new Lifetime()
  readonly #feed: DashboardFeed
  readonly #plots: PlotFeed
  #open: { readonly panel: WebviewPanel; readonly life: Lifetime } | undefined
  /** Whether the page listens. One that is hidden is gone, and says so when it is back. */
  #ready = false
  #told = ''
  /** The picture that is on its way to the screen. */
  #drawing: { readonly sequence: number; readonly timer: NodeJS.Timeout } | undefined
  #waiting = false
  /** What is looked at, as the page last said; undefined before it has. */
  #list: List | undefined

  constructor(deps: DashboardDeps) {
    this.#deps = deps
    this.#feed = this.#lifetime.own(new DashboardFeed(deps.model, () => this.#tell()))
    this.#plots = this.#lifetime.own(
      new PlotFeed(deps.model, (plots) => void (this.#ready && this.#post({ type: 'plots', plots }))),
    )
    this.#lifetime.onDispose(() => this.#open?.panel.dispose())
  }

  show(): void {
    if (this.#open === undefined)
      this.fill(window.createWebviewPanel(viewType, l10n.t('Dashboard'), ViewColumn.Active))
    else this.#open.panel.reveal()
  }

  /** Puts the page into a panel, also into one that VS Code brings back. */
  fill(panel: WebviewPanel): void {
    if (this.#open !== undefined) return void panel.dispose()
    const { context } = this.#deps
    const life = new Lifetime()
    this.#open = { panel, life }
    panel.title = l10n.t('Dashboard')
    panel.iconPath = {
      light: Uri.joinPath(context.extensionUri, 'extension', 'media', 'dashboard-light.svg'),
      dark: Uri.joinPath(context.extensionUri, 'extension', 'media', 'dashboard-dark.svg'),
    }
    life.own(panel.webview.onDidReceiveMessage((message: unknown) => this.#received(message)))
    life.own(panel.onDidChangeViewState(() => this.#look()))
    life.own(panel.onDidDispose(() => this.#closed()))
    panel.webview.options = { enableScripts: true, localResourceRoots: [pageFolder(context.extensionUri)] }
    panel.webview.html = pageHtml(panel.webview, context.extensionUri, 'dashboard')
    this.#look()
  }

  dispose(): Promise<void> {
    return this.#lifetime.dispose()
  }

  #closed(): void {
    const { life } = this.#open ?? {}
    this.#open = undefined
    this.#list = undefined
    this.#look()
    void life?.dispose()
  }

  #look(): void {
    const visible = this.#open?.panel.visible === true
    this.#feed.look(visible)
    this.#plots.look(visible)
    if (visible) return
    this.#ready = false
    this.#forgetDrawing()
  }

  #received(raw: unknown): void {
    const message = fromPageOf(raw)
    // Whatever it may not say is not answered either.
    if (message !== null) void this.#deps.report.guard(() => this.#act(message))
  }

  async #act(message: FromPage): Promise<void> {
    switch (message.type) {
      case 'ready':
        return this.#begin()
      case 'drawn':
        return this.#drawn(message.sequence)
      case 'lead': {
        const { sources } = this.#feed
        return sources === null ? undefined : leadOn(this.#deps.views, sources, message)
      }
      case 'action':
        return void (await commands.executeCommand(quickCommands[message.action]))
      case 'look':
        this.#list = message.list
        return
      case 'plots':
        return this.#plots.want(message.want)
      case 'mark':
        return leadOnFrom(this.#plots.marked(message.key))
      case 'metrics':
        return this.#deps.documentation.open('metrics.md')
      case 'retry':
        return this.#deps.model.retry()
      case 'learn':
        return void (await commands.executeCommand(
          'quantumAdmin.docs.learnMore',
          failureOf(this.#deps.model.state)?.code,
        ))
      default:
        return message satisfies never
    }
  }

  #begin(): void {
    this.#forgetDrawing()
    this.#ready = true
    this.#told = ''
    const list = this.#list === undefined ? {} : { list: this.#list }
    this.#post({ type: 'init', strings: dashboardStrings(), ...list })
    this.#tell()
  }

  /** Tells the page what is new: how it stands at once, the rest when it has drawn what it was told before. */
  #tell(): void {
    if (!this.#ready) return
    const { status } = this.#feed
    const told = JSON.stringify(status)
    if (told !== this.#told) this.#post({ type: 'status', status })
    this.#told = told
    if (this.#drawing !== undefined) {
      this.#waiting = true
      return
    }
    const picture = this.#feed.next()
    if (picture === null) return
    const { sequence } = picture
    this.#drawing = { sequence, timer: setTimeout(() => this.#drawn(sequence), drawPatienceMs) }
    this.#post({ type: 'picture', picture: { ...picture, cards: [...picture.cards] } })
  }

  #drawn(sequence: number): void {
    if (this.#drawing?.sequence !== sequence) return
    const waiting = this.#waiting
    this.#forgetDrawing()
    if (waiting) this.#tell()
  }

  #forgetDrawing(): void {
    clearTimeout(this.#drawing?.timer)
    this.#drawing = undefined
    this.#waiting = false
  }

  #post(message: ToPage): void {
    void this.#open?.panel.webview.postMessage(message)
  }
}
