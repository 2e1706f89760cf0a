import { window, type ExtensionContext, type WebviewPanel } from 'vscode'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { Documents } from '../documents.ts'
import type { Model } from '../model.ts'
import type { LogView } from '../../webviews/logs/view.ts'
import type { Report } from '../report.ts'
import type { LogPages } from './log-pages.ts'
import { appOfTitle } from './log-title.ts'

export const viewType = 'quantumAdmin.logs'

export interface LogPanelsDeps {
  readonly model: Model
  readonly report: Report
  readonly documents: Documents
  readonly context: ExtensionContext
}

/** The pages with logs. Nothing of them is loaded before the first one. */
export class LogPanels implements Owned {
  readonly #deps: LogPanelsDeps
  readonly #lifetime = new Lifetime()
  #pages: Promise<LogPages> | undefined

  constructor(deps: LogPanelsDeps) {
    this.#deps = deps
    this.#lifetime.own(
      window.registerWebviewPanelSerializer(viewType, {
        deserializeWebviewPanel: async (panel: WebviewPanel, state: unknown) => {
          const app = appOf(state, panel.title)
          if (app === undefined) return panel.dispose()
          await deps.report.guard(async () => (await this.#load()).fill(panel, app, true))
        },
      }),
    )
  }

  /** Shows the log of an app; null for all of them. @param view - what is looked at; else what was looked at last. */
  async show(app: string | null, view?: LogView): Promise<void> {
    const pages = await this.#load()
    await pages.show(app, view)
  }

  dispose(): Promise<void> {
    return this.#lifetime.dispose()
  }

  #load(): Promise<LogPages> {
    this.#pages ??= import('./log-pages.ts').then(({ LogPages }) =>
      this.#lifetime.own(new LogPages(this.#deps)),
    )
    return this.#pages
  }
}

/**
 * Whose log a page showed before VS Code was started anew. VS Code writes down what a page keeps some seconds after its
 * title, so a window that is closed in between comes back with the title alone.
 */
const appOf = (state: unknown, title: string): string | null | undefined =>
  typeof state === 'object' &&
  state !== null &&
  'app' in state &&
  (state.app === null || (typeof state.app === 'string' && state.app.length <= 200))
    ? state.app
    : appOfTitle(title)
