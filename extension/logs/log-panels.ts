import { window, type ExtensionContext, type WebviewPanel } from 'vscode'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { Documents } from '../documents.ts'
import type { Model } from '../model.ts'
import type { Report } from '../report.ts'
import type { LogPages } from './log-pages.ts'

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
          await deps.report.guard(async () => (await this.#load()).fill(panel, appOf(state)))
        },
      }),
    )
  }

  /** Shows the log of an app; null for all of them. */
  async show(app: string | null): Promise<void> {
    const pages = await this.#load()
    pages.show(app)
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

/** Whose log a page showed before VS Code was started anew. */
const appOf = (state: unknown): string | null =>
  typeof state === 'object' &&
  state !== null &&
  'app' in state &&
  typeof state.app === 'string' &&
  state.app.length <= 200
    ? state.app
    : null
