import { l10n, type ExtensionContext } from 'vscode'
import * as path from 'node:path'

/**
 * Lets terminals find `quantum-admin`, run by VS Code's own runtime, so that nothing has to be installed. The
 * folder comes last: a `quantum-admin` of the person's own goes first.
 */
export function putCommandOnPath({ extensionPath, environmentVariableCollection }: ExtensionContext): void {
  environmentVariableCollection.description = l10n.t('Makes the quantum-admin command available')
  environmentVariableCollection.append(
    'PATH',
    path.delimiter + path.join(extensionPath, 'extension', 'terminal'),
  )
  environmentVariableCollection.replace('QUANTUM_ADMIN_RUNTIME', process.execPath)
}
