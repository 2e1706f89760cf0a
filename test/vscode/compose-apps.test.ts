import { cpSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineMissing, startEngine, type TestEngine } from '../support/docker-engine.ts'
import { inRoot } from '../support/paths.ts'
import { withPeers } from '../support/peers.ts'
import { dialog, openContainer, screenshot, treeRow } from '../support/vscode-page.ts'
import { clickInline, editorText, outputText } from '../support/vscode-scene.ts'
import { useScene } from '../support/vscode-suite.ts'

const ready = withPeers('vscode', 'chromium', 'docker', 'compose') && engineMissing() === null
describe.runIf(ready)('a compose project in the tree of applications', () => {
  let engine: TestEngine
  beforeAll(async () => {
    engine = await startEngine()
    await engine.makeImage('busybox')
  })
  const scene = useScene((shop) => {
    cpSync(inRoot('examples/stack'), path.join(shop.root, 'stack'), { recursive: true })
    return { env: { DOCKER_HOST: `unix://${engine.socket}` } }
  })
  afterAll(() => engine?.stop())
  const row = (text: string | RegExp) => treeRow(scene.page, 'Applications', text).first()
  const soon = { timeout: 20_000 }

  test('starts, and has its containers below it', async () => {
    const { page } = scene
    await openContainer(page, 'Quantum Admin')
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
