import { commands, l10n, Range, Uri, window } from 'vscode'
import type { ConnectorRow } from '#contract/connectors.ts'
import { Failure } from '#base/failure.ts'
import { removal, type Actions } from '../actions.ts'
import { label, withoutIcons, withoutLinks } from '../display.ts'
import type { Documentation } from '../documentation.ts'
import type { Model } from '../model.ts'
import { inAppsView, withProgress } from '../progress.ts'
import { isConnectorGroup } from '../views/app-nodes.ts'
import { connectorLines, connectorStatusWord } from '../views/connector-item.ts'
import { linesOf } from '../views/tooltip.ts'
import { addConnector } from './add-connector.ts'
import type { Handlers } from './register.ts'
import type { Targets } from './targets.ts'

export interface ConnectorCommandsDeps {
  readonly model: Model
  readonly actions: Actions
  readonly targets: Targets
  readonly documentation: Documentation
}

/** What can be done with connectors. */
export const connectorCommands = (deps: ConnectorCommandsDeps): Handlers => ({
  'quantumAdmin.testConnector': async (node) =>
    testOne(deps, await deps.targets.connector(node, l10n.t('Test a Connector'))),
  'quantumAdmin.testConnectors': async (node) => testAll(deps, await chosen(deps, node)),
  'quantumAdmin.addConnector': async () => {
    const row = await addConnector(deps)
    // Waiting for the person would keep the command unfinished.
    void offerTest(row)
  },
  'quantumAdmin.removeConnector': async (node) =>
    remove(deps.actions, await deps.targets.connector(node, l10n.t('Remove a Connector'), isOwn)),
  'quantumAdmin.showConnectorConfiguration': async (node) =>
    showConfiguration(
      await deps.targets.connector(node, l10n.t('Show Where a Connector Is Configured'), isOfApp),
    ),
})

const isOwn = ({ app }: ConnectorRow): boolean => app === null
const isOfApp = ({ app }: ConnectorRow): boolean => app !== null

/** Those of the app whose group was clicked; all of them from the palette. */
async function chosen({ model }: ConnectorCommandsDeps, node: unknown): Promise<readonly ConnectorRow[]> {
  if (isConnectorGroup(node)) return node.connectors
  const { rows } = await model.query('connectors.list', {})
  if (rows.length === 0) throw new Failure('not-found', l10n.t('There is no connector'))
  return rows
}

const test = (actions: Actions, { name, app }: ConnectorRow, signal: AbortSignal): Promise<ConnectorRow> => {
  const message = l10n.t('Test {0}?', label(name))
  const question = { message, detail: '', yes: l10n.t('Test'), name }
  return actions.run({ name: 'connectors.test', params: { name, app }, question, signal })
}

async function testOne(deps: ConnectorCommandsDeps, row: ConnectorRow): Promise<void> {
  const title = l10n.t('Testing {0}', label(row.name))
  const tested = await inAppsView(() => withProgress(title, (_, signal) => test(deps.actions, row, signal)))
  if (tested.status === 'connected') return tellWell([tested])
  const again = l10n.t('Test Again')
  const learn = l10n.t('Learn More')
  const words = `${label(tested.name)}: ${tested.reason ?? connectorStatusWord(tested.status)}. ${tested.advice ?? ''}`
  void window.showWarningMessage(withoutLinks(words), again, learn).then((choice) => {
    if (choice === again)
      return commands.executeCommand('quantumAdmin.testConnector', { kind: 'connector', connector: row })
    return choice === learn ? deps.documentation.open('connectors.md') : undefined
  })
}

async function testAll({ actions }: ConnectorCommandsDeps, rows: readonly ConnectorRow[]): Promise<void> {
  const title = l10n.t('Testing {0} connectors', rows.length)
  const results = await inAppsView(() =>
    withProgress(title, (_, signal) => Promise.allSettled(rows.map((row) => test(actions, row, signal)))),
  )
  const tested = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  tellWell(tested)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

/** In the status bar: which of them do not work is seen in the tree. */
function tellWell(rows: readonly ConnectorRow[]): void {
  const [only] = rows
  const well = rows.filter(({ status }) => status === 'connected').length
  const words =
    only !== undefined && rows.length === 1
      ? l10n.t(
          '{0}: {1}',
          label(only.name),
          [connectorStatusWord(only.status), only.version].filter(Boolean).join(', '),
        )
      : l10n.t('{0} of {1} connectors work', well, rows.length)
  window.setStatusBarMessage(withoutIcons(words, 300), 5000)
}

async function offerTest(row: ConnectorRow): Promise<void> {
  const now = l10n.t('Test')
  const message = l10n.t('The connector {0} was added.', label(row.name))
  if ((await window.showInformationMessage(withoutLinks(message), now)) === now)
    await commands.executeCommand('quantumAdmin.testConnector', { kind: 'connector', connector: row })
}

async function remove(actions: Actions, row: ConnectorRow): Promise<void> {
  const { name } = row
  const message = l10n.t('Remove the connector {0}?', label(name))
  const question = removal(name, message, linesOf(connectorLines(row)).join('\n'))
  await actions.run({ name: 'connectors.remove', params: { name }, question })
}

async function showConfiguration({ name, file, line }: ConnectorRow): Promise<void> {
  if (file === null) throw new Failure('not-found', l10n.t('{0} is not configured in a file', label(name)))
  const at = Math.max(0, (line ?? 1) - 1)
  await commands.executeCommand('vscode.open', Uri.file(file), { selection: new Range(at, 0, at, 0) })
}
