import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectLocal } from '#client/connect.ts'
import { withPeers } from '../support/peers.ts'
import {
  dialog,
  notification,
  openContainer,
  openWindow,
  runCommand,
  screenshot,
  statusBarItem,
  treeRow,
} from '../support/vscode-page.ts'
import { answer, clickContext, clickInline, clipboard, editorText } from '../support/vscode-scene.ts'
import { useScene } from '../support/vscode-suite.ts'

const server = `
require('node:http')
  .createServer((request, response) => response.end('hello from ' + process.pid))
  .listen(Number(process.env.PORT), '127.0.0.1')
`

/** One app that runs, one that nobody can start, and one that ends at once. */
function makeApps(root: string): void {
  const write = (folder: string, file: string, text: string) => {
    mkdirSync(path.join(root, folder), { recursive: true })
    writeFileSync(path.join(root, folder, file), text)
  }
  write('web', 'Procfile', 'web: node server.cjs\n')
  write('web', 'server.cjs', server)
  write('api', 'quantum.config.yaml', 'admin:\n  run:\n    comand: node server.cjs\n')
  write(
    'import',
    'quantum.config.yaml',
    'admin:\n  run:\n    command: echo the file to import is missing; exit 3\n    restart: { policy: never }\n',
  )
}

/**
 * A window of a workspace of several folders. VS Code's server now and then opens one whose list of folders stays empty, in which
 * there is nothing to group: then it is opened anew.
 */
async function openWorkspace(browser: Browser, url: string): Promise<Page> {
  for (let attempt = 1; attempt <= 5; attempt++) {
    const page = await openWindow(browser, url)
    const folder = page.getByRole('tree', { name: 'Files Explorer' }).getByRole('treeitem').first()
    const isThere = await folder.waitFor({ timeout: 10_000 }).then(
      () => true,
      () => false,
    )
    if (isThere) return page
    await page.context().close()
  }
  throw new Error('VS Code opened no window with the folders of the workspace')
}

describe.runIf(withPeers('vscode', 'chromium'))('the tree of applications', () => {
  const scene = useScene(() => ({ ownPorts: true }))
  const row = (text: string | RegExp) => treeRow(scene.page, 'Applications', text).first()
  const soon = { timeout: 10_000 }
  const add = 'Add the Apps of This Workspace'
  let url = ''
  /** What the app answers, which names its process; nothing while it does not. */
  const said = () =>
    fetch(url, { headers: { connection: 'close' } }).then(
      (answer) => answer.text(),
      () => '',
    )

  beforeAll(() => openContainer(scene.page, 'Quantum Admin'))
  // Apps outlive their daemon, so none may be left when a test before the last one fails.
  afterAll(async () => {
    const home = scene.server.stateFolder
    const client = connectLocal({ home, client: 'test/0', launcher: null }, 'once')
    for (const { name } of (await client.call('apps.list', {})).rows)
      await client.call('apps.stop', { app: name })
    await client.dispose()
  })

  test('is empty with a button, which says once that there is nothing to add', async () => {
    const { page } = scene
    await page.getByText('No app was added yet.').waitFor()
    await screenshot(page, 'apps-empty')
    await page.getByRole('button', { name: add }).click()
    const shown = notification(page, 'No app was found in')
    await shown.getByRole('button', { name: 'Learn More' }).click()
    await page.locator('.tab', { hasText: 'apps.md' }).waitFor()
    await page.keyboard.press('Control+F4')
  })

  test('shows the apps that were added, and what keeps one from being started', async () => {
    const { page, shop } = scene
    makeApps(shop.root)
    await page.getByRole('button', { name: add }).click()
    await row(/^webstopped$/).waitFor()
    await row(/^importstopped$/).waitFor()
    await row(/^apistopped · .*comand/).waitFor()
    expect(await page.getByRole('button', { name: add }).count()).toBe(0)
  })

  test('starts an app, which then answers under the address that is shown', async () => {
    const { page } = scene
    await clickInline(row(/^web/), 'Start App')
    await row(/^webrunning · localhost:\d+ · < 1 min$/).waitFor()
    expect(await row(/^web/).getAttribute('aria-label')).toMatch(/^App web, running/)
    await clickContext(page, row(/^web/), 'Copy URL of App')
    await expect.poll(() => clipboard(page), soon).toMatch(/^http:\/\/localhost:\d+\/$/)
    url = await clipboard(page)
    expect(await said()).toMatch(/^hello from \d+$/)
  })

  test('says everything about an app in its hover', async () => {
    const { page, shop } = scene
    await page.locator('.part.statusbar').hover()
    await row(/^web/).hover()
    const hover = page.locator('.monaco-hover:visible').filter({ hasText: 'Kind: procfile' })
    await hover.waitFor()
    const text = (await hover.innerText()).replaceAll('\u00a0', ' ')
    for (const fact of [`Folder: ${path.join(shop.root, 'web')}`, `Address: ${url}`, 'Process id: '])
      expect(text).toContain(fact)
    await page.keyboard.press('Escape')
  })

  test('has the address and the folder of an app below it', async () => {
    const { page } = scene
    await row(/^web/).click()
    const popup = page.context().waitForEvent('page')
    await row(/^http:\/\/localhost:\d+\/$/).click()
    const opened = await popup
    // The server of the tests forwards by path; desktop VS Code and tunnels have their own ways.
    expect(opened.url()).toContain(new URL(url).port)
    await opened.close()
    await screenshot(page, 'apps-running')
    await row(/^…\/shop\/web$/).click()
    await page.getByRole('treeitem', { name: 'web', exact: true }).waitFor()
    await openContainer(page, 'Quantum Admin')
  })

  test('opens the file of a problem at its place', async () => {
    const { page } = scene
    await row(/^apistopped/).click()
    await row(/comand.*quantum\.config\.yaml:3:5$/).click()
    await page.locator('.tab.active', { hasText: 'quantum.config.yaml' }).waitFor()
    await statusBarItem(page, 'Ln 3, Col 5').waitFor()
    await screenshot(page, 'apps-problem')
    await clickContext(page, row(/^importstopped/), 'Show App Configuration')
    await expect.poll(() => page.locator('.tab', { hasText: 'quantum.config.yaml' }).count(), soon).toBe(1)
    await page.locator('.view-lines').getByText('exit 3').waitFor()
  })

  test('says why an app that cannot be started was not, and sees it when that is mended', async () => {
    const { page, shop } = scene
    await clickInline(row(/^apistopped/), 'Start App')
    await notification(page, /api cannot be run: /).waitFor()
    writeFileSync(path.join(shop.root, 'api', 'Procfile'), 'web: node ../web/server.cjs\n')
    writeFileSync(path.join(shop.root, 'api', 'quantum.config.yaml'), 'admin:\n  name: api\n')
    await row(/^apistopped$/).waitFor()
  })

  test('says how an app failed, and counts it on the icon', async () => {
    const { page } = scene
    await runCommand(page, 'Quantum Admin: Start App')
    await answer(page, 'Start an App', 'import')
    await row(/^importfailed · .*exit code 3/).waitFor()
    const shown = notification(page, /import did not start: .*exit code 3.*\. Its output may say more\.$/)
    await shown.getByRole('button', { name: 'Learn More' }).waitFor()
    await statusBarItem(page, '1 app failed').waitFor()
    await page.locator('.activitybar .badge', { hasText: /^1$/ }).waitFor()
    await screenshot(page, 'apps-failed')
    await shown.getByRole('button', { name: 'Show Output' }).click()
    await editorText(page, 'import output', /^the file to import is missing/)
  })

  test('says what a restart would apply as soon as the file is saved, and applies it', async () => {
    const { page, shop } = scene
    writeFileSync(
      path.join(shop.root, 'web', 'quantum.config.yaml'),
      'admin: { run: { env: { MODE: fast } } }\n',
    )
    await row(/^webrunning · restart to apply · localhost:\d+/).waitFor()
    await row(/^Restart to apply: MODE$/).waitFor()
    await screenshot(page, 'apps-changed')
    await clickInline(row(/^Restart to apply: MODE$/), 'Restart App…')
    await dialog(page)
      .getByText(/Restart to apply: MODE/)
      .waitFor()
    await dialog(page).getByRole('button', { name: 'Restart' }).click()
    await row(/^Restart to apply/).waitFor({ state: 'detached' })
    await row(/^webrunning · localhost:\d+ · < 1 min$/).waitFor()
  })

  test('opens a terminal in the folder of an app, with its port and its variables', async () => {
    const { page, shop } = scene
    await clickContext(page, row(/^web/), 'Open App Folder in Integrated Terminal')
    const terminal = page.locator('.terminal-wrapper.active').first()
    await terminal.waitFor()
    await terminal.click()
    const told = path.join(shop.root, 'web', 'told.txt')
    await page.keyboard.type('echo "$PORT $MODE $QUANTUM_ADMIN_APP" > told.txt')
    await page.keyboard.press('Enter')
    const read = () => readFileSync(told, { encoding: 'utf8', flag: 'a+' }).trim()
    await expect.poll(read, soon).toBe(`${new URL(url).port} fast web`)
  })

  test('restarts and stops an app after a question that says what it touches', async () => {
    const { page } = scene
    const before = await said()
    await clickInline(row(/^webrunning/), 'Restart App…')
    await dialog(page).getByRole('button', { name: 'Restart' }).click()
    // The old one answers until it is stopped.
    await expect.poll(async () => /./.test((await said()).replace(before, '')), soon).toBe(true)
    const after = await said()
    await row(/^webrunning/).waitFor()
    await clickInline(row(/^webrunning/), 'Stop App…')
    await dialog(page).getByText('Stop web?').waitFor()
    await dialog(page)
      .getByText(/Kind: procfile/)
      .waitFor()
    await dialog(page).getByRole('button', { name: 'Cancel' }).click()
    expect(await said()).toBe(after)
    await clickInline(row(/^webrunning/), 'Stop App…')
    await dialog(page).getByRole('button', { name: 'Stop' }).click()
    await row(/^webstopped/).waitFor()
    expect(await said()).toBe('')
  })

  test('is the same in a window of another folder', async () => {
    const other = await openWindow(
      scene.browser,
      scene.server.url({ folder: path.join(scene.shop.root, 'web') }),
    )
    await openContainer(other, 'Quantum Admin')
    await treeRow(other, 'Applications', /^webstopped/).waitFor()
    await other.context().close()
  })

  test('groups apps by folder in a workspace of several, each as bad as its worst', async () => {
    const { browser, server, shop } = scene
    const file = path.join(shop.root, 'both.code-workspace')
    writeFileSync(file, JSON.stringify({ folders: [{ path: 'web' }, { path: 'import' }] }))
    const other = await openWorkspace(browser, `${server.base}/?workspace=${encodeURIComponent(file)}`)
    await openContainer(other, 'Quantum Admin')
    await treeRow(other, 'Applications', /^web1 stopped$/)
      .first()
      .waitFor()
    await treeRow(other, 'Applications', /^import1 failed$/)
      .first()
      .waitFor()
    await treeRow(other, 'Applications', /^Elsewhere1 stopped$/)
      .first()
      .waitFor()
    await treeRow(other, 'Applications', /^importfailed/)
      .first()
      .waitFor()
    await screenshot(other, 'apps-folders')
    await other.context().close()
  })

  test('forgets apps after a question, and is empty again', async () => {
    const { page } = scene
    for (const name of ['web', 'api', 'import']) {
      await clickContext(page, row(new RegExp(`^${name}`)), 'Remove App from List…')
      await dialog(page).getByText(`Remove ${name} from the list?`).waitFor()
      await dialog(page).getByRole('button', { name: 'Remove' }).click()
      await row(new RegExp(`^${name}(stopped|failed)`)).waitFor({ state: 'detached' })
    }
    await page.getByText('No app was added yet.').waitFor()
    await page.locator('.activitybar .badge', { hasText: /^1$/ }).waitFor({ state: 'detached' })
  })

  test('offers to open a folder, or to add the apps of one, in a window without', async () => {
    const page = await openWindow(scene.browser, `${scene.server.base}/?ew=true`)
    await openContainer(page, 'Quantum Admin')
    await page.getByText('No folder is open, and no app was added yet.').waitFor()
    await page.locator('.welcome-view-content').getByRole('button', { name: 'Open Folder' }).waitFor()
    await page.getByRole('button', { name: 'Add Apps of a Folder…' }).click()
    await page.locator('.quick-input-widget:visible', { hasText: 'Add the Apps of a Folder' }).waitFor()
    await page.keyboard.press('Escape')
    expect(await page.locator('.notification-list-item').count()).toBe(0)
  })
})
