import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { withPeers } from '../support/peers.ts'
import { makeCertificate } from '../support/tls.ts'
import {
  dialog,
  notification,
  openContainer,
  quickInput,
  runCommand,
  screenshot,
  statusBarItem,
  treeRow,
} from '../support/vscode-page.ts'
import { answer } from '../support/vscode-scene.ts'
import { useScene } from '../support/vscode-suite.ts'
import { freePort } from '../support/free-port.ts'

const ready = withPeers('vscode', 'chromium')
const folder = mkdtempSync(path.join(tmpdir(), 'qa-states-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.runIf(ready)('a Node.js that is too old', () => {
  const old = path.join(folder, 'old-node')
  writeFileSync(old, `#!/bin/sh\necho v20.11.0\ntouch ${path.join(folder, 'ran')}\n`)
  chmodSync(old, 0o755)
  const scene = useScene(() => ({ machine: { 'quantumAdmin.daemon.node': old } }))

  test('is said so with what to do, and the page that explains it opens inside VS Code', async () => {
    const { page } = scene
    await openContainer(page, 'Quantum Admin')
    await page.getByText('The Node.js that would run the daemon is too old').waitFor()
    await treeRow(page, 'Problem', /Node\.js 22\.18 or newer is needed, .*old-node is 20\.11\.0/).waitFor()
    await statusBarItem(page, 'Quantum Admin').waitFor()
    await screenshot(page, 'node-too-old')
    await page.locator('.welcome-view-content').getByText('Learn more').first().click()
    await page.locator('.tab', { hasText: 'node-too-old.md' }).waitFor()
    await runCommand(page, 'Quantum Admin: Show the Problem')
    await notification(page, 'Node.js 22.18 or newer is needed')
      .getByRole('button', { name: 'Show Log' })
      .click()
    await page.getByRole('combobox', { name: /Output/ }).waitFor()
  })
})

describe.runIf(ready)('a daemon that cannot be reached', () => {
  const broken = path.join(folder, 'broken-node')
  // Answers like a Node.js and then runs nothing.
  writeFileSync(broken, '#!/bin/sh\n[ "$1" = --version ] && echo v24.0.0 && exit 0\nexit 3\n')
  chmodSync(broken, 0o755)
  const scene = useScene(() => ({ machine: { 'quantumAdmin.daemon.node': broken } }))

  test('is said so, with the reason and the seconds until the next try', async () => {
    const { page } = scene
    await openContainer(page, 'Quantum Admin')
    await page.getByText('The daemon cannot be reached').first().waitFor()
    await treeRow(page, 'Problem', /The daemon ended while starting \(exit code 3\)/).waitFor()
    await treeRow(page, 'Problem', /Tries again in \d+ s/).waitFor()
    await page.getByText('Without the daemon it is not known which apps run.').waitFor()
    await screenshot(page, 'unreachable')
    await page.getByRole('button', { name: 'Try Again Now' }).click()
    await treeRow(page, 'Problem', /The daemon ended while starting/).waitFor()
  })

  test('greys out what needs it, and is left alone once another one is set', async () => {
    const { page } = scene
    await page.keyboard.press('F1')
    await quickInput(page).locator('input.input').fill('>Quantum Admin: Lease a Port')
    await quickInput(page)
      .getByText(/No matching|Quantum Admin: Enter|similar/)
      .first()
      .waitFor()
    await page.keyboard.press('Escape')
  })
})

describe.runIf(ready && withPeers('openssl'))("a team's daemon", () => {
  const certificate = makeCertificate()
  let daemon: TestDaemon
  let url = ''
  let token = ''
  beforeAll(async () => {
    url = `https://127.0.0.1:${await freePort()}`
    const listen = [
      '--listen',
      new URL(url).host,
      '--tls-cert',
      certificate.certFile,
      '--tls-key',
      certificate.keyFile,
    ]
    daemon = await startDaemon({ args: listen })
    await daemon.cli('users', 'add', 'operator-one', '--role', 'operator')
    token = (
      JSON.parse((await daemon.cli('users', 'token', 'operator-one', '--json')).stdout) as { token: string }
    ).token
  })
  const scene = useScene(() => ({
    machine: { 'quantumAdmin.daemon.url': url, 'quantumAdmin.daemon.ca': certificate.certFile },
  }))
  // Had it ended by itself, how it did says more than what the window then lacks.
  afterEach(() => expect([daemon.process.exitCode, daemon.process.signalCode]).toEqual([null, null]))
  afterAll(async () => {
    await daemon?.stop()
    certificate.remove()
  })

  test('asks for a token, refuses a wrong one, and is shown with a good one', async () => {
    const { page } = scene
    await openContainer(page, 'Quantum Admin')
    await page.getByText('The daemon refused the connection').waitFor()
    await screenshot(page, 'refused')
    await page.getByRole('button', { name: 'Enter Token' }).click()
    await answer(page, 'The token an admin of', 'not-a-token')
    await treeRow(page, 'Problem', /token/i).first().waitFor()
    await page.getByRole('button', { name: 'Enter Token' }).click()
    await answer(page, 'The token an admin of', token)
    await treeRow(page, 'Resources', /^Ports\d+/).waitFor()
  })

  test('is told what a role may not do, with the page that explains it', async () => {
    const { page } = scene
    await runCommand(page, 'Quantum Admin: Export Audit Trail…')
    await quickInput(page).getByRole('button', { name: 'OK' }).click()
    await notification(page, /audit\.export needs the role admin/).waitFor()
  })

  test('is forgotten on request, and then refused again', async () => {
    const { page } = scene
    await runCommand(page, 'Quantum Admin: Forget Daemon Token…')
    await dialog(page).getByRole('button', { name: 'Forget' }).click()
    await page.getByText('The daemon refused the connection').waitFor()
    expect(await page.locator('body').innerText()).not.toContain(token)
  })
})
