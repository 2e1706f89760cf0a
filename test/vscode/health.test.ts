import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectLocal } from '#client/connect.ts'
import { withPeers } from '../support/peers.ts'
import { notification, openContainer, quickInput, screenshot, treeRow } from '../support/vscode-page.ts'
import { clickContext, clickInline } from '../support/vscode-scene.ts'
import { useScene } from '../support/vscode-suite.ts'

const program = `
const { existsSync } = require('node:fs')
require('node:http').createServer((request, response) => {
  response.statusCode = existsSync('broken') ? 503 : 200
  response.end('ok')
}).listen(process.env.PORT)`

describe.runIf(withPeers('vscode', 'chromium'))('health in the tree of applications', () => {
  const scene = useScene()
  const row = (text: string | RegExp) => treeRow(scene.page, 'Applications', text).first()
  let folder = ''

  beforeAll(async () => {
    folder = path.join(scene.shop.root, 'web')
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, 'main.cjs'), program)
    writeFileSync(
      path.join(folder, 'quantum.config.yaml'),
      [
        'admin:',
        '  run: { command: exec node main.cjs $PORT }',
        '  health: { path: /health, interval: 1s, failures: 2 }',
      ].join('\n'),
    )
    await openContainer(scene.page, 'Quantum Admin')
    await scene.page.getByRole('button', { name: 'Add the Apps of This Workspace' }).click()
    await row(/^webstopped$/).waitFor()
  })

  afterAll(async () => {
    const client = connectLocal({ home: scene.server.stateFolder, client: 'test/0', launcher: null }, 'once')
    await client.call('apps.stop', { app: 'web' })
    await client.dispose()
  })

  test('is unknown while the app does not run, and healthy by evidence when it does', async () => {
    await row(/^webstopped$/).click()
    await row(/^Healthunknown$/).waitFor()
    await clickInline(row(/^webstopped/), 'Start App')
    await row(/^Healthhealthy$/).waitFor()
    await row(/^Healthhealthy$/).click()
    await row(/^httphealthy · \d+ ms$/).waitFor()
    await row(/^processhealthy$/).waitFor()
    await screenshot(scene.page, 'health-healthy')
  })

  test('shows an incident by one notification, which leads to what was seen', async () => {
    const { page } = scene
    writeFileSync(path.join(folder, 'broken'), '')
    const shown = notification(page, /web is not well: GET http:\/\/localhost:\d+\/health answered 503/)
    await shown.waitFor()
    expect(await shown.count()).toBe(1)
    await row(/^webrunning · incident #1 · /).waitFor()
    await row(/^Incident #1< 1 min · GET /).waitFor()
    await row(/^httpunhealthy · answered 503 \(expected 200-399\)$/).waitFor()
    await screenshot(page, 'health-incident')
    await shown.getByRole('button', { name: 'Show' }).click()
    await page.locator('.tab', { hasText: 'Incident 1' }).waitFor()
    const text = page.locator('.view-lines')
    await text.getByText('answered 503').first().waitFor()
    // What was done to it is the first thing that is said, and its file is one press away.
    await text.getByText('First change before onset: broken was added').first().waitFor()
    await screenshot(page, 'incident-timeline')
    await text
      .locator('.detected-link', { hasText: 'Audit entry #' })
      .first()
      .click({ modifiers: ['Control'] })
    await page.locator('.tab', { hasText: /^Entry \d+/ }).waitFor()
  })

  test('an incident is acknowledged, and gone when there is evidence that all is well', async () => {
    await clickInline(row(/^Incident #1/), 'Acknowledge Incident')
    await row(/^Incident #1acknowledged · /).waitFor()
    rmSync(path.join(folder, 'broken'))
    await row(/^webrunning · localhost/).waitFor()
    await row(/^Incident #1/).waitFor({ state: 'detached' })
    await row(/^httphealthy/).waitFor()
  })

  test('is paused for a time and resumed, and checked when asked', async () => {
    const { page } = scene
    await clickContext(page, row(/^httphealthy/), 'Pause Checks…')
    await quickInput(page).getByText('For 2 hours').click()
    await row(/^httppaused · until /).waitFor()
    await screenshot(page, 'health-paused')
    await clickContext(page, row(/^httppaused/), 'Resume Checks')
    await row(/^httphealthy/).waitFor()
    await clickInline(row(/^processhealthy/), 'Check Now')
    await page.locator('.part.statusbar').getByText('process: healthy').waitFor()
  })
})
