import { window, type ExtensionContext } from 'vscode'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { Documentation } from '../documentation.ts'
import type { Model } from '../model.ts'
import type { Report } from '../report.ts'
import type { ActivityView } from '../views/activity-view.ts'
import type { AppsView } from '../views/apps-view.ts'
import type { ResourcesView } from '../views/resources-view.ts'
import type { DashboardPanel } from './dashboard-panel.ts'

export const viewType = 'quantumAdmin.dashboard'

export interface DashboardDeps {
  readonly model: Model
  readonly report: Report
  readonly context: ExtensionContext
  readonly documentation: Documentation
  /** The trees in which a row of the page can be shown. */
  readonly views: {
    readonly apps: AppsView
    readonly resources: ResourcesView
    readonly activity: ActivityView
  }
}

/** The dashboard, at most one in a window. Nothing of it is loaded before it is shown for the first time. */
export class Dashboard implements Owned {
  readonly #deps: DashboardDeps
  readonly #lifetime = new Lifetime()
  #panel: Promise<DashboardPanel> | undefined

  constructor(deps: DashboardDeps) {
    this.#deps = deps
    this.#lifetime.own(
      window.registerWebviewPanelSerializer(viewType, {
        deserializeWebviewPanel: (panel) => deps.report.guard(async () => (await this.#load()).fill(panel)),
      }),
    )
  }

  async show(): Promise<void> {
    const panel = await this.#load()
    panel.show()
  }

  dispose(): Promise<void> {
    return this.#lifetime.dispose()
  }

  #load(): Promise<DashboardPanel> {
    this.#panel ??= import('./dashboard-panel.ts').then(({ DashboardPanel }) =>
      this.#lifetime.own(new DashboardPanel(this.#deps)),
    )
    return this.#panel
  }
}
