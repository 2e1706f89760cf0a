import { l10n, Uri, window, workspace } from 'vscode'
import type { AppProblem } from '#contract/apps.ts'
import { Failure } from '#base/failure.ts'
import type { Actions } from '../actions.ts'
import { withoutIcons, withoutLinks } from '../display.ts'
import type { Documentation } from '../documentation.ts'
import { inAppsView } from '../progress.ts'
import type { Report } from '../report.ts'
import type { Settings } from '../settings.ts'

export interface AddAppsDeps {
  readonly actions: Actions
  readonly documentation: Documentation
  readonly report: Report
  readonly settings: () => Settings
}

/**
 * Adds the apps of a folder; without one, of the workspace, or of folders that the person chooses.
 * @throws Failure `untrusted`, `cancelled`, and what adding a folder throws.
 */
export async function addApps(deps: AddAppsDeps, folder?: unknown): Promise<void> {
  deps.actions.requireTrust()
  if (folder instanceof Uri) return addFolders(deps, [folder.fsPath])
  await addFolders(deps, await foldersToAdd(deps.settings().daemonUrl !== ''))
}

/** Folders of this machine; of a team's daemon, which sees another machine, a path that is typed. */
async function foldersToAdd(remote: boolean): Promise<readonly string[]> {
  if (remote) return [await askPath()]
  const folders = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file')
  if (folders.length === 0) return chooseFolders()
  if (folders.length === 1) return folders.map(({ uri }) => uri.fsPath)
  const choices = folders.map(({ name, uri }) => ({
    label: withoutIcons(name),
    description: withoutIcons(uri.fsPath, 300),
    folder: uri.fsPath,
    picked: true,
  }))
  const title = l10n.t('Add the Apps Of')
  const picked = await window.showQuickPick(choices, { title, canPickMany: true, ignoreFocusOut: true })
  if (picked === undefined || picked.length === 0) throw declined()
  return picked.map(({ folder }) => folder)
}

async function chooseFolders(): Promise<readonly string[]> {
  const uris = await window.showOpenDialog({
    title: l10n.t('Add the Apps of a Folder'),
    openLabel: l10n.t('Add Apps'),
    canSelectFiles: false,
    canSelectFolders: true,
    canSelectMany: true,
  })
  if (uris === undefined || uris.length === 0) throw declined()
  return uris.map(({ fsPath }) => fsPath)
}

async function askPath(): Promise<string> {
  const path = await window.showInputBox({
    title: l10n.t('Add the Apps of a Folder'),
    prompt: l10n.t('The folder on the machine of the daemon, from its root'),
    ignoreFocusOut: true,
  })
  if (path === undefined || path.trim() === '') throw declined()
  return path.trim()
}

const declined = (): Failure => new Failure('cancelled', 'No folder was chosen')

async function addFolders(deps: AddAppsDeps, folders: readonly string[]): Promise<void> {
  const { count, failures } = await inAppsView(() => addEach(deps.actions, folders))
  const [failure] = failures
  if (failure !== undefined) throw failure
  // Waiting for the person would keep the command busy.
  if (count === 0) void deps.report.guard(() => offer(deps, folders))
  else window.setStatusBarMessage(count === 1 ? l10n.t('1 app added') : l10n.t('{0} apps added', count), 5000)
}

interface Added {
  /** How many apps there are in the folders now. */
  readonly count: number
  readonly failures: readonly Failure[]
}

/** One folder after the other; what is wrong with one keeps no other from being added. */
async function addEach(actions: Actions, folders: readonly string[]): Promise<Added> {
  const failures: Failure[] = []
  let count = 0
  for (const folder of folders) {
    const title = l10n.t('Add Apps')
    const question = { message: title, detail: folder, yes: title, name: folder }
    try {
      const { rows, problems } = await actions.run({ name: 'apps.add', params: { folder }, question })
      count += rows.length
      failures.push(...problems.map(asFailure))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      // That a folder holds no app is said once, for all of them.
      if (error.code !== 'not-found') failures.push(error)
    }
  }
  return { count, failures }
}

/** What is wrong with a folder that was to be searched, beside which others were found. */
function asFailure({ file, message }: AppProblem): Failure {
  return new Failure('app-invalid', file === null ? message : `${file}: ${message}`)
}

async function offer(deps: AddAppsDeps, folders: readonly string[]): Promise<void> {
  const choose = l10n.t('Choose Another Folder…')
  const learn = l10n.t('Learn More')
  const shown = folders.map((folder) => withoutLinks(Uri.file(folder).fsPath, 200)).join(', ')
  const message = l10n.t(
    'No app was found in {0}. An app has a quantum.config.yaml, a package.json with a script, a Procfile, a compose file or the like.',
    shown,
  )
  const answer = await window.showInformationMessage(message, choose, learn)
  if (answer === learn) await deps.documentation.open('apps.md')
  if (answer === choose)
    await addFolders(deps, deps.settings().daemonUrl === '' ? await chooseFolders() : [await askPath()])
}
