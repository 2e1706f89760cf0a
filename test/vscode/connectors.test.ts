import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { known, startRedis } from '../support/databases.ts'
import type { TestServer } from '../support/test-server.ts'
import { withPeers } from '../support/peers.ts'
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
import { answer, clickContext, clickInline } from '../support/vscode-scene.ts'
import { useScene } from '../support/vscode-suite.ts'

describe.runIf(withPeers('vscode', 'chromium', 'redis'))('connectors in the tree of applications', () => {
  const scene = useScene()
  const row = (text: string | RegExp) => treeRow(scene.page, 'Applications', text).first()
  let redis: TestServer

  beforeAll(async () => {
    redis = await startRedis()
    const folder = path.join(scene.shop.root, 'web')
    mkdirSync(folder, { recursive: true })
    const lines = [
      'datasources:',
      '  main: { driver: postgresql, host: 127.0.0.1, port: 1, database: shop, username: ana }',
      '  local: { driver: sqlite, database: shop.db }',
      'admin: { run: { command: sleep 1000 } }',
    ]
    writeFileSync(path.join(folder, 'quantum.config.yaml'), `${lines.join('\n')}\n`)
    writeFileSync(path.join(folder, 'shop.db'), '')
    await openContainer(scene.page, 'Quantum Admin')
    await scene.page.getByRole('button', { name: 'Add the Apps of This Workspace' }).click()
    await row(/^webstopped$/).waitFor()
  })
  afterAll(() => redis?.stop())

  test('stand below their app, not tested', async () => {
    await row(/^webstopped$/).click()
    await row(/^Connectors2 not tested$/).waitFor()
    await row(/^mainnot tested · PostgreSQL$/).waitFor()
    await row(/^localnot tested · SQLite$/).waitFor()
  })

  test('are tested one by one, and one that does not work says why and what to do', async () => {
    const { page } = scene
    await clickInline(row(/^local/), 'Test Connector')
    await row(/^localconnected · \d+ ms · SQLite · < 1 min$/).waitFor()
    await clickInline(row(/^main/), 'Test Connector')
    await row(/^maindisconnected · Nothing listens on 127\.0\.0\.1:1 · PostgreSQL/).waitFor()
    const shown = notification(page, 'main: Nothing listens on 127.0.0.1:1. Start the server')
    await shown.waitFor()
    await row(/^Connectors1 disconnected · 1 connected$/).waitFor()
    await screenshot(page, 'connectors-tested')
    await shown.getByRole('button', { name: 'Learn More' }).click()
    await page.locator('.tab', { hasText: 'connectors.md' }).waitFor()
    await page.keyboard.press('Control+F4')
  })

  test('of a person are added step by step, with a secret that is not shown', async () => {
    const { page } = scene
    await runCommand(page, 'Quantum Admin: Add Connector…')
    await answer(page, 'Add a Connector (1 of 5)', 'Redis')
    await answer(page, 'Add a Connector (2 of 5)', 'cache')
    const address = quickInput(page).filter({ hasText: 'Add a Connector (3 of 5)' })
    await address.locator('input.input').fill('redis://:hunter2@localhost')
    await address.getByText('Without a password: that is asked for next').waitFor()
    await answer(page, 'Add a Connector (3 of 5)', `redis://127.0.0.1:${redis.port}`)
    await answer(page, 'Add a Connector (4 of 5)', 'New Secret')
    const secret = quickInput(page).filter({ hasText: 'Secret cache' })
    await secret.waitFor()
    expect(await secret.locator('input.input').getAttribute('type')).toBe('password')
    await secret.locator('input.input').fill(known.password)
    await screenshot(page, 'connectors-secret')
    await page.keyboard.press('Enter')
    await answer(page, 'Add a Connector (5 of 5)', 'Without TLS')
    await notification(page, 'The connector cache was added.').getByRole('button', { name: 'Test' }).click()
    await row(/^My Connectors1 connected$/).waitFor()
    await row(/^cacheconnected · \d+ ms · Redis · < 1 min$/).waitFor()
    await screenshot(page, 'connectors-own')
  })

  test('say everything about themselves in their hover, and no password', async () => {
    const { page } = scene
    await page.locator('.part.statusbar').hover()
    await row(/^cache/).hover()
    const hover = page.locator('.monaco-hover:visible').filter({ hasText: 'Server: Redis' })
    await hover.waitFor()
    const text = (await hover.innerText()).replaceAll('\u00a0', ' ')
    for (const fact of [
      'Status: connected',
      `Address: redis://127.0.0.1:${redis.port}`,
      'Tested: ',
      'Took: ',
    ])
      expect(text).toContain(fact)
    expect(text).not.toContain(known.password)
    await page.keyboard.press('Escape')
  })

  test('are untested again when their secret is another, and say that it is refused', async () => {
    const { page } = scene
    await runCommand(page, 'Quantum Admin: Set Secret…')
    await answer(page, 'Set a Secret', 'cache')
    await quickInput(page).filter({ hasText: 'Secret cache' }).locator('input.input').fill('another password')
    await page.keyboard.press('Enter')
    await row(/^cachenot tested · Redis$/).waitFor()
    await clickInline(row(/^My Connectors/), 'Test All Connectors')
    await row(
      /^cacheerror · The password was refused by .*; redis-server \(pid \d+\) listens there/,
    ).waitFor()
    await screenshot(page, 'connectors-refused')
  })

  test('that take long can be cancelled, and are then as they were', async () => {
    const { page, shop } = scene
    const mute = createServer((socket) => void socket.on('error', () => undefined).resume()).listen(
      0,
      '127.0.0.1',
    )
    await once(mute, 'listening')
    const address = mute.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    const file = path.join(shop.root, 'web', 'quantum.config.yaml')
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(
        'admin:',
        `  mute: { driver: mysql, host: 127.0.0.1, port: ${port} }\nadmin:`,
      ),
    )
    await row(/^mutenot tested/).waitFor()
    await clickInline(row(/^mute/), 'Test Connector')
    const shown = notification(page, 'Testing mute')
    await shown.waitFor()
    await screenshot(page, 'connectors-testing')
    await shown.getByRole('button', { name: 'Cancel' }).click()
    await shown.waitFor({ state: 'detached' })
    await row(/^mutenot tested/).waitFor()
    mute.close()
  })

  test('open the configuration at their line', async () => {
    const { page } = scene
    await clickContext(page, row(/^local/), 'Show Connector Configuration')
    await page.locator('.tab.active', { hasText: 'quantum.config.yaml' }).waitFor()
    await page.locator('.part.statusbar').getByText('Ln 3, Col 1').waitFor()
  })

  test('of a person are removed after a question, as is a secret', async () => {
    const { page } = scene
    await clickContext(page, row(/^cache/), 'Remove Connector…')
    await dialog(page).getByText('Remove the connector cache?').waitFor()
    await dialog(page).getByRole('button', { name: 'Remove' }).click()
    await row(/^My Connectors/).waitFor({ state: 'detached' })
    await runCommand(page, 'Quantum Admin: Remove Secret…')
    await answer(page, 'Remove a Secret', 'cache')
    await dialog(page).getByText('Remove the secret cache?').waitFor()
    await dialog(page).getByRole('button', { name: 'Remove' }).click()
    await statusBarItem(page, 'The secret cache was removed').waitFor()
    await runCommand(page, 'Quantum Admin: Remove Secret…')
    await notification(page, 'There is no secret').waitFor()
  })
})
