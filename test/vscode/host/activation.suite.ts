import * as assert from 'node:assert/strict'
import * as vscode from 'vscode'

describe('the extension in its host', () => {
  it('is there and activates', async () => {
    const extension = vscode.extensions.getExtension('quantum-admin.quantum-admin')
    assert.ok(extension, 'VS Code does not know the extension')
    await extension.activate()
    assert.equal(extension.isActive, true)
  })

  it('registers every command that its manifest contributes', async () => {
    const extension = vscode.extensions.getExtension('quantum-admin.quantum-admin')
    const manifest = extension?.packageJSON as {
      readonly contributes?: { readonly commands?: readonly { readonly command: string }[] }
    }
    await extension?.activate()
    const registered = new Set(await vscode.commands.getCommands(true))
    const contributed = (manifest.contributes?.commands ?? []).map(({ command }) => command)
    assert.notEqual(contributed.length, 0)
    assert.deepEqual(
      contributed.filter((command) => !registered.has(command)),
      [],
    )
  })
})
