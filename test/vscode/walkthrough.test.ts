import { beforeAll, describe, expect, test } from 'vitest'
import { withPeers } from '../support/peers.ts'
import { notification, quickInput, runCommand, screenshot, treeRow } from '../support/vscode-page.ts'
import { answer } from '../support/vscode-scene.ts'
import { useScene } from '../support/vscode-suite.ts'

describe.runIf(withPeers('vscode', 'chromium'))('the walkthrough', () => {
  // Without a graphics card the terminal is drawn as text, which can be read here.
  const scene = useScene(() => ({ settings: { 'terminal.integrated.gpuAcceleration': 'off' } }))
  const step = (title: string) => scene.page.locator('.getting-started-step', { hasText: title })
  const done = (title: string) => step(title).locator('.codicon.complete')

  beforeAll(async () => {
    await runCommand(scene.page, 'Quantum Admin: Get Started')
    await step('See what runs on this machine').waitFor()
  })

  test('opens the resources', async () => {
    await scene.page.getByRole('button', { name: 'Open Resources' }).click()
    await treeRow(scene.page, 'Resources', /^Ports\d+/).waitFor()
    await done('See what runs on this machine').waitFor()
  })

  test('finds out who holds a port', async () => {
    const { page } = scene
    const port = new URL(scene.server.base).port
    await step('Find out who holds a port').click()
    await page.getByRole('button', { name: 'Pick a Port' }).click()
    await answer(page, 'Who Holds This Port?', `:${port}`)
    await page.locator('.tab', { hasText: `Port ${port}` }).waitFor()
    await page
      .locator('.tab', { hasText: 'Get Started' })
      .or(page.locator('.tab', { hasText: 'Welcome' }))
      .first()
      .click()
    await done('Find out who holds a port').waitFor()
  })

  test('leases a port', async () => {
    const { page } = scene
    await step('Lease a port that nobody else will get').click()
    await page.getByRole('button', { name: 'Lease a Port', exact: true }).click()
    await answer(page, 'A name for the lease', 'walkthrough')
    await answer(page, 'A message queue', 'web')
    await notification(page, 'is now leased to walkthrough').waitFor()
    await done('Lease a port that nobody else will get').waitFor()
  })

  test('verifies the trail', async () => {
    const { page } = scene
    await step('Verify what was done').click()
    await page.getByRole('button', { name: 'Verify the Audit Trail' }).click()
    await notification(page, 'The audit trail is as it was written').waitFor()
    await done('Verify what was done').waitFor()
    await screenshot(page, 'walkthrough')
  })

  test('runs the command in a terminal, which finds it without anything installed', async () => {
    const { page } = scene
    await step('Do the same in the terminal').click()
    await page.getByRole('button', { name: 'Run quantum-admin', exact: true }).click()
    const terminal = page.locator('.terminal-wrapper.active .xterm-rows').first()
    await terminal.waitFor()
    await expect
      .poll(async () => (await terminal.innerText()).replaceAll('\u00a0', ' '), { timeout: 20_000 })
      .toContain('walkthrough')
    await screenshot(page, 'terminal')
    expect(await quickInput(page).count()).toBe(0)
  })
})
