import { window, ViewColumn, type WebviewPanel } from 'vscode'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import { LogChannels } from './log-channels.ts'
import { pageFolder } from '../page-html.ts'
import { LogPanel, type LogPanelDeps } from './log-panel.ts'
import { viewType, type LogPanelsDeps } from './log-panels.ts'
import { logsTitle } from './log-title.ts'
import { SavedViews } from './saved-views.ts'
import type { LogView } from '../../webviews/logs/view.ts'

/** The open pages with logs, at most one for each app. */
export class LogPages implements Owned {
  readonly #lifetime = new Lifetime()
  readonly #open = new Map<string | null, LogPanel>()
  readonly #deps: LogPanelDeps

  constructor({ model, report, documents, context }: LogPanelsDeps) {
    this.#deps = {
      model,
      report,
      documents,
      channels: this.#lifetime.own(new LogChannels(model)),
      views: new SavedViews(context.workspaceState),
      extension: context.extensionUri,
    }
    this.#lifetime.onDispose(() => {
      for (const page of this.#open.values()) void page.dispose()
    })
  }

  /** Shows the log of an app; null for all of them. @param view - what is looked at; else what was looked at last. */
  async show(app: string | null, view?: LogView): Promise<void> {
    if (view !== undefined) await this.#deps.views.remember(app, view)
    const open = this.#open.get(app)
    if (view !== undefined) open?.look(view)
    if (open === undefined)
      this.fill(window.createWebviewPanel(viewType, logsTitle(app), ViewColumn.Active), app, false)
    else open.panel.reveal()
  }

  /** Puts the page into a panel, also into one that VS Code brings back. */
  fill(panel: WebviewPanel, app: string | null, restored: boolean): void {
    if (this.#open.has(app)) return panel.dispose()
    panel.title = logsTitle(app)
    panel.webview.options = { enableScripts: true, localResourceRoots: [pageFolder(this.#deps.extension)] }
    const page = new LogPanel(panel, app, restored, this.#deps)
    this.#open.set(app, page)
    panel.onDidDispose(() => {
      this.#open.delete(app)
      void page.dispose()
    })
  }

  dispose(): Promise<void> {
    return this.#lifetime.dispose()
  }
}
