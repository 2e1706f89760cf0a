import type { Locator, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { figure, scale } from '../support/scale.ts'
import { runCommand, screenshot } from '../support/vscode-page.ts'
import { marksIn, webview } from '../support/vscode-webview.ts'

/** Strings through everything on the dashboard that says a name: as if the daemon had told them and nobody had looked. */
export function testHostileDashboard(scene: {
  readonly pages: () => readonly Page[]
  readonly hostile: (n: number) => string
}): void {
  test(
    'run nothing on the dashboard, its lists and its plots, with and without a CSP',
    { timeout: scale(90_000, 900_000) },
    async () => {
      const pages = scene.pages()
      for (const page of pages) {
        await page.bringToFront()
        await runCommand(page, 'Quantum Admin: Show Dashboard')
        await webview(page)
          .getByText(/Connected · daemon/)
          .waitFor({ timeout: 30_000 })
        await webview(page).locator('.plots-slot').scrollIntoViewIfNeeded()
        await webview(page).locator('.plots .panel').first().waitFor()
        await webview(page).locator('.as-table summary').click()
      }
      const count = scale(48, 2000)
      const batch = 16
      for (let first = 0; first < count; first += batch) {
        const texts = Array.from({ length: batch }, (_, i) => scene.hostile(first + i))
        for (const page of pages) {
          await page.bringToFront()
          const body: Locator = webview(page).locator('body')
          const plotted = await body.evaluate(tellHostile, { texts, sequence: 1e12 + first })
          await webview(page)
            .getByText(texts.at(-1) ?? '', { exact: false })
            .first()
            .waitFor()
          expect(plotted.curves).toEqual(texts)
          expect(plotted.heads).toContain(texts[0])
          expect(plotted.marks).toBeGreaterThan(10)
          // Of an element that may act there is none but what the page itself is made of.
          const acting = 'img, svg, script:not([nonce]), iframe, style:not(#_defaultStyles), a, math, object'
          expect(await webview(page).locator('.page').locator(acting).count()).toBe(0)
          expect(await marksIn(page)).toEqual([])
        }
      }
      await screenshot(pages[0] as Page, 'hostile-dashboard')
      figure(
        'S12',
        `${count} strings through the cards, lists, plots, marks and tables of the dashboard, CSP on and off: 0 run`,
      )
      for (const page of pages) {
        await page.bringToFront()
        await page.locator('.tab.active', { hasText: 'Dashboard' }).click({ button: 'middle' })
      }
    },
  )
}

/** In the page: what a daemon could tell, with these texts wherever there is one. */
function tellHostile(
  _body: unknown,
  { texts, sequence }: { readonly texts: readonly string[]; readonly sequence: number },
): Promise<{
  readonly curves: readonly string[]
  readonly heads: readonly string[]
  readonly marks: number
}> {
  const own = globalThis as unknown as {
    document: { querySelectorAll(selector: string): Iterable<{ readonly textContent: string }> }
    dispatchEvent(event: unknown): void
    MessageEvent: new (type: 'message', options: { readonly data: unknown }) => unknown
    requestAnimationFrame(run: () => void): void
  }
  const tell = (data: unknown): void => own.dispatchEvent(new own.MessageEvent('message', { data }))
  const rows = texts.map((text, index) => ({
    key: `${index} ${text}`,
    name: text,
    group: 'critical',
    detail: text,
    reason: text,
    at: null,
    amount: null,
    leads: ['incident'],
  }))
  const card = (id: string) => ({ id, revision: texts[0], fresh: true, problem: texts[1], rows })
  const cards = ['apps', 'incidents', 'activity', 'services'].map(card)
  cards.push({ ...card('health'), rows: null as never })
  const machine = { hostname: texts[2], platform: texts[3], uptimeSeconds: 1, gauges: [] }
  tell({ type: 'picture', picture: { sequence, cards, machine } })
  tell({
    type: 'status',
    status: { state: 'failed', since: texts[4]?.slice(0, 40), message: texts[5], version: '' },
  })
  const now = Date.now()
  const want = { kind: 'apps', app: '', range: '1h', zoom: null, points: 120 }
  const lines = texts.map((name) => ({
    panel: 'cpu',
    metric: 'cpu',
    name,
    begin: now - 240_000,
    stepMs: 60_000,
    values: [1, 2, null, 3],
  }))
  const marks = texts.map((name, index) => {
    const kind = index % 2 === 0 ? 'incident' : 'deploy'
    return { key: name.slice(0, 200), kind, from: now - 60_000, to: null, app: name, name }
  })
  // How many numbers there are is the page's to say.
  for (const points of Array.from({ length: 11 }, (_, step) => 40 + step * 20))
    tell({
      type: 'plots',
      plots: {
        want: { ...want, points },
        from: now - 4 * 60_000,
        to: now,
        lines,
        marks,
        leftOut: 1,
        problem: '',
      },
    })
  // At once: what the daemon really tells takes its place when it comes.
  const found = (selector: string) => [...own.document.querySelectorAll(selector)]
  const curves = found('.panel .curve').map(({ textContent }) => textContent)
  const heads = found('.tables th').map(({ textContent }) => textContent)
  const listed = found('.marks li').length
  return new Promise((resolve) =>
    own.requestAnimationFrame(() => setTimeout(() => resolve({ curves, heads, marks: listed }))),
  )
}
