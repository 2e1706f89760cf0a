import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectLocal } from '#client/connect.ts'
import { engineMissing, startEngine, type TestEngine } from '../support/docker-engine.ts'
import { withPeers } from '../support/peers.ts'
import { scale } from '../support/scale.ts'
import { openContainer, runCommand, screenshot, treeRow } from '../support/vscode-page.ts'
import { filterResources, startListener, toggleGroup, type Listener } from '../support/vscode-scene.ts'
import { useScene } from '../support/vscode-suite.ts'

const themes = {
  dark: { theme: 'Default Dark Modern', base: 'vs-dark' },
  light: { theme: 'Default Light Modern', base: 'vs' },
  'high-contrast': { theme: 'Default High Contrast', base: 'hc-black' },
} as const

const shown = Object.entries(themes).slice(scale(2, 0))

/** Pictures of one and the same machine, to be looked at. */
describe.runIf(withPeers('vscode', 'chromium'))('the views', () => {
  const listeners: Listener[] = []
  let engine: TestEngine | undefined
  beforeAll(async () => {
    if (engineMissing() !== null) return
    engine = await startEngine()
    await engine.makeImage('shop/orders:2.4')
    const run = ['run', '--detach', '--publish', '127.0.0.1:0:5432', '--name', 'shop-database']
    await engine.docker(...run, 'shop/orders:2.4')
    await engine.docker('create', '--name', 'shop-queue', 'shop/orders:2.4')
  })
  const scene = useScene(() => ({
    settings: { 'workbench.colorTheme': shown[0]?.[1].theme },
    ...(engine === undefined ? {} : { env: { DOCKER_HOST: `unix://${engine.socket}` } }),
  }))
  beforeAll(async () => {
    const { shop, page, server } = scene
    await openContainer(page, 'Quantum Admin')
    await treeRow(page, 'Resources', /^Ports\d+/).waitFor()
    const client = connectLocal({ home: server.stateFolder, client: 'cli/0.1.0', launcher: null }, 'once')
    const web = await client.call('leases.allocate', { name: 'shop/web', kind: 'web' })
    await client.call('leases.allocate', { name: 'shop/api', kind: 'app' })
    await client.call('leases.allocate', { name: 'shop/cache', kind: 'cache' })
    listeners.push(
      await startListener({
        folder: path.join(shop.root, 'web'),
        port: web.port,
        env: { PORT: String(web.port) },
      }),
    )
    const api = await startListener({ folder: path.join(shop.root, 'api') })
    listeners.push(api)
    const refused = { name: 'shop/web', kind: 'database' } as const
    await expect(client.call('leases.allocate', refused)).rejects.toMatchObject({ code: 'conflict' })
    await client.dispose()
  })
  afterAll(async () => {
    await Promise.all(listeners.map((listener) => listener.stop()))
    await engine?.stop()
  })

  test.each(shown)('can be read in the %s theme', async (name, { theme, base }) => {
    const { page } = scene
    const file = path.join(scene.server.logs, '..', 'User', 'settings.json')
    const settings = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    if (settings['workbench.colorTheme'] !== theme) {
      writeFileSync(file, JSON.stringify({ ...settings, 'workbench.colorTheme': theme }))
      await page.reload()
    }
    await page.locator(`.monaco-workbench.${base}`).waitFor()
    await page.setViewportSize({ width: 1280, height: 720 })
    await filterResources(page, 'shop')
    // What the tests beside this one run matches as well, and stands above the leases.
    await toggleGroup(page, 'Processes', false)
    await treeRow(page, 'Resources', /^shop\/cache/).waitFor()
    await runCommand(page, 'Quantum Activity: Focus on Activity View')
    await treeRow(page, 'Activity', /^create lease shop\/web.*conflict/).waitFor()
    await treeRow(page, 'Activity', /^create lease shop\/cache/).click()
    await page.locator('.tab', { hasText: 'Entry' }).waitFor()
    await page.locator('.view-lines').getByText('shop/cache').first().waitFor()
    await page.getByText('Activating Extensions').waitFor({ state: 'hidden' })
    await page.locator('.part.statusbar').hover()
    await screenshot(page, name)
    const rows = page.getByRole('treeitem')
    for (const row of await rows.all()) expect(await row.getAttribute('aria-label')).toBeTruthy()
  })
})
