import { appendFileSync } from 'node:fs'
import * as vscode from 'vscode'

/** Runs inside the extension host: writes down how long the extension takes to load and activate. */
export async function run(): Promise<void> {
  const results = process.env['QUANTUM_ADMIN_ACTIVATION_RESULTS']
  const extension = vscode.extensions.getExtension('quantum-admin.quantum-admin')
  if (results === undefined || extension === undefined || extension.isActive)
    throw new Error('The extension must be there and not be active yet')
  const started = performance.now()
  await extension.activate()
  appendFileSync(results, `${performance.now() - started}\n`)
}
