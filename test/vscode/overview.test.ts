import { execFileSync } from 'node:child_process'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inRoot, root } from '../support/paths.ts'
import { withPeers } from '../support/peers.ts'
import {
  launchBrowser,
  openContainer,
  openWindow,
  runCommand,
  screenshot,
  tree,
  treeRow,
} from '../support/vscode-page.ts'
import { makeShop, photographFailures, startListener, type Listener } from '../support/vscode-scene.ts'
import { startVscodeServer, type VscodeServer } from '../support/vscode-server.ts'

// The picture in README.md. Other programs and the paths of a certain machine would be in it too, so it is made where
// there are none:
// QUANTUM_ADMIN_SCREENSHOTS=1 unshare --net --pid --mount --fork --mount-proc sh -c 'mkdir -p /opt/quantum-admin &&
//   mount --bind . /opt/quantum-admin && cd /opt/quantum-admin && ip link set lo up && npx vitest run overview'
describe.runIf(withPeers('vscode', 'chromium'))('the first look at a machine', () => {
  const shop = makeShop()
  const listeners: Listener[] = []
  let server: VscodeServer
  let browser: Browser
  let page: Page | undefined
  photographFailures(() => page)

  beforeAll(async () => {
    server = await startVscodeServer({ link: [root], workspace: shop.root, inPlace: true })
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    for (const listener of listeners) await listener.stop()
    await server?.stop()
    shop.remove()
  })

  const cli = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [inRoot('bin/quantum-admin.cjs'), ...args], {
      env: { ...process.env, QUANTUM_ADMIN_HOME: server.stateFolder },
      encoding: 'utf8',
    })

  test('shows ports, leases, who holds a port and what was done, in one window', async () => {
    page = await openWindow(browser, server.url())
    await openContainer(page, 'Quantum Admin')
    await treeRow(page, 'Resources', /^Ports/).waitFor()
    for (const name of ['shop/web', 'shop/api', 'shop/database']) {
      const lease = JSON.parse(cli('ports', 'lease', name, '--json')) as { readonly port: number }
      const folder = path.join(shop.root, path.basename(name))
      listeners.push(await startListener({ folder, port: lease.port }))
      await treeRow(page, 'Resources', new RegExp(`^:${lease.port}(?!\\d)`)).waitFor()
    }
    cli('ports', 'release', 'shop/database', '--yes')
    await runCommand(page, 'Quantum Activity: Focus on Activity View')
    await tree(page, 'Activity').getByRole('treeitem').filter({ hasText: 'shop/database' }).first().waitFor()
    const [web] = listeners
    await treeRow(page, 'Resources', new RegExp(`^:${web?.port}(?!\\d)`)).click()
    await page.locator('.tab', { hasText: `Port ${web?.port}` }).waitFor()
    await page.getByText('Branch: checkout-page').waitFor()
    await page.mouse.move(640, 20)
    await screenshot(page, 'overview')
    expect(await page.locator('.notification-list-item').count()).toBe(0)
  })
})
