import { createRequire } from 'node:module'
import { appendFileSync } from 'node:fs'
import path from 'node:path'
import * as vscode from 'vscode'

interface Entry {
  readonly activate: (context: vscode.ExtensionContext) => unknown
  readonly deactivate: () => unknown
}

/**
 * Runs inside the extension host: writes down how long the extension's code takes to load and its `activate()` to
 * return, which is what VS Code shows of running extensions. How long VS Code itself talks to its window about the
 * activation is not ours to measure.
 */
export async function run(): Promise<void> {
  const results = process.env['QUANTUM_ADMIN_ACTIVATION_RESULTS']
  const extension = vscode.extensions.getExtension('quantum-admin.quantum-admin')
  if (results === undefined || extension === undefined || extension.isActive)
    throw new Error('The extension must be there and not be active yet')
  const main = path.join(extension.extensionPath, 'dist', 'extension.cjs')
  const load = createRequire(main)
  const started = performance.now()
  const entry = load(main) as Entry
  let taken = performance.now() - started
  const timed: Entry = {
    ...entry,
    activate: (context) => {
      const called = performance.now()
      entry.activate(context)
      taken += performance.now() - called
    },
  }
  const cached = load.cache[main]
  if (cached === undefined) throw new Error('The extension was not loaded as a module')
  cached.exports = timed
  await extension.activate()
  appendFileSync(results, `${taken}\n`)
}
