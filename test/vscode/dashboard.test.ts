import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectLocal } from '#client/connect.ts'
import type { Client } from '#client/client.ts'
import { statePaths } from '#base/state-paths.ts'
import { withPeers } from '../support/peers.ts'
import { figure, scale } from '../support/scale.ts'
import { runCommand, screenshot, statusBarItem, tree } from '../support/vscode-page.ts'
import { useScene } from '../support/vscode-suite.ts'
import { watchPolicy, webview } from '../support/vscode-webview.ts'

/** Three apps: one with everything, one that cannot be started, and one whose name is hostile. */
const apps = {
  shop: `datasources:
  main: { driver: postgresql, host: 127.0.0.1, port: 1, database: shop, username: ana }
  local: { driver: sqlite, database: shop.db }
admin:
  run: { command: sleep 1000 }
  jobs:
    nightly: { command: 'true', schedule: '0 3 * * *' }
    import: { command: 'exit 3' }
  tests: { command: 'echo 1..1; echo ok 1' }
`,
  billing: 'admin: { run: { command: exit 3, restart: { policy: never } } }\n',
  '<img src=x onerror=globalThis.pwned=1>': 'admin: { run: { command: sleep 1000 } }\n',
} as const

const themes = {
  dark: { name: 'Default Dark Modern', base: 'vs-dark' },
  light: { name: 'Default Light Modern', base: 'vs' },
  'high-contrast': { name: 'Default High Contrast', base: 'hc-black' },
} as const
const widths = [320, 800, 1600] as const
const looks = (Object.keys(themes) as (keyof typeof themes)[])
  .flatMap((theme) => widths.map((width) => [theme, width] as const))
  // The narrowest is where something does not fit.
  .slice(0, scale(1, 9))

describe.runIf(withPeers('vscode', 'chromium'))('the dashboard', () => {
  let client: Client
  let refused: readonly string[] = []
  const scene = useScene((shop) => {
    for (const [name, config] of Object.entries(apps)) {
      const folder = path.join(shop.root, name)
      mkdirSync(folder, { recursive: true })
      writeFileSync(path.join(folder, 'quantum.config.yaml'), config)
    }
    writeFileSync(path.join(shop.root, 'shop', 'shop.db'), '')
    return { ownPorts: true }
  })
  const soon = { timeout: 15_000 }
  const page = () => webview(scene.page)
  const card = (name: string): Locator => page().getByRole('region', { name, exact: true })
  const number = (name: string): Locator => card(name).locator('.number')
  const chips = (name: string) => card(name).locator('.chip').allTextContents()
  const rows = () => page().locator('.drill .row')
  const focused = () => page().locator(':focus')
  const connect = () =>
    connectLocal({ home: scene.server.stateFolder, client: 'test/0', launcher: null }, 'once')

  /**
   * In a window that was reloaded. VS Code writes down some seconds later what was closed and what a page keeps: another
   * page may stand before this one, and this one may show a list.
   */
  const showOverview = async (): Promise<void> => {
    await scene.page.locator('.tab', { hasText: 'Dashboard' }).click({ timeout: 60_000 })
    await page().locator('.drill, .cards').first().waitFor({ timeout: 60_000 })
    const back = page().getByRole('button', { name: 'Back' })
    if (await back.isVisible()) await back.click()
  }

  beforeAll(() => {
    refused = watchPolicy(scene.page)
  })
  afterAll(async () => {
    await client?.dispose()
    const last = connect()
    for (const { name } of (await last.call('apps.list', {})).rows)
      await last.call('apps.stop', { app: name }).catch(() => undefined)
    await last.dispose()
  })

  test('opens from the status bar, and says what to do first where there is no app', async () => {
    const window = scene.page
    await statusBarItem(window, /Quantum Admin|\d+ ports/).click({ timeout: 60_000 })
    await window.locator('.tab.active', { hasText: 'Dashboard' }).waitFor()
    await page().getByText('There is no app yet').waitFor()
    await expect.poll(() => number('Applications').textContent(), soon).toBe('0')
    await page()
      .getByText(/Connected · daemon/)
      .waitFor()
    await screenshot(window, 'dashboard-empty')
  })

  test('shows what is added and done as it happens, the worst first', async () => {
    const { shop, page: window } = scene
    client = connect()
    await client.call('apps.add', { folder: shop.root })
    await expect.poll(() => number('Applications').textContent(), soon).toBe('3')
    await client.call('apps.start', { app: 'shop' })
    await expect(client.call('apps.start', { app: 'billing' })).rejects.toMatchObject({ code: 'app-failed' })
    await client.call('jobs.run', { app: 'shop', job: 'import', wait: true })
    await client.call('tests.run', { app: 'shop', wait: true })
    await client.call('connectors.test', { app: 'shop', name: 'main' })
    await client.call('leases.allocate', { name: 'shop/web', kind: 'web' })
    await client.call('users.add', { name: 'bob', role: 'viewer' })
    await expect.poll(() => chips('Applications'), soon).toEqual(['1 failed', '1 running', '1 stopped'])
    await expect.poll(() => chips('Jobs'), soon).toEqual(['1 failed', '1 never run'])
    await expect.poll(() => chips('Tests'), soon).toEqual(['1 passed'])
    await expect.poll(() => chips('Connectors'), soon).toEqual(['1 disconnected', '1 not tested'])
    await expect.poll(() => chips('Leases'), soon).toEqual(['1 not in use'])
    await expect.poll(() => chips('Users'), soon).toContain('1 viewer')
    await card('Recent activity').getByText('create user bob').waitFor()
    await card('System health').getByText('Audit trail').waitFor()
    await page().getByRole('meter', { name: 'Memory' }).waitFor()
    await window.locator('.part.statusbar').hover()
    await screenshot(window, 'dashboard-dark')
  })

  test('has exactly the rows behind each number, and gives the focus back to it', async () => {
    const all = ['Applications', 'Connectors', 'Environments', 'Users', 'Jobs', 'Tests', 'Health', 'Leases']
    for (const name of all) {
      const total = Number(await number(name).textContent())
      await number(name).click()
      await expect.poll(() => rows().count(), soon).toBe(total)
      await scene.page.keyboard.press('Escape')
      await expect.poll(() => focused().getAttribute('aria-label'), soon).toBe(`${name}: ${total}`)
    }
    await card('Applications').getByRole('button', { name: 'Applications: 1 failed' }).click()
    await expect.poll(() => rows().locator('.name').allTextContents(), soon).toEqual(['billing'])
    await page()
      .getByRole('button', { name: /^\d+ All$/ })
      .click()
    await expect.poll(() => rows().count(), soon).toBe(3)
  })

  test('is gone through with the keyboard, and a row leads on to its place', async () => {
    const { page: window } = scene
    await rows().filter({ hasText: 'shop' }).last().focus()
    await window.keyboard.press('Home')
    const first = await focused().getAttribute('data-key')
    await window.keyboard.press('ArrowDown')
    const second = await focused().getAttribute('data-key')
    expect([first, second]).not.toContain(null)
    expect(second).not.toBe(first)
    await window.keyboard.press('End')
    await screenshot(window, 'dashboard-list')
    await expect.poll(() => focused().getAttribute('data-key'), soon).toBe('shop')
    await window.keyboard.press('Enter')
    await tree(window, 'Applications')
      .getByRole('treeitem', { selected: true })
      .filter({ hasText: 'shop' })
      .waitFor()
    await rows().filter({ hasText: 'shop' }).last().focus()
    await window.keyboard.press('Tab')
    await expect.poll(() => focused().textContent(), soon).toBe('Show in Tree')
    await window.keyboard.press('Tab')
    await window.keyboard.press('Enter')
    await window.locator('.tab.active', { hasText: 'Logs of shop' }).waitFor()
    await window.locator('.tab.active').click({ button: 'middle' })
  })

  test('comes back as it was, also with the window, and runs nothing of what it shows', async () => {
    const { page: window } = scene
    await window.locator('.tab.active', { hasText: 'Dashboard' }).waitFor()
    await expect.poll(() => rows().count(), soon).toBe(3)
    expect(await rows().locator('img').count()).toBe(0)
    for (const frame of window.frames())
      expect(await frame.evaluate(() => (globalThis as { pwned?: unknown }).pwned ?? null)).toBeNull()
    expect(refused).toEqual([])
    await window.reload()
    await showOverview()
    await expect.poll(() => number('Applications').textContent(), { timeout: 30_000 }).toBe('3')
  })

  test('draws no older picture over a newer one, and each update within a frame or two', async () => {
    const body = page().locator('body')
    await body.evaluate(tellOld)
    const painted = await body.evaluate(() => performance.getEntriesByName('dashboard')[0]?.startTime ?? null)
    expect(painted).not.toBeNull()
    await body.evaluate(measureUpdates)
    for (let count = scale(3, 40); count > 0; count--) {
      await client.call('leases.allocate', { name: `shop/${count}`, kind: 'web' })
      await expect.poll(() => number('Leases').textContent(), soon).toBe('2')
      await client.call('leases.release', { name: `shop/${count}` })
      await expect.poll(() => number('Leases').textContent(), soon).toBe('1')
    }
    expect(await number('Applications').textContent()).toBe('3')
    const took = await body.evaluate(() => (globalThis as { updates?: number[] }).updates ?? [])
    expect(took.length).toBeGreaterThan(0)
    const at = (part: number) =>
      took.toSorted((a, b) => a - b)[Math.floor((took.length - 1) * part)]?.toFixed(1) ?? '–'
    figure(
      'dashboard page',
      `first meaningful paint ${painted?.toFixed(0)} ms after its frame began; update told to painted p50 ${at(0.5)} ms, p99 ${at(0.99)} ms of ${took.length}`,
    )
  })

  test('leads to the entry of the audit trail, and runs the commands of its buttons with their questions', async () => {
    const { page: window } = scene
    await page().getByRole('button', { name: 'Stop All Apps…' }).click()
    const dialog = window.locator('.monaco-dialog-box')
    await dialog.getByText('Stop all apps that run?').waitFor()
    await dialog.getByRole('button', { name: 'Stop All' }).click()
    await expect.poll(() => chips('Applications'), soon).toEqual(['1 failed', '2 stopped'])
    const entry = card('Recent activity').locator('.row', { hasText: 'stop app shop' })
    await entry.focus()
    await window.keyboard.press('Enter')
    await window.locator('.tab.active', { hasText: /^Entry \d+/ }).waitFor()
    await window.locator('.tab.active').click({ button: 'middle' })
    await page()
      .getByText(/Connected · daemon/)
      .waitFor()
  })

  test.each(looks)('can be read in %s at %s px', async (theme, width) => {
    const { page: window, server } = scene
    const file = path.join(server.logs, '..', 'User', 'settings.json')
    const settings = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    const { name, base } = themes[theme]
    if (!(await window.locator(`.monaco-workbench.${base}`).isVisible())) {
      writeFileSync(file, JSON.stringify({ ...settings, 'workbench.colorTheme': name }))
      await window.reload()
      await window.locator(`.monaco-workbench.${base}`).waitFor()
      await showOverview()
    }
    if (await window.locator('.part.sidebar').isVisible())
      await runCommand(window, 'View: Toggle Primary Side Bar Visibility')
    await window.setViewportSize({ width: width + 62, height: width < 500 ? 1400 : 900 })
    await page()
      .getByText(/Connected · daemon/)
      .waitFor()
    expect(
      await page()
        .locator('html')
        .evaluate((html) => html.scrollWidth - html.clientWidth),
    ).toBe(0)
    await screenshot(window, `dashboard-${theme}-${width}`)
  })

  test('greys out and says since when while the daemon is gone, and never shows old numbers as true', async () => {
    const { page: window } = scene
    const home = scene.server.stateFolder
    await page().locator('.plots-slot').scrollIntoViewIfNeeded()
    await page().locator('.plots:not(.stale) .panel').first().waitFor()
    await page().locator('body').evaluate(watchTruth)
    const { pid } = JSON.parse(readFileSync(statePaths(home).daemonFile, 'utf8')) as { pid: number }
    // No daemon starts where its folder should be and is not.
    renameSync(home, `${home}.away`)
    writeFileSync(home, '')
    process.kill(pid, 'SIGKILL')
    try {
      await page()
        .getByText(/(cannot be reached|no connection to the daemon) since/)
        .waitFor()
      await expect.poll(() => card('Applications').getAttribute('class'), soon).toContain('stale')
      await expect
        .poll(() => number('Applications').getAttribute('aria-label'))
        .toBe('Applications: 3, out of date')
      await page().locator('.plots.stale').getByText('As of').waitFor()
      await screenshot(window, 'dashboard-gone')
    } finally {
      rmSync(home)
      renameSync(`${home}.away`, home)
    }
    await page().getByRole('button', { name: 'Try Again' }).click()
    await page()
      .getByText(/Connected · daemon/)
      .waitFor()
    await expect.poll(() => card('Applications').getAttribute('class'), soon).not.toContain('stale')
    await page().locator('.plots:not(.stale)').waitFor()
    expect(
      await page()
        .locator('body')
        .evaluate(() => (globalThis as { lies?: number }).lies),
    ).toBe(0)
  })
})

/** In the page: tells it again what is older than what it shows. */
function tellOld(): void {
  const own = globalThis as unknown as { postMessage(message: unknown, to: string): void }
  own.postMessage({ type: 'picture', picture: { sequence: 0, cards: [], machine: null } }, '*')
}

/** In the page: how long after it was told a picture the frame with it was painted, in milliseconds. */
function measureUpdates(): void {
  const all = globalThis as unknown as {
    updates: number[]
    addEventListener(
      type: 'message',
      heard: (event: { readonly data: { readonly type?: unknown }; readonly timeStamp: number }) => void,
    ): void
    requestAnimationFrame(run: () => void): void
  }
  all.updates = []
  all.addEventListener('message', ({ data, timeStamp }) => {
    if (data.type === 'picture')
      // What is asked for in a frame runs when that has been painted.
      all.requestAnimationFrame(() => setTimeout(() => all.updates.push(performance.now() - timeStamp)))
  })
}

/** In the page: counts the frames in which a number looks true while the page says that there is no connection. */
function watchTruth(): void {
  const all = globalThis as unknown as {
    lies: number
    document: Document
    requestAnimationFrame(run: () => void): void
  }
  interface Document {
    querySelector(selector: string): { readonly hidden: boolean } | null
    querySelectorAll(selector: string): { readonly length: number }
  }
  all.lies = 0
  const look = () => {
    const gone = all.document.querySelector('.banner')?.hidden === false
    if (gone && all.document.querySelectorAll('.card:not(.stale) .number:not(:disabled)').length > 0)
      all.lies += 1
    all.requestAnimationFrame(look)
  }
  look()
}
