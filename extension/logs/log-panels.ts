import { window, ViewColumn, type ExtensionContext, type WebviewPanel } from 'vscode'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { Documents } from '../documents.ts'
import type { Model } from '../model.ts'
import type { Report } from '../report.ts'
import type { LogPanel, LogPanelDeps } from './log-panel.ts'

const viewType = 'quantumAdmin.logs'

export interface LogPanelsDeps {
  readonly model: Model
  readonly report: Report
  readonly documents: Documents
  readonly context: ExtensionContext
}

/** The open pages with logs, at most one for each app. Nothing of them is loaded before the first one. */
export class LogPanels implements Owned {
  readonly #deps: LogPanelsDeps
  readonly #lifetime = new Lifetime()
  readonly #open = new Map<string | null, LogPanel>()
  #parts: Promise<LogPanelDeps> | undefined

  constructor(deps: LogPanelsDeps) {
    this.#deps = deps
    this.#lifetime.own(
      window.registerWebviewPanelSerializer(viewType, {
        deserializeWebviewPanel: async (panel: WebviewPanel, state: unknown) => {
          await deps.report.guard(() => this.#fill(panel, appOf(state)))
        },
      }),
    )
  }

  /** Shows the log of an app; null for all of them. */
  async show(app: string | null): Promise<void> {
    const open = this.#open.get(app)
    if (open !== undefined) return open.panel.reveal()
    const { logsTitle } = await import('./log-title.ts')
    const panel = window.createWebviewPanel(viewType, logsTitle(app), ViewColumn.Active)
    await this.#fill(panel, app)
  }

  dispose(): Promise<void> {
    return this.#lifetime.dispose()
  }

  async #fill(panel: WebviewPanel, app: string | null): Promise<void> {
    const [{ LogPanel }, { pageFolder }, { logsTitle }, parts] = await Promise.all([
      import('./log-panel.ts'),
      import('./log-page.ts'),
      import('./log-title.ts'),
      (this.#parts ??= this.#load()),
    ])
    if (this.#lifetime.disposed || this.#open.has(app)) return panel.dispose()
    panel.title = logsTitle(app)
    panel.webview.options = {
      enableScripts: true,
      localResourceRoots: [pageFolder(this.#deps.context.extensionUri)],
    }
    const page = new LogPanel(panel, app, parts)
    this.#open.set(app, page)
    panel.onDidDispose(() => {
      this.#open.delete(app)
      void page.dispose()
    })
  }

  async #load(): Promise<LogPanelDeps> {
    const { model, report, documents, context } = this.#deps
    const [{ LogChannels }, { SavedViews }] = await Promise.all([
      import('./log-channels.ts'),
      import('./saved-views.ts'),
    ])
    return {
      model,
      report,
      documents,
      channels: this.#lifetime.own(new LogChannels(model)),
      views: new SavedViews(context.workspaceState),
      extension: context.extensionUri,
    }
  }
}

/** Whose log a page showed before VS Code was started anew. */
const appOf = (state: unknown): string | null =>
  typeof state === 'object' &&
  state !== null &&
  'app' in state &&
  typeof state.app === 'string' &&
  state.app.length <= 200
    ? state.app
    : null
