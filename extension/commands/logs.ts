import { l10n } from 'vscode'
import { plainView, type LogView } from '../../webviews/logs/view.ts'
import type { LogPanels } from '../logs/log-panels.ts'
import type { Handlers } from './register.ts'
import type { Targets } from './targets.ts'

/** What can be done with logs. */
export const logCommands = (deps: { readonly targets: Targets; readonly panels: LogPanels }): Handlers => ({
  'quantumAdmin.showLogs': async (node) =>
    deps.panels.show(await deps.targets.appOrAll(node, l10n.t('Show Logs'))),
  'quantumAdmin.showErrors': async (node) =>
    deps.panels.show(await deps.targets.appOrAll(node, l10n.t('Show Errors of the Last Hour')), lastErrors),
})

const lastErrors: LogView = { ...plainView, tab: 'errors', range: { kind: 'last', minutes: 60 } }
