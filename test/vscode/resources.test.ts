import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { root } from '../support/paths.ts'
import { withPeers } from '../support/peers.ts'
import {
  dialog,
  launchBrowser,
  notification,
  openContainer,
  openWindow,
  quickInput,
  runCommand,
  screenshot,
  statusBarItem,
  treeRow,
} from '../support/vscode-page.ts'
import {
  answer,
  clickContext,
  clickInline,
  clipboard,
  editorText,
  filterResources,
  makeShop,
  photographFailures,
  startListener,
  toggleGroup,
  type Listener,
} from '../support/vscode-scene.ts'
import { startVscodeServer, type VscodeServer } from '../support/vscode-server.ts'

describe.runIf(withPeers('vscode', 'chromium'))('the tree of resources', () => {
  const shop = makeShop()
  let server: VscodeServer
  let browser: Browser
  let page: Page
  let web: Listener
  const leaseName = `${shop.id}/web`
  const soon = { timeout: 10_000 }
  photographFailures(() => page)
  const row = (text: string | RegExp) => treeRow(page, 'Resources', text).first()
  const port = (listener: Listener) => row(new RegExp(`^:${listener.port}(?!\\d)`))

  beforeAll(async () => {
    server = await startVscodeServer({ link: [root], workspace: shop.root, inPlace: true })
    web = await startListener({ folder: path.join(shop.root, 'web') })
    browser = await launchBrowser()
    page = await openWindow(browser, server.url())
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    page.setDefaultTimeout(20_000)
    await openContainer(page, 'Quantum Admin')
    await filterResources(page, shop.id)
  })

  afterAll(async () => {
    await browser?.close()
    await web?.stop()
    await server?.stop()
    shop.remove()
  })

  test('shows a port with its process and folder, and the number of ports in the status bar', async () => {
    await port(web).waitFor()
    expect(await port(web).textContent()).toContain('shop/web')
    expect(await port(web).getAttribute('aria-label')).toMatch(/^Port \d+ tcp, held by node/)
    await statusBarItem(page, /\d+ ports/).waitFor()
  })

  test('shows a port that opens and one that closes without being asked', async () => {
    const api = await startListener({ folder: path.join(shop.root, 'api') })
    await port(api).waitFor()
    await api.stop()
    await port(api).waitFor({ state: 'detached' })
  })

  test('is filtered while one types, says so, and goes back to what it was', async () => {
    await row(/^Ports1$/).waitFor()
    await screenshot(page, 'filter')
    await runCommand(page, 'Quantum Admin: Filter Resources…')
    await quickInput(page).locator('input.input').fill('no such thing anywhere')
    await row('Nothing matches the filter').waitFor()
    await page.keyboard.press('Escape')
    await row(/^Ports1$/).waitFor()
  })

  test('says who holds a port, up to the worktree and the first ancestor', async () => {
    await port(web).click()
    const text = await editorText(page, `Port ${web.port}`, /Branch: checkout-page/)
    expect(text).toContain(`Process id: ${web.process.pid}`)
    expect(text).toContain(`Folder: ${web.folder}`)
    expect(text).toContain(`(${process.pid})`)
    await screenshot(page, 'who')
  })

  test('copies what belongs to a port from its menu', async () => {
    await clickContext(page, port(web), 'Copy', 'Copy Address')
    await expect.poll(() => clipboard(page), soon).toBe(`127.0.0.1:${web.port}`)
    await clickContext(page, port(web), 'Copy', 'Copy Process Id')
    await expect.poll(() => clipboard(page), soon).toBe(String(web.process.pid))
    await clickContext(page, port(web), 'Copy', 'Copy Command')
    await expect.poll(() => clipboard(page), soon).toContain('server.cjs')
    await clickContext(page, port(web), 'Copy', 'Copy Port')
    await expect.poll(() => clipboard(page), soon).toBe(String(web.port))
  })

  test('opens a port in the browser', async () => {
    const popup = page.context().waitForEvent('page')
    await clickInline(port(web), 'Open in Browser')
    const opened = await popup
    // The server of the tests forwards by path; desktop VS Code and tunnels have their own ways.
    expect(opened.url()).toContain(String(web.port))
    await opened.close()
  })

  test('reveals the folder of a port in the Explorer', async () => {
    await clickContext(page, port(web), 'Reveal Folder')
    await page.getByRole('treeitem', { name: 'web', exact: true }).waitFor()
    await openContainer(page, 'Quantum Admin')
  })

  test('leases a port by name, flags a stranger on it, and releases it after a question', async () => {
    await runCommand(page, 'Quantum Admin: Lease a Port…')
    await answer(page, 'A name for the lease', leaseName)
    await answer(page, 'A message queue', 'cache')
    await notification(page, `is now leased to ${leaseName}.`).waitFor()
    const lease = row(new RegExp(`^${leaseName}`))
    await lease.waitFor()
    const leased = Number(/:(\d+)/.exec((await lease.textContent()) ?? '')?.[1])
    expect(leased).toBeGreaterThanOrEqual(6370)
    const stranger = await startListener({ folder: path.join(shop.root, 'api'), port: leased })
    await row(new RegExp(`^${leaseName}.*stranger: node`)).waitFor()
    await row(new RegExp(`^:${leased}.*lease ${leaseName}`)).waitFor()
    await screenshot(page, 'leases')
    await stranger.stop()
    await clickInline(lease, 'Release Lease…')
    await dialog(page).getByText(`Release the lease ${leaseName}?`).waitFor()
    await dialog(page).getByRole('button', { name: 'Cancel' }).click()
    await lease.waitFor()
    await clickInline(lease, 'Release Lease…')
    await dialog(page).getByRole('button', { name: 'Release' }).click()
    await lease.waitFor({ state: 'detached' })
  })

  test('refuses a bad lease name while it is typed, and a port in use with a page that explains it', async () => {
    await runCommand(page, 'Quantum Admin: Lease a Port…')
    await quickInput(page).locator('input.input').fill('-bad name')
    await quickInput(page).getByText('Letters, digits and').waitFor()
    await answer(page, 'Letters, digits and', 'shop/taken')
    await answer(page, 'A message queue', 'A certain port')
    await answer(page, 'The port, 1 to 65535', String(web.port))
    const error = notification(page, String(web.port))
    await error.getByRole('button', { name: 'Learn More' }).click()
    await page.locator('.tab', { hasText: 'port-in-use.md' }).waitFor()
    await page.keyboard.press('Control+F4')
  })

  test('lists processes, shows them as a tree, and stops one after a question', async () => {
    const victim = await startListener({ folder: path.join(shop.root, 'api'), file: 'billing.cjs' })
    onTestFinished(() => victim.stop())
    const process = row(new RegExp(`^node${victim.process.pid} `))
    // Its port comes with a look of its own, and moves the rows below it.
    await port(victim).waitFor()
    await process.waitFor()
    await process.click()
    await editorText(page, `node ${victim.process.pid}`, /Command: .*billing\.cjs/)
    await clickInline(process, 'Stop Process…')
    await dialog(page).getByText(`Stop node (process ${victim.process.pid})?`).waitFor()
    await dialog(page)
      .getByText(/billing\.cjs/)
      .waitFor()
    await dialog(page).getByRole('button', { name: 'Cancel' }).click()
    expect(victim.process.exitCode).toBeNull()
    await clickInline(process, 'Stop Process…')
    await dialog(page).getByRole('button', { name: 'Stop' }).click()
    await process.waitFor({ state: 'detached' })
    await port(victim).waitFor({ state: 'detached' })
    expect(victim.process.signalCode).toBe('SIGTERM')
  })

  test('stops what holds a port only when told so in a dialog that says who it is', async () => {
    await clickInline(port(web), 'Stop What Holds the Port…')
    const shown = dialog(page)
    await shown.getByText(`Stop node, which holds port ${web.port}?`).waitFor()
    for (const fact of [`Process id: ${web.process.pid}`, 'Branch: checkout-page', 'Started by: node'])
      await shown.getByText(new RegExp(fact)).waitFor()
    await screenshot(page, 'stop')
    await shown.getByRole('button', { name: 'Cancel' }).click()
    expect(web.process.exitCode ?? web.process.signalCode).toBeNull()
    await port(web).click()
    await page.keyboard.press('Delete')
    await shown.getByRole('button', { name: 'Stop' }).click()
    await port(web).waitFor({ state: 'detached' })
    expect(web.process.signalCode).toBe('SIGTERM')
  })

  test('shows everything again, and processes by parent', async () => {
    await runCommand(page, 'Quantum Admin: Clear Resource Filter')
    await row(/^Ports\d+$/).waitFor()
    await toggleGroup(page, 'Ports', false)
    await toggleGroup(page, 'Processes', true)
    await runCommand(page, 'Quantum Admin: Show Processes as Tree')
    const first = row(/^(?!Processes)\S+1( · |$)/)
    await first.waitFor()
    await expect.poll(() => first.getAttribute('aria-expanded'), soon).toBe('true')
    await screenshot(page, 'processes')
    await runCommand(page, 'Quantum Admin: Show Processes as List')
    await toggleGroup(page, 'Processes', false)
  })
})
