import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectLocal } from '#client/connect.ts'
import { withPeers } from '../support/peers.ts'
import {
  dialog,
  notification,
  openContainer,
  quickInput,
  runCommand,
  screenshot,
  treeRow,
} from '../support/vscode-page.ts'
import { answer, clickInline } from '../support/vscode-scene.ts'
import { useScene } from '../support/vscode-suite.ts'

const config = `admin:
  name: shop
  run: { command: sleep 1000 }
  jobs:
    nightly: { command: 'echo night falls; sleep 1; echo morning', schedule: '0 3 * * *' }
    import: { command: 'echo nothing to import >&2; exit 3' }
    watch: { command: 'echo watching; sleep 600' }
  tests: { command: 'sh tests.sh' }
`

const tap = `echo "TAP version 13"
echo "# Subtest: cart"
echo "    ok 1 - adds"
echo "    not ok 2 - empties"
echo "      ---"
echo "      error: expected 0 things"
echo "      location: 'cart.test.js:3:1'"
echo "      ..."
echo "    1..2"
echo "not ok 1 - cart"
sleep 1
echo "ok 2 - pays"
echo "1..2"
exit 1
`

describe.runIf(withPeers('vscode', 'chromium'))('jobs and tests of an app', () => {
  const scene = useScene((shop) => {
    const folder = path.join(shop.root, 'shop')
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, 'quantum.config.yaml'), config)
    writeFileSync(path.join(folder, 'tests.sh'), tap)
    writeFileSync(path.join(folder, 'cart.test.js'), 'one\ntwo\nthree\n')
    return {}
  })
  const row = (text: string | RegExp) => treeRow(scene.page, 'Applications', text).first()
  const soon = { timeout: 10_000 }
  const output = () => scene.page.locator('.part.panel .view-lines')

  beforeAll(async () => {
    const { page } = scene
    await openContainer(page, 'Quantum Admin')
    await page.getByRole('button', { name: 'Add the Apps of This Workspace' }).click()
    await row(/^shopstopped$/).click()
  })
  // Runs outlive their daemon, so none may be left when a test before the last one fails.
  afterAll(async () => {
    const client = connectLocal({ home: scene.server.stateFolder, client: 'test/0', launcher: null }, 'once')
    for (const { run, endedAt } of await client.call('jobs.history', {}))
      if (endedAt === null) await client.call('jobs.cancel', { run })
    await client.dispose()
  })

  test('stand below it, with when they run next', async () => {
    await row(/^Jobs3$/).waitFor()
    await row(/^nightlyin \d+ (h|min)$/).waitFor()
    await row(/^import$/).waitFor()
    await row(/^Tests$/).waitFor()
  })

  test('a job is run, its output grows, and how it went is shown', async () => {
    const { page } = scene
    // It runs for a second, in which both are to be seen.
    const seen = row(/^nightlyrunning · < 1 min/).waitFor()
    await Promise.all([seen, clickInline(row(/^nightly/), 'Run Job')])
    await output().getByText('night falls').waitFor()
    await output()
      .getByText(/—\spassed\s·\s1\.\d\ss\s—/)
      .waitFor()
    await row(/^nightlypassed · < 1 min · in /).waitFor()
    await clickInline(row(/^import/), 'Run Job')
    await output()
      .getByText(/—\sfailed\s·.*exit\scode\s3\s—/)
      .waitFor()
    await row(/^Jobs1 failed$/).waitFor()
    await screenshot(page, 'jobs')
  })

  test('a run is cancelled after a question, and a job that runs is not run again', async () => {
    const { page } = scene
    await runCommand(page, 'Quantum Admin: Run Job')
    await answer(page, 'Run a Job', 'watch of shop')
    await output().getByText('watching').waitFor()
    await runCommand(page, 'Quantum Admin: Run Job')
    await answer(page, 'Run a Job', 'watch of shop')
    await notification(page, /watch of shop runs already/).waitFor()
    await clickInline(row(/^watchrunning/), 'Cancel Run…')
    await dialog(page).getByText('Cancel watch of shop?').waitFor()
    await dialog(page).getByRole('button', { name: 'Cancel Run' }).click()
    await row(/^watchcancelled/).waitFor()
  })

  test('the Test Explorer runs the tests of an app, and tells each', async () => {
    const { page } = scene
    await page.locator('.activitybar').getByRole('tab', { name: 'Testing' }).click()
    const item = (text: string | RegExp) => treeRow(page, 'Test Explorer', text).first()
    await item(/^shop/).waitFor()
    await clickInline(item(/^shop/), 'Run Test')
    await expect.poll(() => item(/^shop/).getAttribute('aria-label'), soon).toContain('Failed')
    for (const outer of [/^shop/, /^cart/]) {
      await item(outer).click()
      await page.keyboard.press('ArrowRight')
    }
    await item(/^empties/).waitFor()
    await item(/^pays/).waitFor()
    for (const [name, state] of [
      ['empties', 'Failed'],
      ['pays', 'Passed'],
      ['shop', 'Failed'],
    ] as const)
      await expect.poll(() => item(new RegExp(`^${name}`)).getAttribute('aria-label'), soon).toContain(state)
    await item(/^empties/).click()
    await page.getByText('expected 0 things').first().waitFor()
    await screenshot(page, 'tests')
  })

  test('a run of the Test Explorer is cancelled by its own button, with all that it began', async () => {
    const { page, shop } = scene
    writeFileSync(path.join(shop.root, 'shop', 'tests.sh'), 'echo waiting for ever; sleep 600\n')
    const item = treeRow(page, 'Test Explorer', /^shop/).first()
    await clickInline(item, 'Run Test')
    await page.locator('.part.panel').getByText('waiting for ever').first().waitFor()
    await runCommand(page, 'Test: Cancel Test Run')
    const client = connectLocal({ home: scene.server.stateFolder, client: 'test/0', launcher: null }, 'once')
    const newest = async () => (await client.call('tests.history', { limit: 1 }))[0]?.state
    await expect.poll(newest, soon).toBe('cancelled')
    await client.dispose()
    writeFileSync(path.join(shop.root, 'shop', 'tests.sh'), tap)
    await clickInline(item, 'Run Test')
    await expect.poll(() => item.getAttribute('aria-label'), soon).toContain('Failed')
  })

  test('how they went stands below the app as well', async () => {
    const { page } = scene
    await openContainer(page, 'Quantum Admin')
    await row(/^Tests2 passed, 1 failed · < 1 min$/).waitFor()
    await clickInline(row(/^Tests2 passed/), 'Show Output of Run')
    await output()
      .getByText(/—\sfailed\s·\s1\.\d\ss\s·\s2\spassed,\s1\sfailed/)
      .waitFor()
    await screenshot(page, 'tests-below-app')
  })

  test('a job is a task, which writes into a terminal and ends with its exit code', async () => {
    const { page } = scene
    await page.keyboard.press('F1')
    // The prefix of the palette that lists tasks.
    await quickInput(page).locator('input.input').fill('task ')
    await quickInput(page).getByText('quantumAdmin', { exact: true }).click()
    await quickInput(page).getByText('import of shop').click()
    // A terminal draws on a canvas; its tab tells that its program failed.
    const tab = page.locator('.part.panel .single-terminal-tab', { hasText: 'import of shop' })
    await tab.locator('.codicon-error, .codicon-terminal-decoration-error').waitFor()
    await screenshot(page, 'job-task')
  })
})
