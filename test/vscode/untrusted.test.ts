import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withPeers } from '../support/peers.ts'
import { Random } from '../support/random.ts'
import { figure, scale } from '../support/scale.ts'
import { edit, lens, problem, replaceAll, restartServers, squiggles, word } from '../support/vscode-editor.ts'
import {
  openContainer,
  openFile,
  openWindow,
  runCommand,
  screenshot,
  treeRow,
} from '../support/vscode-page.ts'
import { freePort } from '../support/free-port.ts'
import { useScene } from '../support/vscode-suite.ts'

const parent = mkdtempSync(path.join(tmpdir(), 'qa-untrusted-'))
const canary = path.join(parent, 'canary')

/** A folder made to start something, reach something or write something as soon as it is opened. */
function hostileWorkspace(index: number, url: string): string {
  const random = new Random(index)
  const pick = <T>(values: readonly T[]): T => random.pick(values)
  const folder = path.join(parent, `ws-${index}`)
  const program = path.join(folder, pick(['node', 'evil.sh', 'bin/node', '-node', '$(touch canary)']))
  mkdirSync(path.dirname(program), { recursive: true })
  mkdirSync(path.join(folder, '.vscode'), { recursive: true })
  writeFileSync(program, `#!/bin/sh\necho v24.0.0\ntouch ${canary}\n`)
  chmodSync(program, 0o755)
  const settings = {
    'quantumAdmin.daemon.node': pick([program, './node', '${workspaceFolder}/node', 'node']),
    'quantumAdmin.daemon.url': pick([url, '', url.replace('https', 'wss')]),
    'quantumAdmin.daemon.ca': pick([program, '/etc/passwd', '']),
    'quantumAdmin.docs.url': pick([url, 'javascript:alert(1)', 'command:workbench.action.quit']),
    'quantumAdmin.docs.developmentUrl': url,
  }
  writeFileSync(path.join(folder, '.vscode', 'settings.json'), JSON.stringify(settings))
  const config = pick([
    'name: evil\nrun: { command: touch canary }\n',
    `admin: { include: [/etc, ../..], run: { command: touch ${canary}, dependsOn: [x] }, docs: ${url} }\n`,
    '&a [*a, *a]\n',
    '\u0000\u001b]0;x\u0007',
    '',
  ])
  const nested = path.join(folder, pick(['.', 'a', 'a/b/c']))
  mkdirSync(nested, { recursive: true })
  writeFileSync(path.join(nested, 'quantum.config.yaml'), config)
  writeFileSync(path.join(folder, 'Procfile'), `web: touch ${canary}\n`)
  writeFileSync(
    path.join(folder, '.env'),
    `QUANTUM_ADMIN_HOME=${folder}\nNODE_OPTIONS=--require=./evil.cjs\n`,
  )
  if (pick([true, false])) symlinkSync('/etc/passwd', path.join(folder, 'passwd'))
  return folder
}

describe.runIf(withPeers('vscode', 'chromium'))('a workspace that is not trusted', () => {
  let connections = 0
  let port = 0
  let listener: Server
  beforeAll(async () => {
    port = await freePort()
    listener = createServer((socket) => {
      connections += 1
      socket.destroy()
    }).listen(port, '127.0.0.1')
  })
  const scene = useScene((shop) => {
    const text = 'admin:\n  include: [./gone]\n  run:\n    comand: touch canary\n'
    writeFileSync(path.join(shop.root, 'quantum.config.yaml'), text)
    return { workspaceTrust: true }
  })
  const soon = { timeout: 15_000 }
  afterAll(() => {
    listener?.close()
    rmSync(parent, { recursive: true, force: true })
  })

  const patience = { timeout: scale(60_000, 900_000) }
  test('starts, reaches and writes nothing, however it is made', patience, async () => {
    const count = scale(2, 40)
    for (let index = 0; index < count; index++) {
      const folder = hostileWorkspace(index, `https://127.0.0.1:${port}`)
      const before = readdirSync(folder, { recursive: true }).length
      const page = await openWindow(scene.browser, scene.server.url({ folder }))
      await page.getByText('Restricted Mode').first().waitFor()
      await openContainer(page, 'Quantum Admin')
      await page.getByText('This workspace is in Restricted Mode').first().waitFor()
      await page.getByText('no app is added or started until you trust it').waitFor()
      expect(await page.getByRole('button', { name: 'Add the Apps' }).count()).toBe(0)
      if (index === 0) await screenshot(page, 'untrusted')
      // The language server reads it as a text, and nothing that it names.
      await openFile(page, 'quantum.config.yaml')
      expect(readdirSync(folder, { recursive: true }).length, folder).toBe(before)
      await page.context().close()
    }
    expect(existsSync(canary)).toBe(false)
    expect(existsSync(scene.server.stateFolder)).toBe(false)
    expect(connections).toBe(0)
    figure('S10', `${count} hostile workspaces: 0 processes, 0 connections, 0 writes`)
  })

  test('has its configuration read as a text, and nothing is looked at, run or connected to', async () => {
    const { page, shop, server } = scene
    await page.getByText('Restricted Mode').first().waitFor()
    await edit(page, 'quantum.config.yaml')
    await squiggles(page).first().waitFor()
    await word(page, 'run').hover()
    await page.locator('.monaco-hover:visible', { hasText: 'How the app is run' }).waitFor()
    await runCommand(page, 'Problems: Focus on Problems View')
    await problem(page, 'did you mean command?').waitFor()
    await screenshot(page, 'language-untrusted')
    expect(await problem(page, 'There is no folder').count()).toBe(0)
    expect(await page.locator('.codelens-decoration').count()).toBe(0)
    expect(existsSync(server.stateFolder)).toBe(false)
    expect(existsSync(path.join(shop.root, 'canary'))).toBe(false)
  })

  test('works as every other as soon as it is trusted', async () => {
    const { page } = scene
    await openContainer(page, 'Quantum Admin')
    await page.getByRole('button', { name: 'Manage Workspace Trust' }).first().click()
    await page.getByRole('button', { name: 'Trust', exact: true }).first().click()
    await treeRow(page, 'Resources', /^Ports\d+/).waitFor()
    await page.getByRole('button', { name: 'Add the Apps of This Workspace' }).waitFor()
    expect(existsSync(scene.server.stateFolder)).toBe(true)
  })

  test('has all the rest said of its configuration as soon as it is trusted', async () => {
    const { page } = scene
    // The editor that was trusted in stands before the others until somebody clicks beside it.
    const modal = page.locator('.monaco-modal-editor-block')
    await modal.click({ position: { x: 5, y: 5 } })
    await modal.waitFor({ state: 'detached' })
    await page.locator('.editor-instance .view-lines').first().click()
    await lens(page, 'Add This App').waitFor(soon)
    await problem(page, 'There is no folder ./gone').waitFor(soon)
  })

  test('is still trusted by a language server that is started again', async () => {
    const { page, server } = scene
    await restartServers(server.extensions)
    await page.locator('.editor-instance .view-lines').first().click()
    await replaceAll(page, 'admin: { include: [./missing] }\n')
    await problem(page, 'There is no folder ./missing').waitFor(soon)
  })
})
