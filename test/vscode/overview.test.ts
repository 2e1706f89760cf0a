import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { inRoot } from '../support/paths.ts'
import { withPeers } from '../support/peers.ts'
import { openContainer, runCommand, screenshot, tree, treeRow } from '../support/vscode-page.ts'
import { startListener, type Listener } from '../support/vscode-scene.ts'
import { useScene } from '../support/vscode-suite.ts'

// The picture in README.md. Other programs and the paths of a certain machine would be in it too, so it is made where
// there are none:
// QUANTUM_ADMIN_SCREENSHOTS=1 unshare --net --pid --mount --fork --mount-proc sh -c 'mkdir -p /opt/quantum-admin &&
//   mount --bind . /opt/quantum-admin && cd /opt/quantum-admin && ip link set lo up && npx vitest run overview'
describe.runIf(withPeers('vscode', 'chromium'))('the first look at a machine', () => {
  const scene = useScene()
  const listeners: Listener[] = []
  afterAll(() => Promise.all(listeners.map((listener) => listener.stop())))

  const cli = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [inRoot('bin/quantum-admin.cjs'), ...args], {
      env: { ...process.env, QUANTUM_ADMIN_HOME: scene.server.stateFolder },
      encoding: 'utf8',
    })

  test('has the container Quantum Admin in its activity bar, with the ports of this machine', async () => {
    const { page } = scene
    await openContainer(page, 'Quantum Admin')
    await treeRow(page, 'Resources', /^Ports/).waitFor()
    await screenshot(page, 'activation')
    expect(await page.locator('.notification-list-item').count()).toBe(0)
  })

  test('shows ports, leases, who holds a port and what was done, in one window', async () => {
    const { page, shop } = scene
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
    // Rows of other programs come and go above it, so a click by its place may land on the next one.
    await treeRow(page, 'Resources', new RegExp(`^:${web?.port}(?!\\d)`)).dispatchEvent('click')
    await page.locator('.tab', { hasText: `Port ${web?.port}` }).waitFor()
    await page.getByText('Branch: checkout-page').waitFor()
    await page.mouse.move(640, 20)
    await screenshot(page, 'overview')
    expect(await page.locator('.notification-list-item').count()).toBe(0)
  })

  test('offers its commands in the palette', async () => {
    const { page } = scene
    await runCommand(page, 'Quantum Admin: Open Documentation')
    await page.locator('.tab', { hasText: /README|index|Documentation/i }).waitFor()
  })
})
