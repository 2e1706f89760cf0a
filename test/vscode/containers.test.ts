import { cpSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineMissing, startEngine, type TestEngine } from '../support/docker-engine.ts'
import { inRoot } from '../support/paths.ts'
import { withPeers } from '../support/peers.ts'
import { dialog, openContainer, screenshot, treeRow } from '../support/vscode-page.ts'
import {
  clickContext,
  clickInline,
  clipboard,
  editorText,
  filterResources,
  outputText,
} from '../support/vscode-scene.ts'
import { useScene } from '../support/vscode-suite.ts'

const script = 'i=0; while true; do echo "order $i"; i=$((i+1)); sleep 0.2; done'

const ready = withPeers('vscode', 'chromium', 'docker') && engineMissing() === null
describe.runIf(ready)('a window with a container engine', () => {
  let engine: TestEngine
  beforeAll(async () => {
    engine = await startEngine()
  })
  const scene = useScene((shop) => {
    cpSync(inRoot('examples/stack'), path.join(shop.root, 'stack'), { recursive: true })
    return { ownPorts: true, env: { DOCKER_HOST: `unix://${engine.socket}` } }
  })
  beforeAll(() => openContainer(scene.page, 'Quantum Admin'))
  afterAll(() => engine?.stop())

  // First, as it leaves the engine empty.
  describe.runIf(withPeers('compose'))('a compose project in the tree of applications', () => {
    beforeAll(() => engine.makeImage('busybox'))
    const row = (text: string | RegExp) => treeRow(scene.page, 'Applications', text).first()
    const soon = { timeout: 20_000 }

    test('starts, and has its containers below it', async () => {
      const { page } = scene
      await page.getByRole('button', { name: 'Add the Apps of This Workspace' }).click()
      await row(/^stackstopped$/).waitFor()
      await clickInline(row(/^stack/), 'Start App')
      await row(/^stackrunning · localhost:\d+ · < 1 min$/).waitFor()
      await row(/^stack/).click()
      await row(/^webrunning · stack_web_1$/).waitFor()
      await row(/^clockrunning · stack_clock_1$/).waitFor()
      await row(/^clockrunning/).click()
      await editorText(page, 'stack_clock_1', /State: running/)
      await screenshot(page, 'apps-compose')
      await treeRow(page, 'Resources', /stack_web_1/)
        .first()
        .waitFor()
    })

    test('follows the log of one of its containers', async () => {
      const { page } = scene
      await clickInline(row(/^clockrunning/), 'Follow Container Logs')
      await expect.poll(() => outputText(page), soon).toMatch(/tick/)
    })

    test('says which of its services is down', async () => {
      const { page } = scene
      await clickInline(row(/^clockrunning/), 'Stop Container…')
      await dialog(page).getByRole('button', { name: 'Stop' }).click()
      await row(/^clockexited · stack_clock_1$/).waitFor()
      await engine.docker('kill', 'stack_web_1')
      await row(/^webexited/).waitFor()
      await screenshot(page, 'apps-compose-down')
    })

    test('is stopped as a whole, after a question that names its containers', async () => {
      const { page } = scene
      await clickInline(row(/^stack/), 'Start App')
      await row(/^stackrunning/).waitFor()
      await clickInline(row(/^stackrunning/), 'Stop App…')
      await dialog(page)
        .getByText(/Containers: stack_clock_1, stack_web_1/)
        .waitFor()
      await dialog(page).getByRole('button', { name: 'Stop' }).click()
      await row(/^stackstopped/).waitFor()
      await row(/^web(running|exited)/).waitFor({ state: 'detached' })
      expect((await engine.docker('ps', '--all', '--quiet')).trim()).toBe('')
    })
  })

  describe('containers in the tree', () => {
    let database = ''
    beforeAll(async () => {
      await engine.makeImage('shop:latest')
      const run = ['run', '--detach', '--init', '--publish', '127.0.0.1:0:80', '--name']
      database = (await engine.docker(...run, 'orders-db', 'shop:latest', 'sh', '-c', script)).trim()
      await engine.docker('create', '--name', 'orders-queue', 'shop:latest')
    })
    const row = (text: string | RegExp) => treeRow(scene.page, 'Resources', text).first()
    const soon = { timeout: 10_000 }

    test('show state and published ports, and what is known about one', async () => {
      await filterResources(scene.page, 'orders')
      await row(/^orders-dbrunning · shop:latest · :\d+→80/).waitFor()
      await row(/^orders-queuecreated/).waitFor()
      await row(/^:\d+orders-db · docker-proxy/).waitFor()
      await row(/^orders-db/).click()
      await editorText(scene.page, 'orders-db', /State: running/)
      await clickContext(scene.page, row(/^orders-db/), 'Copy', 'Copy Container Id')
      await expect.poll(() => clipboard(scene.page), soon).toBe(database)
    })

    test('show their log as it grows, until they are told to stop', async () => {
      const { page } = scene
      await clickInline(row(/^orders-db/), 'Follow Container Logs')
      await expect.poll(() => outputText(page), soon).toMatch(/order \d+/)
      await screenshot(page, 'container-logs')
      await clickInline(row(/^orders-db/), 'Stop Following Container Logs')
      await expect.poll(() => outputText(page), soon).toContain('No longer following')
    })

    test('are stopped and restarted after a question, and started without one', async () => {
      const { page } = scene
      await clickInline(row(/^orders-db/), 'Stop Container…')
      await dialog(page).getByText('Stop container orders-db?').waitFor()
      await dialog(page).getByRole('button', { name: 'Cancel' }).click()
      await row(/^orders-dbrunning/).waitFor()
      await clickInline(row(/^orders-db/), 'Stop Container…')
      await dialog(page).getByRole('button', { name: 'Stop' }).click()
      await row(/^orders-dbstopped/).waitFor()
      await clickInline(row(/^orders-db/), 'Start Container')
      await row(/^orders-dbrunning/).waitFor()
      const started = await engine.docker('inspect', '--format', '{{.State.StartedAt}}', 'orders-db')
      await clickInline(row(/^orders-db/), 'Restart Container…')
      await dialog(page).getByRole('button', { name: 'Restart' }).click()
      const startedNow = () => engine.docker('inspect', '--format', '{{.State.StartedAt}}', 'orders-db')
      await expect.poll(startedNow, { timeout: 20_000 }).not.toBe(started)
      await row(/^orders-dbrunning/).waitFor()
    })

    test('are followed through an engine that goes away and comes back', async () => {
      const { page } = scene
      await engine.halt()
      await row('The container engine does not answer').waitFor()
      await screenshot(page, 'engine-gone')
      await engine.start()
      await row(/^orders-db(stopped|running)/).waitFor({ timeout: 30_000 })
    })
  })
})
