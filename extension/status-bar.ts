import { l10n, StatusBarAlignment, ThemeColor, window, type StatusBarItem } from 'vscode'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { Model } from './model.ts'
import { portHoldings } from './resources.ts'
import { viewStateOf } from './view-state.ts'
import { stateWords } from './views/state-line.ts'

/** One item: how many ports are open and how many apps have failed, or what is wrong. A click opens the dashboard. */
export class StatusBar implements Owned {
  readonly #model: Model
  readonly #lifetime = new Lifetime()
  readonly #item: StatusBarItem
  #interest: Owned | undefined

  constructor(model: Model) {
    this.#model = model
    this.#item = this.#lifetime.own(
      window.createStatusBarItem('quantumAdmin.status', StatusBarAlignment.Left, 0),
    )
    this.#item.name = 'Quantum Admin'
    this.#item.command = 'quantumAdmin.showDashboard'
    this.#lifetime.own(model.onState(() => this.#show()))
    this.#lifetime.own(
      model.onChanged((topic) => void ((topic === 'ports' || topic === 'apps') && this.#show())),
    )
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
    this.#interest = focused ? this.#model.want(['ports', 'apps']) : undefined
    void before?.dispose()
  }

  #show(): void {
    const { state } = this.#model
    const view = viewStateOf(state)
    const item = this.#item
    item.backgroundColor = undefined
    if (view.state === 'starting') {
      item.text = `$(loading~spin) Quantum Admin`
      item.tooltip = l10n.t('Quantum Admin is connecting to its daemon.')
    } else if (view.state === 'ok') {
      const rows = this.#model.snapshot('ports')?.rows
      // The last number stays while nobody looks, rather than one that would not be true.
      if (rows === undefined && item.text.startsWith('$(plug)')) return
      const count = rows === undefined ? undefined : portHoldings(rows).length
      const apps = this.#model.snapshot('apps')?.rows ?? []
      const failed = apps.filter((app) => app.state === 'failed').length
      const ports = count === undefined ? '$(plug) Quantum Admin' : `$(plug) ${portsWord(count)}`
      item.text = failed === 0 ? ports : `${ports} $(error) ${failedWord(failed)}`
      item.tooltip = l10n.t('Quantum Admin: open ports on this machine')
      if (failed > 0) item.tooltip += `\n${failedWord(failed)}`
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

const portsWord = (count: number): string => (count === 1 ? l10n.t('1 port') : l10n.t('{0} ports', count))
const failedWord = (count: number): string =>
  count === 1 ? l10n.t('1 app failed') : l10n.t('{0} apps failed', count)
