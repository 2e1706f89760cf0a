import { readdirSync } from 'node:fs'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { LogSuite } from '../support/log-suite.ts'
import { notification, quickInput, runCommand, screenshot } from '../support/vscode-page.ts'
import { answer, clickContext, clickInline } from '../support/vscode-scene.ts'

const matching = (footer: string | null): number =>
  Number(/([\d,]+) lines? match/.exec(footer ?? '')?.[1]?.replaceAll(',', ''))

interface Request {
  readonly result: unknown
  addEventListener(kind: 'success' | 'error', run: () => void): void
}
/** What is used of the window's own store, where VS Code keeps what an extension remembers of a workspace. */
interface Stores {
  readonly indexedDB: {
    databases(): Promise<readonly { readonly name: string }[]>
    open(name: string): Request
  }
}
interface Store {
  close(): void
  transaction(table: string): { objectStore(name: string): { get(key: string): Request } }
}

/** What VS Code has written down of what the extension remembers. */
const keptPlaces = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const { indexedDB } = globalThis as unknown as Stores
    const settled = (request: Request): Promise<unknown> =>
      new Promise((resolve) => {
        request.addEventListener('success', () => resolve(request.result))
        request.addEventListener('error', () => resolve(null))
      })
    let all = ''
    for (const { name } of await indexedDB.databases()) {
      if (!name.startsWith('vscode-web-state-db-')) continue
      const store = (await settled(indexedDB.open(name))) as Store | null
      if (store === null) continue
      const table = store.transaction('ItemTable').objectStore('ItemTable')
      all += String(await settled(table.get('quantum-admin.quantum-admin')))
      store.close()
    }
    return all
  })

/** Where one gets to in a log, by the tree, the picture over time and the keyboard. */
export function testPlaces(suite: LogSuite): void {
  const { scene, logs, rows, row, footer, soon } = suite
  const count = async () => matching(await footer().textContent())
  const settled = async (): Promise<number> => {
    await expect.poll(count, soon).toBeGreaterThan(0)
    return count()
  }

  test('the tree counts the errors of the last hour, tells of the newest, and opens them', async () => {
    const { page } = scene
    const app = suite.app()
    await app.filter({ hasText: '1 error' }).waitFor()
    await app.hover()
    const hover = page.locator('.monaco-hover:visible')
    await hover.getByText('Errors in the last hour: 1').waitFor()
    await hover.getByText('cart 7 cannot be paid').waitFor()
    await screenshot(page, 'logs-errors-hover')
    await page.mouse.move(640, 20)
    await clickInline(app, 'Show Errors of the Last Hour')
    await expect.poll(() => rows().count(), soon).toBe(1)
    await expect.poll(() => logs().locator('.time-choice').getAttribute('current-value'), soon).toBe('60')
    await screenshot(page, 'logs-errors')
    await clickContext(page, app, 'Show Errors of the Last Hour')
    await logs().getByRole('button', { name: 'Saved Filters' }).click()
    await logs().getByRole('button', { name: 'Clear Filter' }).click()
    await logs().getByRole('tab', { name: 'All' }).click()
    await row('GET /cart/1 ').waitFor()
  })

  test('a part of the time is looked at closer with the mouse and the keyboard, and left again', async () => {
    const { page } = scene
    const chart = logs().locator('.chart')
    const all = await settled()
    const box = await chart.boundingBox()
    if (box === null) throw new Error('There is no histogram')
    const at = (share: number) => [box.x + box.width * share, box.y + 20] as const
    await page.mouse.move(...at(0.2))
    await page.mouse.down()
    await page.mouse.move(...at(0.3))
    await page.mouse.move(...at(0.4))
    await logs()
      .locator('.said', { hasText: /\d\d:\d\d:\d\d to .*info/ })
      .waitFor()
    await screenshot(page, 'logs-zooming')
    await page.mouse.up()
    await expect.poll(count, soon).toBeLessThan(all / 3)
    expect(await count()).toBeGreaterThan(all / 8)
    await expect.poll(() => rows().count(), soon).toBeGreaterThan(0)
    await expect(row('cart 7 cannot be paid').count()).resolves.toBe(0)
    await page.mouse.move(640, 500)
    await screenshot(page, 'logs-zoomed')
    await logs().locator('.scale').getByRole('button', { name: 'Back' }).click()
    await expect.poll(count, soon).toBe(all)
    await chart.focus()
    for (const key of ['Home', 'ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowRight'])
      await page.keyboard.press(key)
    await logs().locator('.said', { hasText: 'info' }).waitFor()
    await page.keyboard.press('Enter')
    await expect.poll(count, soon).toBeLessThan(all / 20)
    const once = await count()
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    await expect.poll(count, soon).toBeLessThan(once)
    await page.keyboard.press('Backspace')
    await expect.poll(count, soon).toBe(once)
    await page.keyboard.press('Backspace')
    await expect.poll(count, soon).toBe(all)
    await logs().locator('.scale').getByRole('button', { name: 'Back' }).waitFor({ state: 'hidden' })
  })

  test('an export that is cancelled leaves nothing behind', async () => {
    const { page, shop } = scene
    const { pid } = await suite.client().call('daemon.status', {})
    const before = readdirSync(shop.root).toSorted()
    await logs().getByRole('button', { name: 'Export', exact: true }).click()
    await logs().getByText('As CSV (.csv)').click()
    const name = quickInput(page).locator('input.input')
    await expect.poll(() => name.inputValue(), soon).toContain('shop-logs')
    const file = path.join(shop.root, 'cancelled.csv')
    await name.fill(file)
    await expect.poll(() => name.inputValue(), soon).toBe(file)
    // A daemon that answers nothing for a while: the export is under way for as long.
    process.kill(pid, 'SIGSTOP')
    try {
      await quickInput(page).getByRole('button', { name: 'OK' }).click()
      const progress = notification(page, 'Exporting logs')
      await progress.waitFor()
      expect(readdirSync(shop.root).filter((entry) => entry.includes('cancelled.csv'))).toHaveLength(1)
      await progress.getByRole('button', { name: 'Cancel' }).click()
      await progress.waitFor({ state: 'detached' })
      await expect.poll(() => readdirSync(shop.root).toSorted(), soon).toEqual(before)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    expect(await notification(page, /export/i).count()).toBe(0)
  })
}

/** The same in a log that is longer than what is loaded: the end of it are 30,000 lines `flood <number>`. */
export function testLongWays(suite: LogSuite): void {
  const { scene, logs, row, list, footer, query, soon, text } = suite

  test('the next match is gone to also where it is not loaded, until there is none', async () => {
    const { page } = scene
    const selected = logs().locator('.row[aria-selected="true"] .message')
    await query('flood')
    await footer().getByText('30,000 lines match').waitFor()
    await row(/flood 29999$/).waitFor()
    await list().focus()
    await page.keyboard.press('Home')
    const first = Number(/\d+/.exec((await selected.textContent()) ?? '')?.[0])
    expect(first).toBeGreaterThan(0)
    for (let step = 1; step <= 3; step++) {
      await page.keyboard.press('Shift+F3')
      await text(selected).toBe(`flood ${first - step}`)
    }
    await query('/flood 17$/')
    await row(/flood 17$/).waitFor()
    await list().focus()
    await page.keyboard.press('End')
    await page.keyboard.press('F3')
    await text(selected).toBe('flood 17')
    await page.keyboard.press('F3')
    await footer().getByText('Nothing further was found.').waitFor()
    await query('')
  })

  test('somebody who comes back to the page is where they were, however much came meanwhile', async () => {
    const { page } = scene
    await query('')
    await footer()
      .getByText(/30,[1-9]\d\d lines match/)
      .waitFor()
    await row(/flood 29999$/).waitFor()
    await list().hover()
    await page.mouse.wheel(0, -3000)
    await footer().getByText('not following').waitFor()
    const top = () =>
      list().evaluate((element) => {
        const edge = element.getBoundingClientRect().top
        const shown = [...element.querySelectorAll('.row')].filter(
          (one) => one.getBoundingClientRect().bottom > edge + 1,
        )
        const tops = shown.map((one) => [
          one.getBoundingClientRect().top,
          one.querySelector('.message')?.textContent,
        ])
        return tops.toSorted((one, other) => Number(one[0]) - Number(other[0]))[0]?.[1] ?? ''
      })
    const was = await top()
    expect(was).toMatch(/^flood 298\d\d$/)
    await expect.poll(() => keptPlaces(page), soon).toContain('logs.place:shop')
    await page.reload()
    await page.locator('.tab.active', { hasText: 'Logs of shop' }).waitFor({ timeout: 60_000 })
    await expect.poll(top, { timeout: 30_000 }).toBe(was)
    // Hidden it is gone, as far as the browser goes.
    await runCommand(page, 'Quantum Admin: Show Logs')
    await answer(page, 'Show Logs', 'All apps')
    await page.locator('.tab.active', { hasText: 'Logs of All Apps' }).waitFor()
    suite.flood('meanwhile', 3000)
    await row(/meanwhile 2999$/).waitFor()
    await text(row('meanwhile').locator('.source')).toContain('shop')
    await suite.closeTab('Logs of All Apps')
    await expect.poll(top, soon).toBe(was)
    await footer().getByText('not following').waitFor()
    await screenshot(page, 'logs-place')
    await list().focus()
    await page.keyboard.press('End')
    await row(/meanwhile 2999$/).waitFor()
    await footer().getByText('· following').waitFor()
  })
}
