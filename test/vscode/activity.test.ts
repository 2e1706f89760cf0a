import { readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { connectLocal } from '#client/connect.ts'
import { withPeers } from '../support/peers.ts'
import { notification, quickInput, runCommand, screenshot, treeRow } from '../support/vscode-page.ts'
import { answer, clickContext, clipboard, editorText } from '../support/vscode-scene.ts'
import { useScene } from '../support/vscode-suite.ts'

describe.runIf(withPeers('vscode', 'chromium'))('the view of activity', () => {
  const scene = useScene()
  const soon = { timeout: 10_000 }
  const row = (text: string | RegExp) => treeRow(scene.page, 'Activity', text).first()

  /** Leases and releases as somebody in a terminal does. */
  async function elsewhere(names: readonly string[]): Promise<void> {
    const client = connectLocal({ home: scene.server.stateFolder, client: 'cli/0', launcher: null }, 'once')
    try {
      for (const name of names) await client.call('leases.allocate', { name })
      for (const name of names) await client.call('leases.release', { name })
    } finally {
      await client.dispose()
    }
  }

  beforeAll(async () => {
    await runCommand(scene.page, 'Quantum Activity: Focus on Activity View')
  })

  test('says that nothing was done yet, and how to begin', async () => {
    await scene.page.getByText('Nothing was done yet.').waitFor()
    await screenshot(scene.page, 'activity-empty')
  })

  test('shows what others do as it is done, newest first', async () => {
    await elsewhere(['billing'])
    await row(/^create lease billing.*cli\/0.*done/).waitFor()
    await row(/^delete lease billing/).waitFor()
    const first = await treeRow(scene.page, 'Activity', /lease/).first().textContent()
    expect(first).toContain('delete lease billing')
  })

  test('shows an entry as JSON and copies it', async () => {
    await row(/^create lease billing/).click()
    const text = await editorText(scene.page, /Entry \d+/, /"action": "create"/)
    expect(text).toContain('"name": "billing"')
    await clickContext(scene.page, row(/^create lease billing/), 'Copy Activity Entry')
    await expect.poll(() => clipboard(scene.page), soon).toContain('"action": "create"')
  })

  test('is filtered by outcome and by text, says so, and shows everything again', async () => {
    const { page } = scene
    await elsewhere(['search'])
    await runCommand(page, 'Quantum Admin: Filter Activity…')
    await answer(page, 'Filter the Activity By', 'Action')
    await answer(page, 'Another…', 'delete')
    await page.getByText('Only entries with action “delete” are shown.').waitFor()
    await row(/^create/).waitFor({ state: 'detached' })
    await runCommand(page, 'Quantum Admin: Clear Activity Filter')
    await row(/^create lease search/).waitFor()
    await runCommand(page, 'Quantum Admin: Filter Activity…')
    await answer(page, 'Filter the Activity By', 'Text')
    await answer(page, 'Found anywhere in an entry', 'no such text')
    await row('Nothing matches the filter').click()
    await row(/^create lease search/).waitFor()
  })

  test('loads older entries when asked', async () => {
    await elsewhere(Array.from({ length: 55 }, (_, index) => `many-${index}`))
    await row(/^delete lease many-54/).waitFor()
    // What was seen live stays loaded, so a filter and its end are what makes the view begin anew.
    await runCommand(scene.page, 'Quantum Admin: Filter Activity…')
    await answer(scene.page, 'Filter the Activity By', 'Action')
    await answer(scene.page, 'Another…', 'create')
    await row(/^delete/).waitFor({ state: 'detached' })
    await runCommand(scene.page, 'Quantum Admin: Clear Activity Filter')
    await row(/^delete lease many-54/).waitFor()
    await scene.page.getByRole('tree', { name: 'Activity' }).focus()
    await scene.page.keyboard.press('End')
    await row('Load More').click()
    await row(/Load More|Loading/).waitFor({ state: 'detached' })
    await scene.page.keyboard.press('End')
    await row(/^create lease billing/).waitFor()
  })

  test('exports the trail to a file that is picked', async () => {
    const { page } = scene
    const file = path.join(scene.shop.root, 'trail.csv')
    await runCommand(page, 'Quantum Admin: Export Audit Trail…')
    const name = quickInput(page).locator('input.input')
    // The dialog proposes a name once it has read the folder, over whatever was typed before.
    await expect.poll(() => name.inputValue(), soon).toContain('audit-trail')
    await name.fill(file)
    await expect.poll(() => name.inputValue(), soon).toBe(file)
    await quickInput(page).getByRole('button', { name: 'OK' }).click()
    await notification(page, /records were exported to trail\.csv/).waitFor()
    const lines = readFileSync(file, 'utf8').trim().split('\n')
    expect(lines.length).toBeGreaterThan(100)
    expect(lines[0]).toContain('sequence')
    await page.getByRole('tree', { name: 'Activity' }).focus()
    await page.keyboard.press('Home')
    await row(/^export audit trail.*done/).waitFor()
  })

  test('verifies the trail and says so, with the page that explains it', async () => {
    const { page } = scene
    await runCommand(page, 'Quantum Admin: Verify Audit Trail')
    const result = notification(page, 'The audit trail is as it was written')
    await result.waitFor()
    await screenshot(page, 'activity')
    await result.getByRole('button', { name: 'Learn More' }).click()
    await page.locator('.tab', { hasText: 'audit.md' }).waitFor()
  })
})
