import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { useLogSuite } from '../support/log-suite.ts'
import { withPeers } from '../support/peers.ts'
import { notification, quickInput, screenshot, treeRow } from '../support/vscode-page.ts'
import { clickInline, clipboard } from '../support/vscode-scene.ts'
import { testDaemonStates } from './logs-daemon.ts'
import { testFrames } from './logs-frames.ts'
import { testLongWays, testPlaces } from './logs-places.ts'

/** Runs in the page when a line is taken for markup: sets a mark that nobody else sets. */
const mark = 'globalThis.pwned=1'
const hostile = [
  `<img src=x onerror=${mark}>`,
  `"><svg/onload=${mark}>`,
  `<script>${mark}</script>`,
  `<iframe srcdoc="<script>parent.pwned=1</script>">`,
  `\u001b]8;;javascript:${mark}\u0007link\u001b]8;;\u0007 \u001b[2J\u001b[31mred\u001b[0m`,
  `\u202e<style>*{display:none}</style>\u2066 \u200b`,
  `[x](command:workbench.action.quit) $(error)`,
  `at evil (/etc/hostname:1:1)`,
]

describe.runIf(withPeers('vscode', 'chromium'))('the logs of an app', () => {
  const suite = useLogSuite()
  const { scene, logs, rows, row, list, search, query, closeTab, soon, text, write, flood } = suite

  test('open beside the app in the tree, and say that nothing was written yet', async () => {
    const { page } = scene
    await clickInline(treeRow(page, 'Applications', /^shoprunning/).first(), 'Show Logs')
    await page.locator('.tab.active', { hasText: 'Logs of shop' }).waitFor()
    await logs().getByText('Nothing has been written yet').waitFor()
    await screenshot(page, 'logs-empty')
  })

  test('show what is written as it is written, with level, colours and folded stacks', async () => {
    const { page, shop } = scene
    const stamp = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()
    for (let i = 300; i > 0; i--)
      write(
        `${stamp(i)} ${i % 17 === 0 ? 'WARN' : 'INFO'} GET /cart/${i} \u001b[32m200\u001b[0m in ${i % 90} ms user=ann${i % 3}`,
      )
    const stack = [
      `${stamp(0)} ERROR cart 7 cannot be paid`,
      `    at pay (${path.join(shop.root, 'shop', 'writer.mjs')}:3:5)`,
      '    at evil (/etc/hostname:1:1)',
    ]
    write(...stack)
    await row('cart 7 cannot be paid').waitFor()
    await text(row('cart 7 cannot be paid').locator('.level')).toBe('error')
    await text(row('cart 7 cannot be paid').locator('.folded')).toBe('+2 lines')
    await row('GET /cart/1 ').locator('.fg-green', { hasText: '200' }).waitFor()
    await logs().locator('.histogram .bar-error').first().waitFor({ state: 'attached' })
    await page.locator('.part.statusbar').hover()
    await screenshot(page, 'logs-dark')
  })

  testPlaces(suite)

  test('are narrowed by tab, and by what is typed, which is said to be wrong while it is', async () => {
    const { page } = scene
    await logs().getByRole('tab', { name: 'Errors' }).click()
    await expect.poll(() => rows().count(), soon).toBe(1)
    await logs().getByRole('tab', { name: 'Access' }).click()
    await logs().getByText('No line matches').waitFor()
    await logs().getByRole('tab', { name: 'All' }).click()
    await query('ann1 cart/1')
    await text(logs().locator('mark').first()).toMatch(/cart\/1|ann1/)
    await query('level:warn "open')
    await logs().locator('.query-problem').getByText('expected a " that ends the phrase').waitFor()
    await text(logs().locator('.query-problem .wrong')).toBe('"open')
    await screenshot(page, 'logs-query')
    await query('level:warn')
    await expect
      .poll(() => rows().locator('.level').allTextContents(), soon)
      .toSatisfy(
        (levels: readonly string[]) => levels.length > 10 && levels.every((level) => level === 'warn'),
      )
    await query('')
    await row('cart 7 cannot be paid').waitFor()
  })

  test('a record opens to its fields, narrows by a value, and shows what stands around', async () => {
    await query('"cart 7"')
    await row('cart 7 cannot be paid').click()
    const detail = logs().locator('.detail')
    await detail.locator('.field', { hasText: 'source' }).first().waitFor()
    await detail.getByText('Show Around').click()
    await detail.locator('.around .itself').waitFor()
    await expect.poll(() => detail.locator('.around .raw > div').count(), soon).toBeGreaterThan(3)
    await screenshot(scene.page, 'logs-detail')
    await detail
      .locator('.field', { hasText: /^levelerror/ })
      .getByText('Only this value')
      .click()
    await expect
      .poll(() => search().evaluate((field) => (field as unknown as { value: string }).value))
      .toBe('"cart 7" level:error')
    await query('')
  })

  test('a place in a stack opens the file there, and one outside of the app and the workspace does not', async () => {
    const { page } = scene
    await query('"cart 7"')
    await row('cart 7 cannot be paid').click()
    const detail = logs().locator('.detail')
    await detail.locator('.frame', { hasText: '/etc/hostname' }).click()
    await notification(page, '/etc/hostname is no file of this workspace or of the app').waitFor()
    await detail.locator('.frame', { hasText: 'writer.mjs:3:5' }).click()
    await page.locator('.tab.active', { hasText: 'writer.mjs' }).waitFor()
    await page.locator('.statusbar-item', { hasText: 'Ln 3, Col 5' }).waitFor()
    await closeTab('writer.mjs')
    await query('')
  })

  test('scrolling up stops following and says how many lines came; End goes on', async () => {
    const { page } = scene
    await row('cart 7 cannot be paid').waitFor()
    await list().hover()
    await page.mouse.wheel(0, -1500)
    await logs().getByText('not following').waitFor()
    write('one', 'two', 'three')
    await logs().getByRole('button', { name: '3 new lines' }).waitFor()
    expect(await row(/three$/).count()).toBe(0)
    await screenshot(page, 'logs-pill')
    await list().focus()
    await page.keyboard.press('End')
    await row(/three$/).waitFor()
    write('four')
    await row(/four$/).waitFor()
    await logs().locator('.footer', { hasText: '· following' }).waitFor()
  })

  test('everything can be done with the keyboard', async () => {
    const { page } = scene
    await list().focus()
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('ArrowUp')
    const selected = logs().locator('.row[aria-selected="true"]')
    await text(selected.locator('.message')).toBe('three')
    await page.keyboard.press('Enter')
    await logs().locator('.detail').waitFor()
    await page.keyboard.press('Escape')
    await logs().locator('.detail').waitFor({ state: 'detached' })
    await page.keyboard.press('c')
    await expect.poll(() => clipboard(page), soon).toBe('three')
    await page.keyboard.press('Home')
    await text(selected.locator('.message')).toContain('GET /cart/300 ')
    await page.keyboard.press('PageDown')
    await page.keyboard.press('f')
    await logs().locator('.footer', { hasText: '· following' }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('cart/1')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
    await logs().locator('mark').first().waitFor()
    await page.keyboard.press('Shift+F3')
    await expect.poll(() => selected.locator('mark').count(), soon).toBe(1)
    await query('')
  })

  test('an export holds exactly what is filtered, the oldest first', async () => {
    const { page, shop } = scene
    await query('level:warn')
    await expect
      .poll(() => rows().locator('.level').allTextContents(), soon)
      .toSatisfy(
        (levels: readonly string[]) => levels.length > 10 && levels.every((level) => level === 'warn'),
      )
    await logs().getByRole('button', { name: 'Export', exact: true }).click()
    await logs().getByText('As JSON Lines (.jsonl)').click()
    const box = quickInput(page)
    const file = path.join(shop.root, 'warnings.jsonl')
    const name = box.locator('input.input')
    // The dialog proposes a name once it has read the folder, over whatever was typed before.
    await expect.poll(() => name.inputValue(), soon).toContain('shop-logs')
    await name.fill(file)
    await expect.poll(() => name.inputValue(), soon).toBe(file)
    await box.getByRole('button', { name: 'OK' }).click()
    await notification(page, /lines were exported to warnings\.jsonl/).waitFor()
    const { lines } = await suite
      .client()
      .call('logs.search', { apps: ['shop'], query: 'level:warn', limit: 1000 })
    const written = readFileSync(file, 'utf8').trimEnd().split('\n')
    expect(lines.length).toBe(17)
    expect(written.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(lines.map(({ id }) => id))
  })

  test('a filter gets a name, is there when the page is opened anew, and goes again', async () => {
    const { page } = scene
    await logs().getByRole('button', { name: 'Saved Filters' }).click()
    await logs().locator('.saved vscode-text-field input').fill('warnings')
    await page.keyboard.press('Enter')
    await logs().locator('.saved').getByText('warnings', { exact: true }).waitFor()
    await closeTab('Logs of shop')
    await clickInline(treeRow(page, 'Applications', /^shoprunning/).first(), 'Show Logs')
    await expect
      .poll(() => search().evaluate((field) => (field as unknown as { value: string }).value), soon)
      .toBe('level:warn')
    await query('')
    await row('cart 7 cannot be paid').waitFor()
    await logs().getByRole('button', { name: 'Saved Filters' }).click()
    await logs().locator('.saved').getByText('warnings', { exact: true }).click()
    await expect
      .poll(() => search().evaluate((field) => (field as unknown as { value: string }).value))
      .toBe('level:warn')
    await logs().getByRole('button', { name: 'Saved Filters' }).click()
    await logs().getByRole('button', { name: 'Delete: warnings' }).click()
    await logs().getByText('No filter is saved for this yet.').waitFor()
    await page.keyboard.press('Escape')
    await query('')
  })

  test('the page comes back with the window', async () => {
    const { page } = scene
    await page.reload()
    await page.locator('.tab.active', { hasText: 'Logs of shop' }).waitFor({ timeout: 60_000 })
    // VS Code writes down what it is told to keep a few seconds later, so what was typed last may be gone.
    await query('')
    await row('cart 7 cannot be paid').waitFor()
    // VS Code keeps the title of a page at once, and what the page itself keeps some seconds later.
    await closeTab('Logs of shop')
    await clickInline(treeRow(page, 'Applications', /^shoprunning/).first(), 'Show Logs')
    await page.locator('.tab.active', { hasText: 'Logs of shop' }).waitFor()
    await page.reload()
    await page.locator('.tab.active', { hasText: 'Logs of shop' }).waitFor({ timeout: 60_000 })
    await row('cart 7 cannot be paid').waitFor()
    expect(await page.locator('.tab', { hasText: 'Logs of' }).allTextContents()).toEqual(['Logs of shop'])
  })

  test('cleared and paused lines are said to be, and come back', async () => {
    await logs().getByRole('button', { name: 'Clear', exact: true }).click()
    await logs().getByText('nothing was deleted').waitFor()
    expect(await rows().count()).toBe(0)
    write('after clear')
    await row('after clear').waitFor()
    await logs().getByText('Undo').click()
    await row('cart 7 cannot be paid').waitFor()
    await logs().getByRole('button', { name: 'Pause', exact: true }).click()
    write('while paused')
    await logs().getByText('Paused: what is written now is kept').waitFor()
    await logs().getByText('Resume').first().click()
    await row('while paused').waitFor()
  })

  test('hostile lines are drawn as what they are, and nothing of them runs', async () => {
    const { page } = scene
    write(...hostile, 'last of the hostile')
    await row('last of the hostile').waitFor()
    await row(`<img src=x onerror=${mark}>`).locator('.message').click()
    await logs().locator('.detail .raw').waitFor()
    await text(row('<style>').locator('.message')).toContain(
      '\\u202e<style>*{display:none}</style>\\u2066 \\u200b',
    )
    await text(row('link').locator('.message')).toBe('link red')
    await screenshot(page, 'logs-hostile')
    expect(await rows().locator('img, svg, script, iframe, style, a').count()).toBe(0)
    for (const frame of page.frames())
      expect(await frame.evaluate(() => (globalThis as { pwned?: unknown }).pwned ?? null)).toBeNull()
    expect(suite.refused()).toEqual([])
  })

  test('a flood is shown at its end, and what was not drawn is counted', async () => {
    const { page } = scene
    await logs().getByRole('button', { name: 'Clear', exact: true }).click()
    const count = 30_000
    flood('flood', count)
    await row(`flood ${count - 1}`).waitFor({ timeout: 60_000 })
    await logs().locator('.footer', { hasText: '· following' }).waitFor()
    await screenshot(page, 'logs-flood')
    const loaded = Number(
      /([\d,]+) loaded/.exec((await logs().locator('.footer').textContent()) ?? '')?.[1]?.replaceAll(',', ''),
    )
    expect(loaded).toBeLessThanOrEqual(20_000)
    await logs().getByText('Undo').click()
    await logs()
      .locator('.footer', { hasText: /3\d,\d+ lines match/ })
      .waitFor()
  })

  testLongWays(suite)

  test('open as text in an editor, and in the Output panel', async () => {
    const { page } = scene
    await query('"cart 7"')
    await expect.poll(() => rows().count(), soon).toBe(1)
    await logs().getByRole('button', { name: 'Open', exact: true }).click()
    await logs().getByText('In the Output Panel').click()
    await page.locator('.part.panel .view-lines').getByText('cart').first().waitFor()
    await logs().getByRole('button', { name: 'Open', exact: true }).click()
    await logs().getByText('As Text in an Editor').click()
    await page.locator('.editor-group-container.active .view-lines').getByText('cannot').first().waitFor()
    // A window that was reloaded may have brought back what was closed in it shortly before, in a group of its own.
    await page.locator('.editor-group-container.active .tab.active').click({ button: 'middle' })
    await row('cart 7 cannot be paid').waitFor()
    await page
      .locator('.part.panel')
      .getByRole('button', { name: /Hide Panel/ })
      .click()
  })

  testFrames(suite)

  testDaemonStates(suite)

  test.each([
    ['logs-light', 'Default Light Modern', 'vs', 1280],
    ['logs-high-contrast', 'Default High Contrast', 'hc-black', 1280],
    ['logs-narrow', 'Default Dark Modern', 'vs-dark', 680],
  ])('can be read: %s', async (name, theme, base, width) => {
    const { page, server } = scene
    const file = path.join(server.logs, '..', 'User', 'settings.json')
    const settings = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    writeFileSync(file, JSON.stringify({ ...settings, 'workbench.colorTheme': theme }))
    await page.reload()
    await page.locator(`.monaco-workbench.${base}`).waitFor()
    await page.setViewportSize({ width, height: 760 })
    await query('cart -level:warn')
    await row('cart 7 cannot be paid').waitFor()
    await row('cart 7 cannot be paid').click()
    await logs().locator('.detail .field').first().waitFor()
    await screenshot(page, name)
    if (width < 1000) {
      await logs().getByRole('button', { name: 'Saved Filters' }).click()
      await screenshot(page, 'logs-narrow-menu')
      await page.keyboard.press('Escape')
      await page.setViewportSize({ width: 1950, height: 900 })
      await screenshot(page, 'logs-wide')
    }
    await query('')
  })
})
