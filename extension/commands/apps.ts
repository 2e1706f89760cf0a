import { commands, env, l10n, Uri, window } from 'vscode'
import type { AppRow } from '#contract/apps.ts'
import { Failure } from '#base/failure.ts'
import { printable } from '#base/printable.ts'
import { removal, type Actions } from '../actions.ts'
import { canRemove, canRestart, canStart, canStop, firstError, hostOf, webAddress } from '../apps.ts'
import { label, withoutIcons } from '../display.ts'
import type { Documents } from '../documents.ts'
import { configurationIn } from '../language/config-file.ts'
import type { Model } from '../model.ts'
import { inAppsView } from '../progress.ts'
import type { Remedy } from '../report.ts'
import { appLines, appStateWord } from '../views/app-item.ts'
import { placeArguments } from '../views/app-parts.ts'
import { linesOf } from '../views/tooltip.ts'
import { addApps, type AddAppsDeps } from './add-apps.ts'
import type { Handlers } from './register.ts'
import type { Targets } from './targets.ts'

export interface AppCommandsDeps extends AddAppsDeps {
  readonly model: Model
  readonly documents: Documents
  readonly targets: Targets
}

/** What can be done with apps. */
export const appCommands = (deps: AppCommandsDeps): Handlers => ({
  'quantumAdmin.addApps': (folder) => addApps(deps, folder),
  'quantumAdmin.refreshApps': () => deps.model.refresh(['apps']),
  'quantumAdmin.startApp': async (node) =>
    change(deps, 'apps.start', await deps.targets.app(node, l10n.t('Start an App'), canStart)),
  'quantumAdmin.stopApp': async (node) =>
    change(deps, 'apps.stop', await deps.targets.app(node, l10n.t('Stop an App'), canStop)),
  'quantumAdmin.stopAllApps': () => stopAll(deps),
  'quantumAdmin.restartApp': async (node) =>
    change(deps, 'apps.restart', await deps.targets.app(node, l10n.t('Restart an App'), canRestart)),
  'quantumAdmin.removeApp': async (node) =>
    remove(deps.actions, await deps.targets.app(node, l10n.t('Remove an App from the List'), canRemove)),
  'quantumAdmin.openApp': async (node) =>
    openInBrowser(await deps.targets.app(node, l10n.t('Open in Browser'), isOnWeb)),
  'quantumAdmin.copyAppUrl': async (node) =>
    copyUrl(await deps.targets.app(node, l10n.t('Copy the URL of an App'), isOnWeb)),
  'quantumAdmin.openAppTerminal': async (node) =>
    openTerminal(deps, await deps.targets.app(node, l10n.t('Open a Terminal in the Folder of an App'))),
  'quantumAdmin.showAppOutput': async (node) =>
    showOutput(deps, await deps.targets.app(node, l10n.t('Show the Output of an App'))),
  'quantumAdmin.showAppConfiguration': async (node) =>
    showConfiguration(await deps.targets.app(node, l10n.t('Show the Configuration of an App'))),
})

async function stopAll({ model, actions }: AppCommandsDeps): Promise<void> {
  const rows = (await model.query('apps.list', {})).rows.filter(canStop)
  if (rows.length === 0) throw new Failure('not-found', 'There is no app that could be stopped')
  const question = {
    message: l10n.t('Stop all apps that run?'),
    detail: rows.map(({ name, state }) => `${label(name)}: ${appStateWord(state)}`).join('\n'),
    yes: l10n.t('Stop All'),
    name: l10n.t('all'),
  }
  const each = rows.map(({ name }) => ({ app: name }))
  const ends = await inAppsView(() => actions.runEach('apps.stop', each, question))
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  window.setStatusBarMessage(l10n.t('All apps were stopped.'), 5000)
}

type AppCommand = 'apps.start' | 'apps.stop' | 'apps.restart'

async function change(deps: AppCommandsDeps, name: AppCommand, row: AppRow): Promise<void> {
  const shown = label(row.name)
  const words: Readonly<Record<AppCommand, readonly [message: string, yes: string]>> = {
    'apps.start': [l10n.t('Start {0}?', shown), l10n.t('Start')],
    'apps.stop': [l10n.t('Stop {0}?', shown), l10n.t('Stop')],
    'apps.restart': [l10n.t('Restart {0}?', shown), l10n.t('Restart')],
  }
  const [message, yes] = words[name]
  const question = { message, detail: linesOf(appLines(row)).join('\n'), yes, name: shown }
  const run = () => deps.actions.run({ name, params: { app: row.name }, question })
  try {
    // What asks nothing shows that it is under way from the first moment; a question comes before that.
    const now = await (name === 'apps.start' ? inAppsView(run) : run())
    window.setStatusBarMessage(withoutIcons(`${shown}: ${outcomeOf(now)}`, 300), 5000)
  } catch (error) {
    const remedy = remedyFor(deps, name, row, error)
    if (remedy === null) throw error
    // Waiting for the person to read it would keep the command busy.
    void deps.report.guard(() => deps.report.error(error, remedy))
  }
}

/** What there is a button for, rather than a command to type. */
function remedyFor(deps: AppCommandsDeps, name: AppCommand, row: AppRow, error: unknown): Remedy | null {
  if (!(error instanceof Failure)) return null
  if (error.code === 'app-failed') {
    const title = l10n.t('Show Output')
    return { title, run: () => showOutput(deps, row), hint: l10n.t('Its output may say more.') }
  }
  const problem = error.code === 'app-invalid' ? firstError(row) : undefined
  if (problem !== undefined && problem.file !== null) {
    const open = placeArguments(problem, problem.file)
    const run = async () => void (await commands.executeCommand('vscode.open', ...open))
    return { title: l10n.t('Open File'), run, hint: null }
  }
  if (error.code === 'conflict' && name === 'apps.start') {
    const hint = l10n.t('A restart stops what runs and starts the app.')
    return { title: l10n.t('Restart…'), run: () => change(deps, 'apps.restart', row), hint }
  }
  return null
}

const showOutput = ({ documents }: AppCommandsDeps, { name }: AppRow): Promise<void> =>
  documents.show('output', name, l10n.t('{0} output', name))

/** What became of an app, such as `running at localhost:3000`. */
function outcomeOf({ state, url, reason }: AppRow): string {
  const host = hostOf(url)
  const word = appStateWord(state)
  const said = host === null || state !== 'running' ? word : l10n.t('{0} at {1}', word, host)
  return reason === null ? said : `${said} (${reason})`
}

async function remove(actions: Actions, row: AppRow): Promise<void> {
  const message = l10n.t('Remove {0} from the list? Its folder stays as it is.', label(row.name))
  const question = removal(row.name, message, linesOf(appLines(row)).join('\n'))
  await actions.run({ name: 'apps.remove', params: { app: row.name }, question })
}

const isOnWeb = ({ url }: AppRow): boolean => webAddress(url) !== null

/** @throws Failure `not-found` while it has none. */
function addressOf({ name, url }: AppRow): string {
  const address = webAddress(url)
  if (address === null) throw new Failure('not-found', `${name} has no address now`)
  return address
}

async function openInBrowser(row: AppRow): Promise<void> {
  // On a remote machine this is what makes VS Code forward the port.
  await env.openExternal(await env.asExternalUri(Uri.parse(addressOf(row))))
}

async function copyUrl(row: AppRow): Promise<void> {
  await env.clipboard.writeText(addressOf(row))
  window.setStatusBarMessage(l10n.t('Copied'), 2000)
}

/** What may be secret is not told to us, and so the terminal has not what the app has: it says which. */
async function openTerminal({ model }: AppCommandsDeps, { name, folder }: AppRow): Promise<void> {
  const { variables, withheld } = await model.query('apps.environment', { app: name })
  const missing = withheld.map((variable) => printable(variable, 60)).join(', ')
  const message =
    missing === '' ? {} : { message: l10n.t('Not set here, since they may be secret: {0}', missing) }
  window
    .createTerminal({ name: label(name), cwd: Uri.file(folder), env: { ...variables }, ...message })
    .show()
}

async function showConfiguration({ name, folder }: AppRow): Promise<void> {
  const file = await configurationIn(folder)
  if (file === null)
    throw new Failure('not-found', `${name} has no quantum.config.yaml; it is run as what its folder holds`)
  await commands.executeCommand('vscode.open', file)
}
