import { l10n, StatusBarAlignment, ThemeColor, window, type StatusBarItem } from 'vscode'
import type { CheckState } from '#contract/health.ts'
import type { Topic } from '#contract/system.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { HealthSnapshot, Model } from './model.ts'
import { checkStateWord, incidentLine, openIncidentsWord, worstState } from './health.ts'
import { portHoldings } from './resources.ts'
import { viewStateOf } from './view-state.ts'
import { stateWords } from './views/state-line.ts'

/**
 * One item: how many incidents are open, or how apps fare where all are well enough; how many ports are open and how many
 * apps have failed; or what is wrong with the connection. A click opens the dashboard.
 */
export class StatusBar implements Owned {
  readonly #model: Model
  readonly #lifetime = new Lifetime()
  readonly #item: StatusBarItem
  #interest: Owned | undefined
  /** Stays while nobody looks, as the number of ports does. */
  #healthSeen: HealthSnapshot | undefined

  constructor(model: Model) {
    this.#model = model
    this.#item = this.#lifetime.own(
      window.createStatusBarItem('quantumAdmin.status', StatusBarAlignment.Left, 0),
    )
    this.#item.name = 'Quantum Admin'
    this.#item.command = 'quantumAdmin.showDashboard'
    this.#lifetime.own(model.onState(() => this.#show()))
    this.#lifetime.own(model.onChanged((topic) => void (shown.includes(topic) && this.#show())))
    this.#lifetime.own(window.onDidChangeWindowState(({ focused }) => this.#look(focused)))
    this.#look(window.state.focused)
    this.#show()
    this.#item.show()
  }

  dispose(): Promise<void> {
    void this.#interest?.dispose()
    return this.#lifetime.dispose()
  }

  /** A window that nobody looks at asks for nothing. */
  #look(focused: boolean): void {
    if (focused === (this.#interest !== undefined)) return
    const before = this.#interest
    this.#interest = focused ? this.#model.want(shown) : undefined
    void before?.dispose()
  }

  /** The incidents that are open, else the worst there is to say of all checks. */
  #health(): readonly string[] {
    const health = this.#healthSeen
    if (health === undefined) return []
    const { incidents, checks } = health
    if (incidents.length > 0) return [`$(flame) ${openIncidentsWord(incidents.length)}`]
    const icon = healthIcons[worstState(checks)]
    return icon === undefined ? [] : [icon]
  }

  #healthLines(): readonly string[] {
    const health = this.#healthSeen
    if (health === undefined || (health.checks.length === 0 && health.incidents.length === 0)) return []
    const { incidents, checks } = health
    const listed = incidents.slice(0, mostListed).map(incidentLine)
    const more = incidents.length - listed.length
    return [
      l10n.t('Health of your apps: {0}', checkStateWord(worstState(checks))),
      ...listed,
      ...(more > 0 ? [l10n.t('and {0} more', more)] : []),
    ]
  }

  /** What nobody sees to stands out. */
  #colour(): void {
    const unseen = (this.#healthSeen?.incidents ?? []).filter(({ acknowledgedBy }) => acknowledgedBy === null)
    if (unseen.length === 0) return
    const isCritical = unseen.some(({ severity }) => severity === 'critical')
    this.#item.backgroundColor = new ThemeColor(
      isCritical ? 'statusBarItem.errorBackground' : 'statusBarItem.warningBackground',
    )
  }

  #show(): void {
    const { state } = this.#model
    const view = viewStateOf(state)
    const item = this.#item
    item.backgroundColor = undefined
    this.#healthSeen = this.#model.snapshot('health') ?? (view.state === 'ok' ? this.#healthSeen : undefined)
    if (view.state === 'starting') {
      item.text = `$(loading~spin) Quantum Admin`
      item.tooltip = l10n.t('Quantum Admin is connecting to its daemon.')
    } else if (view.state === 'ok') {
      const rows = this.#model.snapshot('ports')?.rows
      // The last number stays while nobody looks, rather than one that would not be true.
      if (rows === undefined && item.text.includes('$(plug)')) return this.#colour()
      const count = rows === undefined ? undefined : portHoldings(rows).length
      const apps = this.#model.snapshot('apps')?.rows ?? []
      const failed = apps.filter((app) => app.state === 'failed').length
      const ports = count === undefined ? '$(plug) Quantum Admin' : `$(plug) ${portsWord(count)}`
      const parts = [...this.#health(), ports, ...(failed === 0 ? [] : [`$(error) ${failedWord(failed)}`])]
      item.text = parts.join(' ')
      item.tooltip = [
        ...this.#healthLines(),
        l10n.t('Quantum Admin: open ports on this machine'),
        ...(failed === 0 ? [] : [failedWord(failed)]),
      ].join('\n')
      this.#colour()
    } else if (view.state === 'untrusted') {
      item.text = '$(shield) Quantum Admin'
      item.tooltip = l10n.t('Quantum Admin starts nothing in Restricted Mode.')
    } else {
      item.text = `$(warning) Quantum Admin`
      item.tooltip = stateWords(state)
      item.backgroundColor = new ThemeColor('statusBarItem.warningBackground')
    }
    item.accessibilityInformation = {
      label: `${item.text.replaceAll(/\$\([^)]*\)\s*/g, '')}. ${item.tooltip}`,
    }
  }
}

/** What the item is made of. */
const shown: readonly Topic[] = ['ports', 'apps', 'health']
/** More incidents than these are counted in the tooltip and not listed. */
const mostListed = 5

const healthIcons: Readonly<Partial<Record<CheckState, string>>> = {
  healthy: '$(pass)',
  degraded: '$(warning)',
  unhealthy: '$(error)',
}

const portsWord = (count: number): string => (count === 1 ? l10n.t('1 port') : l10n.t('{0} ports', count))
const failedWord = (count: number): string =>
  count === 1 ? l10n.t('1 app failed') : l10n.t('{0} apps failed', count)
