import { commands, l10n, window } from 'vscode'
import type { IncidentRow } from '#contract/health.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import { withoutLinks } from './display.ts'
import type { Model } from './model.ts'

/** Tells of each incident that opens, once, in a window that somebody uses. */
export class IncidentWatch implements Owned {
  readonly #model: Model
  readonly #lifetime = new Lifetime()
  #interest: Owned | undefined
  /** Those that are known; null until the first picture, which the tree shows as well. */
  #known: ReadonlySet<number> | null = null

  constructor(model: Model) {
    this.#model = model
    this.#lifetime.own(model.onChanged((topic) => void (topic === 'health' && this.#look())))
    this.#lifetime.own(window.onDidChangeWindowState(({ focused }) => this.#want(focused)))
    this.#want(window.state.focused)
  }

  dispose(): Promise<void> {
    void this.#interest?.dispose()
    return this.#lifetime.dispose()
  }

  /** A window that nobody looks at asks for nothing; what has opened meanwhile is told when somebody does. */
  #want(focused: boolean): void {
    if (focused === (this.#interest !== undefined)) return
    const before = this.#interest
    this.#interest = focused ? this.#model.want(['health']) : undefined
    void before?.dispose()
  }

  #look(): void {
    const incidents = this.#model.snapshot('health')?.incidents
    if (incidents === undefined) return
    const known = this.#known
    this.#known = new Set(incidents.map(({ number }) => number))
    if (known === null) return
    for (const incident of incidents)
      if (!known.has(incident.number) && incident.acknowledgedBy === null) void tell(incident)
  }
}

async function tell(incident: IncidentRow): Promise<void> {
  const show = l10n.t('Show')
  const acknowledge = l10n.t('Acknowledge')
  const message = withoutLinks(l10n.t('{0} is not well: {1}', incident.app, incident.cause))
  const choice = await window.showWarningMessage(message, show, acknowledge)
  const node = { kind: 'appIncident', row: { name: incident.app }, incident }
  if (choice === show) await commands.executeCommand('quantumAdmin.showIncident', node)
  if (choice === acknowledge) await commands.executeCommand('quantumAdmin.acknowledgeIncident', node)
}
