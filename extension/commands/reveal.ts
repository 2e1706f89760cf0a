import { commands, l10n, Uri, window, workspace } from 'vscode'
import { Failure } from '#base/failure.ts'
import { withoutLinks } from '../display.ts'

/** Shows a folder where the person can do most with it: in the Explorer when it is part of the workspace. */
export async function revealFolder(folder: string | null): Promise<void> {
  if (folder === null) throw new Failure('not-found', 'The folder of this process is not known')
  const uri = Uri.file(folder)
  if (workspace.getWorkspaceFolder(uri) !== undefined) {
    await commands.executeCommand('revealInExplorer', uri)
    return
  }
  const open = l10n.t('Open in New Window')
  const question = l10n.t('{0} is not part of this workspace.', withoutLinks(uri.fsPath))
  if ((await window.showInformationMessage(question, open)) === open)
    await commands.executeCommand('vscode.openFolder', uri, { forceNewWindow: true })
}
