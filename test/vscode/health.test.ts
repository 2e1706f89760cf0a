import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '#client/client.ts'
import { connectLocal } from '#client/connect.ts'
import { withPeers } from '../support/peers.ts'
import {
  notification,
  openContainer,
  quickInput,
  screenshot,
  statusBarItem,
  treeRow,
} from '../support/vscode-page.ts'
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
  /** The icon's number, and what is said beside it. */
  const badge = (): ReturnType<typeof scene.page.locator> =>
    scene.page.locator('.activitybar .action-item', {
      has: scene.page.locator('[aria-label*="Quantum Admin"]'),
    })
  const isColoured = (text: string, kind: 'error' | 'warning') =>
    expect.poll(() => statusBarItem(scene.page, text).getAttribute('class')).toContain(`${kind}-kind`)

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

  let client: Client
  beforeAll(() => {
    client = connectLocal({ home: scene.server.stateFolder, client: 'test/0', launcher: null }, 'once')
  })

  afterAll(async () => {
    // What a test that failed has left as well.
    for (const { name } of (await client.call('apps.list', {})).rows)
      await client.call('apps.stop', { app: name })
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

  test('from fault to end: told once, in the status bar and on the icon, until somebody sees to it', async () => {
    const { page } = scene
    writeFileSync(path.join(folder, 'broken'), '')
    const shown = notification(page, /web is not well: GET http:\/\/localhost:\d+\/health answered 503/)
    await shown.waitFor()
    const bar = statusBarItem(page, '1 incident')
    await bar.waitFor()
    await isColoured('1 incident', 'error')
    await badge().locator('.badge-content', { hasText: /^1$/ }).waitFor()
    expect(await badge().locator('a').first().getAttribute('aria-label')).toContain('1 incident')
    await bar.hover()
    await page
      .locator('.workbench-hover-container', { hasText: /Health of your apps: unhealthy[^]*#2 web · </ })
      .waitFor()
    await screenshot(page, 'health-told')
    await shown.getByRole('button', { name: 'Acknowledge' }).click()
    await row(/^Incident #2acknowledged · /).waitFor()
    await expect
      .poll(() => statusBarItem(page, '1 incident').getAttribute('class'))
      .not.toMatch(/(?:error|warning)-kind/)
    await screenshot(page, 'health-seen-to')
    rmSync(path.join(folder, 'broken'))
    await page.locator('.part.statusbar').getByText('web is well again').waitFor()
    await row(/^Incident #2/).waitFor({ state: 'detached' })
    await bar.waitFor({ state: 'detached' })
    await badge().locator('.badge-content', { hasText: /^1$/ }).waitFor({ state: 'detached' })
    expect(await notification(page, /is not well/).count()).toBe(0)
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

  test('apps that break together are told in one notification, and no reload or other window repeats it', async () => {
    const { page } = scene
    for (const name of ['ann', 'bob']) {
      const of = path.join(scene.shop.root, name)
      mkdirSync(of)
      writeFileSync(path.join(of, 'main.cjs'), program)
      writeFileSync(
        path.join(of, 'quantum.config.yaml'),
        readFileSync(path.join(folder, 'quantum.config.yaml')),
      )
      await client.call('apps.add', { folder: of })
      await client.call('apps.start', { app: name })
    }
    await expect
      .poll(
        async () =>
          (await client.call('health.list', {})).rows.filter(({ state }) => state === 'healthy').length,
      )
      .toBe(6)
    for (const name of ['ann', 'bob']) writeFileSync(path.join(scene.shop.root, name, 'broken'), '')
    const shown = notification(page, /2 apps are not well: (?:ann, bob|bob, ann)/)
    await shown.waitFor()
    expect(await notification(page, /not well/).count()).toBe(1)
    await isColoured('2 incidents', 'error')
    await screenshot(page, 'health-several')
    // Two windows more, each of which takes what a new one may.
    await page.reload()
    await statusBarItem(page, '2 incidents').waitFor()
    // In the same browser, as windows of one VS Code are.
    const other = await page.context().newPage()
    await other.goto(page.url())
    await statusBarItem(other, '2 incidents').waitFor()
    // Longer than what is told waits for more of its kind.
    await new Promise((resolve) => setTimeout(resolve, 4000))
    for (const one of [page, other]) expect(await notification(one, /not well/).count()).toBe(0)
    await other.close()
    for (const name of ['ann', 'bob']) {
      await client.call('apps.stop', { app: name })
      await client.call('apps.remove', { app: name })
    }
    await statusBarItem(page, 'incidents').waitFor({ state: 'detached' })
  }, 180_000)
})
