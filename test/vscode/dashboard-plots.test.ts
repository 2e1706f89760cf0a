import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectLocal } from '#client/connect.ts'
import type { Client } from '#client/client.ts'
import { withPeers } from '../support/peers.ts'
import { figure, scale } from '../support/scale.ts'
import { quickInput, runCommand, screenshot } from '../support/vscode-page.ts'
import { useScene } from '../support/vscode-suite.ts'
import { watchPolicy, webview } from '../support/vscode-webview.ts'

/** Tells of the requests of the last hour, one for each minute but for a gap, then answers; not well where a file says so. */
const program = `
const { existsSync } = require('node:fs')
const phase = process.cwd().endsWith('api') ? 300 : 0
const tell = (time, statusCode, responseTime) => console.log(JSON.stringify({
  level: 30, time, req: { method: 'GET', url: '/' }, res: { statusCode }, responseTime, msg: 'request completed' }))
const now = Date.now()
for (let ago = 60 * 60; ago > 0; ago -= 4) {
  if (ago > 1500 && ago < 2100) continue
  const wave = 1 + Math.sin((ago + phase) / 400)
  const slow = ago % 100 === 0 ? 6 : 1
  if (ago % 3 < wave)
    tell(now - ago * 1000, ago > 600 && ago < 900 && ago % 20 === 0 ? 503 : 200, Math.round((20 + 30 * wave) * slow))
}
require('node:http').createServer((request, response) => {
  response.statusCode = existsSync('broken') ? 503 : 200
  tell(Date.now(), response.statusCode, 3)
  response.end('ok')
}).listen(process.env.PORT)`
const configs = {
  shop: `admin:
  run: { command: exec node main.cjs }
  health: { path: /health, interval: 1s, failures: 2 }
  environments: { production: { target: kubernetes, tier: production } }
`,
  api: 'admin: { run: { command: exec node main.cjs } }\n',
  idle: 'admin: { run: { command: sleep 1000 } }\n',
}
const themes = {
  dark: { name: 'Dark Modern', base: 'vs-dark' },
  light: { name: 'Light Modern', base: 'vs' },
  'high-contrast': { name: 'Dark High Contrast', base: 'hc-black' },
} as const
const widths = [320, 800, 1600] as const
const looks = (Object.keys(themes) as (keyof typeof themes)[])
  .flatMap((theme) => widths.map((width) => [theme, width] as const))
  .slice(0, scale(1, 9))

describe.runIf(withPeers('vscode', 'chromium'))('the plots of the dashboard', () => {
  let client: Client
  let refused: readonly string[] = []
  const scene = useScene((shop) => {
    for (const [name, config] of Object.entries(configs)) {
      const folder = path.join(shop.root, name)
      mkdirSync(folder, { recursive: true })
      writeFileSync(path.join(folder, 'quantum.config.yaml'), config)
      writeFileSync(path.join(folder, 'main.cjs'), program)
    }
    return { ownPorts: true, env: { QUANTUM_ADMIN_METRICS_SECONDS: '1' } }
  })
  const soon = { timeout: 20_000 }
  const page = () => webview(scene.page)
  const panel = (name: string): Locator => page().getByRole('region', { name, exact: true })
  const plot = (name: string): Locator => panel(name).locator('.plot')
  const subject = () => page().getByRole('combobox', { name: 'Of what' })
  const curves = (name: string) => panel(name).locator('.curve').allTextContents()
  const shown = () => page().locator('.panel h3').allTextContents()

  beforeAll(async () => {
    refused = watchPolicy(scene.page)
    await runCommand(scene.page, 'Quantum Admin: Show Dashboard')
    await page()
      .getByText(/Connected · daemon/)
      .waitFor({ timeout: 60_000 })
    client = connectLocal({ home: scene.server.stateFolder, client: 'test/0', launcher: null }, 'once')
    await client.call('apps.add', { folder: scene.shop.root })
  })
  afterAll(async () => {
    for (const { name } of (await client.call('apps.list', {})).rows)
      await client.call('apps.stop', { app: name }).catch(() => undefined)
    await client.dispose()
  })

  test('say how requests are told of, where none is known', async () => {
    await page().locator('.plots-slot').scrollIntoViewIfNeeded()
    await page().getByText('No requests are known of this time.').waitFor()
    await page().getByRole('button', { name: 'How to Tell of Requests' }).waitFor()
    expect(await shown()).toEqual(['CPU', 'Memory'])
    await screenshot(scene.page, 'plots-empty')
  })

  test('show each app as a line, with what it is, and are refreshed as there is more', async () => {
    for (const app of ['shop', 'api']) await client.call('apps.start', { app })
    await expect.poll(() => curves('Requests per minute'), soon).toEqual(['api', 'shop'])
    await expect
      .poll(shown, soon)
      .toEqual(['Requests per minute', 'Error rate', 'Latency (p95)', 'CPU', 'Memory', 'Availability'])
    await expect.poll(() => curves('CPU'), soon).toEqual(['api', 'shop'])
    await panel('Memory').getByText(/\d MB/).first().waitFor()
    await page().getByRole('region', { name: 'Incidents and changes' }).getByText('Start shop').waitFor()
    await page().locator('.plots').scrollIntoViewIfNeeded()
    await screenshot(scene.page, 'plots-apps')
  })

  test('show one app with its percentiles, and an incident as it opens', async () => {
    await subject().selectOption({ label: 'shop' })
    await expect.poll(() => curves('Latency'), soon).toEqual(['p50', 'p95', 'p99'])
    const broken = path.join(scene.shop.root, 'shop', 'broken')
    writeFileSync(broken, '')
    try {
      const incident = page().getByRole('region', { name: 'Open incidents' })
      await incident.getByText('answered 503', { exact: false }).waitFor()
      const marks = page().getByRole('region', { name: 'Incidents and changes' })
      await marks.getByRole('button', { name: 'Incident #1 shop' }).waitFor()
      await expect.poll(() => curves('Availability'), soon).toEqual(['http', 'process'])
      await screenshot(scene.page, 'plots-incident')
      await incident.getByRole('button', { name: 'Acknowledge: #1 shop' }).click()
      await incident.locator('.state', { hasText: 'acknowledged' }).waitFor()
      await marks.getByRole('button', { name: 'Incident #1 shop' }).click()
      await scene.page.locator('.tab.active', { hasText: 'Incident 1' }).waitFor()
      await scene.page.locator('.tab.active').click({ button: 'middle' })
    } finally {
      rmSync(broken)
    }
    // Whoever comes back comes back to where the mark was.
    await expect.poll(() => curves('Latency'), soon).toEqual(['p50', 'p95', 'p99'])
  })

  test('are where a row of requests leads, whose number is what its rows come to together', async () => {
    const requests = page().getByRole('region', { name: 'Requests', exact: true })
    await requests.locator('.number').click()
    const rows = page().locator('.drill .row')
    await expect.poll(() => rows.locator('.name').allTextContents(), soon).toEqual(['api', 'shop'])
    const amounts = (await rows.locator('.detail').allTextContents()).map((text) => Number.parseFloat(text))
    expect(Math.min(...amounts)).toBeGreaterThan(0)
    await rows.filter({ hasText: 'api' }).first().focus()
    await scene.page.keyboard.press('Enter')
    await expect.poll(() => subject().inputValue(), soon).toBe('app api')
    const sum = Number.parseFloat((await requests.locator('.number').textContent()) ?? '')
    expect(Math.abs(sum - (amounts[0] ?? 0) - (amounts[1] ?? 0))).toBeLessThan(sum / 2)
    await subject().selectOption({ label: 'shop' })
    await expect.poll(() => curves('Latency'), soon).toEqual(['p50', 'p95', 'p99'])
  })

  test('are gone through and zoomed with the keyboard, and with the mouse', async () => {
    const { page: window } = scene
    await plot('Latency').focus()
    await window.keyboard.press('End')
    const moments = () => page().locator('.panel .at:visible').allTextContents()
    await expect.poll(async () => new Set(await moments()).size, soon).toBe(1)
    const [newest] = await moments()
    await window.keyboard.press('ArrowLeft')
    await expect.poll(async () => (await moments())[0], soon).not.toBe(newest)
    expect(await page().locator('.spoken').textContent()).toMatch(/p50 .*p95 .*p99 /)
    await window.keyboard.press('+')
    await page().getByRole('button', { name: 'Show All', exact: true }).waitFor()
    const zoomed = await page().locator('.zoom').textContent()
    await window.keyboard.press('Shift+ArrowLeft')
    await expect.poll(() => page().locator('.zoom').textContent(), soon).not.toBe(zoomed)
    await screenshot(window, 'plots-zoomed')
    await window.keyboard.press('Escape')
    await page().getByRole('button', { name: 'Show All', exact: true }).waitFor({ state: 'hidden' })
    const box = await plot('Latency').locator('.u-over').boundingBox()
    if (box === null) throw new Error('The plot is not there')
    await window.mouse.move(box.x + box.width * 0.2, box.y + 40)
    await window.mouse.down()
    await window.mouse.move(box.x + box.width * 0.6, box.y + 40, { steps: 5 })
    await window.mouse.up()
    await page().getByRole('button', { name: 'Show All', exact: true }).click()
    await page().getByRole('button', { name: '15 min', exact: true }).click()
    await expect
      .poll(() => page().getByRole('button', { name: '15 min', exact: true }).getAttribute('aria-pressed'))
      .toBe('true')
  })

  test('say the same as a table, in which nothing that is not known is zero', async () => {
    await page().getByRole('button', { name: '1 h', exact: true }).click()
    await page().getByText('The same as a table').click()
    const table = page().getByRole('table', { name: 'Requests per minute' })
    await table.waitFor()
    const rows = await table.getByRole('row').allTextContents()
    expect(rows.length).toBeGreaterThan(30)
    // Nothing was told of ten minutes: these rows are left out, and no row says zero for them.
    expect(rows.length).toBeLessThan(117)
    await screenshot(scene.page, 'plots-table')
    await page().getByText('The same as a table').click()
    await subject().selectOption({ label: 'This machine' })
    // Not every machine has disks and networks.
    await expect.poll(async () => (await shown()).slice(0, 3), soon).toEqual(['CPU', 'Load', 'Memory'])
    await screenshot(scene.page, 'plots-machine')
  })

  test('draw what is new within a frame, and need nothing that the policy of the page forbids', async () => {
    await subject().selectOption({ label: 'All apps' })
    await expect.poll(() => curves('Memory'), soon).toEqual(['api', 'shop'])
    const { frames, whole, long } = await page().locator('body').evaluate(measurePlots, scale(20, 300))
    const at = (list: readonly number[], part: number) =>
      list.toSorted((a, b) => a - b)[Math.floor((list.length - 1) * part)]?.toFixed(1) ?? '–'
    figure(
      'dashboard plots',
      `30 series of 120 points, ${whole.length} times: a frame's work p50 ${at(frames, 0.5)} ms, p95 ${at(frames, 0.95)} ms, p99 ${at(frames, 0.99)} ms (a frame is 16.7 ms); all painted p50 ${at(whole, 0.5)} ms after they were told, p95 ${at(whole, 0.95)} ms; ${long} tasks of more than 50 ms`,
    )
    expect(whole.length).toBe(scale(20, 300))
    expect(refused).toEqual([])
    await expect.poll(() => curves('Memory'), soon).toEqual(['api', 'shop'])
  })

  test.each(looks)('can be read in %s at %s px', async (theme, width) => {
    const { page: window } = scene
    const { name, base } = themes[theme]
    if (!(await window.locator(`.monaco-workbench.${base}`).isVisible())) {
      // While it is open: its colours follow.
      await window.keyboard.press('Control+K')
      await window.keyboard.press('Control+T')
      await quickInput(window).locator('input.input').fill(name)
      await quickInput(window).locator('.monaco-list-row.focused', { hasText: name }).waitFor()
      await window.keyboard.press('Enter')
      await window.locator(`.monaco-workbench.${base}`).waitFor()
    }
    if (await window.locator('.part.sidebar').isVisible())
      await runCommand(window, 'View: Toggle Primary Side Bar Visibility')
    await window.setViewportSize({ width: width + 62, height: width < 500 ? 1400 : 1000 })
    await subject().selectOption({ label: width === 800 ? 'All apps' : 'shop' })
    await panel('Error rate').waitFor()
    await page()
      .locator('.plots')
      .evaluate((plots) => plots.scrollIntoView())
    expect(
      await page()
        .locator('html')
        .evaluate((html) => html.scrollWidth - html.clientWidth),
    ).toBe(0)
    await screenshot(window, `plots-${theme}-${width}`)
  })
})

/**
 * In the page: tells it other numbers in the place of those that it was told. Answers for how long the main thread was busy
 * in each frame while they were drawn, and how long it took until all were, in milliseconds.
 */
async function measurePlots(
  _body: unknown,
  count: number,
): Promise<{ frames: number[]; whole: number[]; long: number }> {
  interface Line {
    readonly panel: string
    readonly metric: string
    readonly name: string
    readonly begin: number
    readonly stepMs: number
    readonly values: readonly number[]
  }
  interface Told {
    readonly type: unknown
    readonly plots: { readonly want: unknown; readonly from: number; readonly to: number }
  }
  const own = globalThis as unknown as {
    addEventListener(type: 'message', heard: (event: { readonly data: Told }) => void): void
    removeEventListener(type: 'message', heard: unknown): void
    dispatchEvent(event: unknown): void
    MessageEvent: new (type: 'message', options: { readonly data: unknown }) => unknown
    requestAnimationFrame(run: () => void): void
  }
  const { plots } = await new Promise<Told>((resolve) => {
    const heard = ({ data }: { readonly data: Told }): void => {
      if (data.type !== 'plots') return
      own.removeEventListener('message', heard)
      resolve(data)
    }
    own.addEventListener('message', heard)
  })
  let long = 0
  // The types of Node.js do not know what a browser tells of.
  const kind = 'longtask' as 'mark'
  const watch = new PerformanceObserver((list) => void (long += list.getEntries().length))
  watch.observe({ entryTypes: [kind] })
  const metrics = {
    requests: 'requests',
    errors: 'errorRate',
    slowest: 'latencyP95',
    cpu: 'cpu',
    memory: 'memory',
  }
  const [frames, whole]: [number[], number[]] = [[], []]
  for (let turn = 0; turn < count; turn++) {
    const stepMs = Math.floor((plots.to - plots.from) / 120)
    const lines = Object.entries(metrics).flatMap(([panel, metric]) =>
      Array.from({ length: 6 }, (_, app): Line => {
        const values = Array.from(
          { length: 120 },
          (__, step) => 100 + app * 20 + 50 * Math.sin((step + turn) / 9),
        )
        return { panel, metric, name: `app ${app}`, begin: plots.from, stepMs, values }
      }),
    )
    const data = { type: 'plots', plots: { ...plots, lines } }
    const begun = performance.now()
    for (let frame = 0; frame <= Object.keys(metrics).length; frame++)
      frames.push(
        await new Promise<number>((resolve) =>
          own.requestAnimationFrame(() => {
            const start = performance.now()
            if (frame === 0) own.dispatchEvent(new own.MessageEvent('message', { data }))
            // What is asked for in a frame runs when that has been painted.
            setTimeout(() => resolve(performance.now() - start))
          }),
        ),
      )
    whole.push(performance.now() - begun)
  }
  watch.disconnect()
  return { frames, whole, long }
}
