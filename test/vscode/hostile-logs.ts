import path from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { Client } from '#client/client.ts'
import { makeLogWriter } from '../support/log-writer.ts'
import { figure, scale } from '../support/scale.ts'
import { hoverOver, openContainer, runCommand, screenshot, tree, treeRow } from '../support/vscode-page.ts'
import { answer, outputText } from '../support/vscode-scene.ts'
import { marksIn, webview } from '../support/vscode-webview.ts'

/** Strings through all that shows a line of a log. */
export function testHostileLogs(scene: {
  readonly folder: () => string
  readonly client: () => Client
  readonly pages: () => readonly Page[]
  readonly hostile: (n: number) => string
}): void {
  test(
    'run nothing as lines of a log in its page, the tree, the output and an editor, with and without a CSP',
    { timeout: scale(60_000, 900_000) },
    async () => {
      const writer = makeLogWriter(path.join(scene.folder(), 'logging'))
      const client = scene.client()
      await client.call('apps.add', { folder: writer.folder })
      await client.call('apps.start', { app: 'logging' })
      const pages = scene.pages()
      for (const page of pages) {
        await page.bringToFront()
        // A press on what is shown already would hide it.
        if (!(await tree(page, 'Applications').isVisible())) await openContainer(page, 'Quantum Admin')
        await runCommand(page, 'Quantum Admin: Show Logs')
        await answer(page, 'Show Logs', 'logging')
        await page.locator('.tab.active', { hasText: 'Logs of logging' }).waitFor()
      }
      const count = scale(48, 2000)
      const batch = 16
      for (let first = 0; first < count; first += batch) {
        const numbers = Array.from({ length: batch }, (_, i) => first + i)
        const texts = numbers.map((n) => scene.hostile(n).replaceAll(/[\r\n]+/g, ' '))
        writer.write(
          ...texts.map((text, i) => `ERROR ${text} ${JSON.stringify({ [text]: text })} no${first + i}.`),
        )
        for (const page of pages) {
          await page.bringToFront()
          const row = webview(page)
            .locator('.row')
            .filter({ hasText: `no${first + batch - 1}.` })
          await row.waitFor()
          if (first % (8 * batch) === 0) {
            await row.locator('.message').click()
            await webview(page).locator('.detail .field').first().waitFor()
            await page.keyboard.press('Escape')
            const errors = (first + batch).toLocaleString('en-US')
            const app = treeRow(page, 'Applications', new RegExp(`^logging.* ${errors} errors`))
            await app.first().waitFor()
            const hover = await hoverOver(page, app.first(), 'Newest error')
            expect(await hover.locator('a, img, svg').count()).toBe(0)
          }
          const drawn = webview(page).locator('.row')
          expect(await drawn.locator('img, svg, script, iframe, style, a, details, math').count()).toBe(0)
          expect(await marksIn(page)).toEqual([])
          await page.keyboard.press('End')
        }
      }
      for (const page of pages) {
        await page.bringToFront()
        await page.mouse.move(640, 20)
        const open = async (what: string): Promise<void> => {
          await webview(page).getByRole('button', { name: 'Open', exact: true }).click()
          await webview(page).getByText(what).click()
        }
        await open('In the Output Panel')
        await expect.poll(() => outputText(page), { timeout: 20_000 }).toContain(`no${count - 1}.`)
        await open('As Text in an Editor')
        await page.locator('.editor-group-container.active .view-lines').getByText('ERROR').first().waitFor()
        expect(await marksIn(page)).toEqual([])
      }
      await screenshot(pages[0] as Page, 'hostile-logs')
      await client.call('apps.stop', { app: 'logging' })
      figure('S12', `${count} strings as lines of a log, CSP on and off: 0 run`)
    },
  )
}
