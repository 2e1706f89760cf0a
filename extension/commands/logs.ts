import { l10n } from 'vscode'
import type { LogPanels } from '../logs/log-panels.ts'
import type { Handlers } from './register.ts'
import type { Targets } from './targets.ts'

/** What can be done with logs. */
export const logCommands = (deps: { readonly targets: Targets; readonly panels: LogPanels }): Handlers => ({
  'quantumAdmin.showLogs': async (node) =>
    deps.panels.show(await deps.targets.appOrAll(node, l10n.t('Show Logs'))),
})
