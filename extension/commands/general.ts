import { commands, l10n, window, type LogOutputChannel } from 'vscode'
import { isErrorCode } from '#contract/errors.ts'
import { Failure } from '#base/failure.ts'
import { withoutLinks } from '../display.ts'
import type { Actions } from '../actions.ts'
import type { Dashboard } from '../dashboard/dashboard.ts'
import type { Documentation } from '../documentation.ts'
import type { Documents } from '../documents.ts'
import { failureOf, type Model } from '../model.ts'
import type { Report } from '../report.ts'
import type { Settings } from '../settings.ts'
import type { SecretTokens } from '../tokens.ts'
import { isAppNode } from '../views/app-nodes.ts'
import { isResourceNode } from '../views/nodes.ts'
import type { ResourcesView } from '../views/resources-view.ts'
import { revealFolder } from './reveal.ts'
import type { Handlers } from './register.ts'
import type { Targets } from './targets.ts'

export interface GeneralCommandsDeps {
  readonly model: Model
  readonly actions: Actions
  readonly targets: Targets
  readonly view: ResourcesView
  readonly documents: Documents
  readonly documentation: Documentation
  readonly report: Report
  readonly tokens: SecretTokens
  readonly settings: () => Settings
  readonly log: LogOutputChannel
  readonly daemonLog: LogOutputChannel
  readonly dashboard: Dashboard
}

/** Everything that is not about one kind of resource. */
export const generalCommands = (deps: GeneralCommandsDeps): Handlers => ({
  'quantumAdmin.showDashboard': () => deps.dashboard.show(),
  'quantumAdmin.open': () => commands.executeCommand('workbench.view.extension.quantumAdmin'),
  'quantumAdmin.docs.open': () => deps.documentation.open(),
  'quantumAdmin.docs.learnMore': (code) => learnMore(deps, code),
  'quantumAdmin.problem': () => showProblem(deps),
  'quantumAdmin.log': () => deps.log.show(),
  'quantumAdmin.settings': () =>
    commands.executeCommand('workbench.action.openSettings', '@ext:quantum-admin.quantum-admin'),
  'quantumAdmin.walkthrough': () =>
    commands.executeCommand(
      'workbench.action.openWalkthrough',
      'quantum-admin.quantum-admin#quantumAdmin.start',
      false,
    ),
  'quantumAdmin.terminal': () => openTerminal(),
  'quantumAdmin.daemon.connect': () => deps.model.retry(),
  'quantumAdmin.daemon.restart': () => restart(deps),
  'quantumAdmin.daemon.doctor': () => deps.documents.show('doctor', 'all', l10n.t('Doctor')),
  'quantumAdmin.daemon.log': () => deps.daemonLog.show(),
  'quantumAdmin.daemon.enterToken': () => enterToken(deps),
  'quantumAdmin.daemon.forgetToken': () => forgetToken(deps),
  'quantumAdmin.resources.refresh': () => deps.model.refresh(),
  'quantumAdmin.resources.filter': () => filter(deps.view),
  'quantumAdmin.resources.clearFilter': () => void (deps.view.filter = ''),
  'quantumAdmin.resources.stopSelected': () => stopSelected(deps.view),
  'quantumAdmin.showDetails': showDetails,
  'quantumAdmin.revealFolder': (node) => reveal(deps, node),
})

async function learnMore({ model, documentation }: GeneralCommandsDeps, code: unknown): Promise<void> {
  const page = isErrorCode(code) ? code : failureOf(model.state)?.code
  await documentation.open(page === undefined ? 'README.md' : `errors/${page}.md`)
}

function showProblem({ model, report }: GeneralCommandsDeps): void {
  const failure = failureOf(model.state)
  if (failure !== null) void report.error(failure)
  else window.setStatusBarMessage(l10n.t('Quantum Admin is connected; there is no problem.'), 3000)
}

function openTerminal(): void {
  const terminal = window.createTerminal({ name: 'Quantum Admin' })
  terminal.show()
  terminal.sendText('quantum-admin')
}

/** Stops the daemon; the connection starts a new one. */
async function restart({ model, actions }: GeneralCommandsDeps): Promise<void> {
  await actions.run({
    name: 'daemon.stop',
    params: {},
    question: {
      message: l10n.t('Restart the daemon?'),
      detail: l10n.t('Leases stay. What is connected to it, such as a terminal that watches, is cut off.'),
      yes: l10n.t('Restart'),
      name: 'daemon',
    },
  })
  await model.start()
}

async function enterToken({ settings, tokens, model }: GeneralCommandsDeps): Promise<void> {
  const { daemonUrl } = settings()
  if (daemonUrl === '')
    throw new Failure(
      'wrong-use',
      'The daemon of this machine needs no token; quantumAdmin.daemon.url is empty',
    )
  const token = await window.showInputBox({
    title: l10n.t('Daemon Token'),
    prompt: l10n.t('The token an admin of {0} made for you. It is kept in the secret storage.', daemonUrl),
    password: true,
    ignoreFocusOut: true,
  })
  if (token === undefined || token.trim() === '') throw new Failure('cancelled', 'No token was entered')
  await tokens.keep(daemonUrl, token.trim())
  await model.start()
}

async function forgetToken({ settings, tokens, model }: GeneralCommandsDeps): Promise<void> {
  const { daemonUrl } = settings()
  if (daemonUrl === '')
    throw new Failure(
      'wrong-use',
      'No token is kept for the daemon of this machine; quantumAdmin.daemon.url is empty',
    )
  const yes = l10n.t('Forget')
  const question = l10n.t('Forget the token for {0}?', withoutLinks(daemonUrl))
  if ((await window.showWarningMessage(question, { modal: true }, yes)) !== yes) return
  await tokens.forget(daemonUrl)
  await model.start()
}

/** Filters while the person types; Escape brings the filter back that was there. */
async function filter(view: ResourcesView): Promise<void> {
  const before = view.filter
  const box = window.createInputBox()
  box.title = l10n.t('Filter Resources')
  box.placeholder = l10n.t('A name, :port, folder, command, container…')
  box.value = before
  await new Promise<void>((resolve) => {
    let accepted = false
    box.onDidChangeValue((text) => (view.filter = text))
    box.onDidAccept(() => {
      accepted = true
      box.hide()
    })
    box.onDidHide(() => {
      if (!accepted) view.filter = before
      box.dispose()
      resolve()
    })
    box.show()
  })
}

async function stopSelected({ selected }: ResourcesView): Promise<void> {
  const ids: Partial<Record<string, string>> = {
    port: 'quantumAdmin.ports.stop',
    process: 'quantumAdmin.processes.stop',
    container: 'quantumAdmin.containers.stop',
    lease: 'quantumAdmin.leases.release',
  }
  const id = selected === undefined ? undefined : ids[selected.kind]
  if (id !== undefined) await commands.executeCommand(id, selected)
}

async function showDetails(node: unknown): Promise<void> {
  if (!isResourceNode(node)) return
  const ids: Partial<Record<string, string>> = {
    port: 'quantumAdmin.ports.who',
    process: 'quantumAdmin.processes.show',
    container: 'quantumAdmin.containers.show',
    lease: 'quantumAdmin.leases.show',
  }
  const id = ids[node.kind]
  if (id !== undefined) await commands.executeCommand(id, node)
}

async function reveal({ targets }: GeneralCommandsDeps, node: unknown): Promise<void> {
  if (isAppNode(node)) return revealFolder(node.row.folder)
  if (isResourceNode(node) && node.kind === 'port') return revealFolder(node.holding.row.cwd)
  return revealFolder((await targets.process(node, l10n.t('Reveal the Folder of a Process'))).cwd)
}
