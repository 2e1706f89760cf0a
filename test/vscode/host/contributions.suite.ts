import * as assert from 'node:assert/strict'
import * as vscode from 'vscode'

interface Manifest {
  readonly activationEvents: readonly string[]
  readonly capabilities: {
    readonly untrustedWorkspaces: {
      readonly supported: string
      readonly restrictedConfigurations: readonly string[]
    }
  }
  readonly contributes: {
    readonly configuration: { readonly properties: Readonly<Record<string, { readonly scope?: string }>> }
    readonly commands: readonly {
      readonly command: string
      readonly title: string
      readonly category: string
    }[]
  }
}

function manifest(): Manifest {
  const extension = vscode.extensions.getExtension('quantum-admin.quantum-admin')
  assert.ok(extension)
  return extension.packageJSON as Manifest
}

describe('what the extension contributes', () => {
  it('lets no workspace choose a program, a place to connect to or an address', () => {
    const { configuration } = manifest().contributes
    const { supported, restrictedConfigurations } = manifest().capabilities.untrustedWorkspaces
    assert.equal(supported, 'limited')
    assert.deepEqual([...restrictedConfigurations].sort(), Object.keys(configuration.properties).sort())
    for (const [name, { scope }] of Object.entries(configuration.properties))
      if (name.startsWith('quantumAdmin.daemon.')) assert.equal(scope, 'machine', name)
  })

  it('refuses to write a machine setting into a workspace', async () => {
    const settings = vscode.workspace.getConfiguration('quantumAdmin')
    for (const name of ['daemon.url', 'daemon.ca', 'daemon.node'])
      await assert.rejects(
        Promise.resolve(settings.update(name, '/tmp/evil', vscode.ConfigurationTarget.Workspace)),
        name,
      )
  })

  it('handles no vscode:// address and is never activated by one', async () => {
    assert.deepEqual(manifest().activationEvents, [
      'onWebviewPanel:quantumAdmin.dashboard',
      'onWebviewPanel:quantumAdmin.logs',
      'workspaceContains:**/quantum.config.yaml',
      'workspaceContains:**/quantum.config.yml',
    ])
  })

  it('names every command in words, under one category', () => {
    for (const { command, title, category } of manifest().contributes.commands) {
      assert.equal(category, 'Quantum Admin', command)
      assert.doesNotMatch(title, /%/, command)
    }
  })

  it('opens the shipped documentation when no address is set', async () => {
    await vscode.commands.executeCommand('quantumAdmin.docs.open')
    const labels = () => vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ label }) => label))
    for (let waited = 0; !labels().some((label) => label.includes('README')); waited += 50) {
      assert.ok(waited < 10_000, `no tab of the documentation among ${labels().join()}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })

  it('answers documents of any address with text, never with an error or a command', async () => {
    const addresses = [
      'quantum-admin:/x',
      'quantum-admin:/x?port=99999999',
      'quantum-admin:/x?constructor=1',
      'quantum-admin:/x?__proto__=1',
      'quantum-admin:/x?container=../../etc/passwd',
      'quantum-admin:/x?process=-1',
      'quantum-admin:/x?command=workbench.action.quit',
    ]
    for (const address of addresses) {
      const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(address))
      assert.equal(document.isDirty, false, address)
      assert.doesNotMatch(document.getText(), /root:/, address)
    }
  })

  it('shows who holds a port in a read-only document', async () => {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse('quantum-admin:/Port 1?port=1'))
    assert.equal(document.getText().trim(), 'Nobody holds port 1.')
  })
})
