import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '#client/client.ts'
import { connectLocal } from '#client/connect.ts'
import { Failure } from '#base/failure.ts'
import { withPeers } from '../support/peers.ts'
import { figure, scale } from '../support/scale.ts'
import { notification, openContainer, runCommand, screenshot, treeRow } from '../support/vscode-page.ts'
import { clickContext, editorText, filterResources } from '../support/vscode-scene.ts'
import { useScene } from '../support/vscode-suite.ts'
import { testHostileDashboard } from './hostile-dashboard.ts'
import { testHostileLogs } from './hostile-logs.ts'

/** Runs in the page when it is taken for markup: sets a mark that no code of VS Code sets. */
const mark = 'globalThis.pwned=1'
const shapes: readonly ((n: number) => string)[] = [
  (n) => `<img src=x onerror=${mark}>${n}`,
  (n) => `"><svg/onload=${mark}>${n}`,
  (n) => `<script>${mark}</script>${n}`,
  (n) => `<iframe srcdoc="<script>parent.pwned=1</script>">${n}`,
  (n) => `<a href="javascript:${mark}">${n}</a>`,
  (n) => `[${n}](command:workbench.action.toggleSidebarVisibility)`,
  (n) => `[${n}](javascript:${mark})`,
  (n) => `![${n}](x"onerror="${mark})`,
  (n) => `<details open ontoggle=${mark}>${n}`,
  (n) => `$(error) \${${mark}} {{${mark}}} ${n}`,
  (n) => `\u001b]8;;javascript:${mark}\u0007${n}\u001b]8;;\u0007`,
  (n) => `\u202e<style onload=${mark}>\u2066${n}\r\n</style>`,
  (n) => `&lt;img src=x onerror=${mark}&gt;\u0000${n}`,
  (n) =>
    `<math><mtext></mtext><mglyph><svg><mtext><textarea><path id="</textarea><img onerror=${mark} src=1>">${n}`,
  (n) => `\`\`\`\n<img src=x onerror=${mark}>\n\`\`\`${n}`,
  (n) => `<https://x.invalid/${n}"onmouseover="${mark}">`,
]

const hostile = (n: number): string => shapes[n % shapes.length]?.(n) ?? ''

const pwned = (page: Page): Promise<unknown> =>
  page.evaluate(() => (globalThis as { pwned?: unknown }).pwned ?? null)

describe.runIf(withPeers('vscode', 'chromium'))('hostile names', () => {
  const scene = useScene()
  const processes: ChildProcess[] = []
  let client: Client
  let bare: Page

  beforeAll(async () => {
    await openContainer(scene.page, 'Quantum Admin')
    await treeRow(scene.page, 'Resources', /^Ports\d+/).waitFor()
    client = connectLocal({ home: scene.server.stateFolder, client: 'test/0', launcher: null }, 'once')
    // A window once more, of a folder below, without the page's content security policy: escaping must not need it.
    const context = await scene.browser.newContext({
      bypassCSP: true,
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
    })
    bare = await context.newPage()
    await bare.goto(scene.server.url({ folder: path.join(scene.shop.root, 'web') }))
    for (const page of [scene.page, bare]) await runCommand(page, 'Quantum Activity: Focus on Activity View')
  })
  afterAll(async () => {
    for (const child of processes) child.kill('SIGKILL')
    await client?.dispose()
  })

  /** A command that is refused leaves its target's name on the trail, whatever the name is. */
  async function leaveOnTrail(name: string): Promise<void> {
    const params = { pid: 2 ** 31 - 2, startedAt: '2026-01-01T00:00:00.000Z', name }
    await expect(client.call('processes.stop', params)).rejects.toBeInstanceOf(Failure)
  }

  const patience = { timeout: scale(60_000, 900_000) }
  test(
    'run nothing in the view of activity, its hovers and documents, with and without a CSP',
    patience,
    async () => {
      const count = scale(48, 2000)
      const batch = 8
      for (let first = 0; first < count; first += batch) {
        for (let n = first; n < first + batch; n++) await leaveOnTrail(hostile(n).slice(0, 300))
        const last = first + batch - 1
        for (const page of [scene.page, bare]) {
          await page.bringToFront()
          const row = treeRow(page, 'Activity', new RegExp(`^stop process.*\\b${last}\\b`)).first()
          await row.waitFor()
          // The hover of the row before covers this one until the mouse is elsewhere.
          await page.mouse.move(640, 20)
          await page.locator('.monaco-hover:visible').waitFor({ state: 'detached' })
          await row.hover()
          if (first % (8 * batch) === 0) {
            await row.click()
            await editorText(page, /Entry \d+/, /"action": "stop"/)
          }
          expect(await pwned(page)).toBeNull()
        }
      }
      await scene.page.bringToFront()
      await screenshot(scene.page, 'hostile-activity')
      expect(await scene.page.locator('.part.sidebar').isVisible()).toBe(true)
      expect(
        await scene.page.locator('.pane-body img, .pane-body svg[onload], .pane-body iframe').count(),
      ).toBe(0)
      figure('S12', `${count} strings through labels, hovers and documents, CSP on and off: 0 run`)
    },
  )

  test('of folders and commands are shown written out in the tree, its hovers and documents', async () => {
    const { page, shop } = scene
    const folder = path.join(
      shop.root,
      '[click](command:workbench.action.quit) \u001b[31m\u202eevil\n$(error)',
    )
    mkdirSync(folder)
    const argv0 = `${shop.id} <img src=x onerror=${mark}>\u001b]0;title\u0007\u202e${'x'.repeat(4096)}`
    processes.push(spawn('/bin/sleep', ['1000'], { argv0, cwd: folder, stdio: 'ignore' }))
    await filterResources(page, shop.id)
    const row = treeRow(page, 'Resources', /^sleep/).first()
    await row.waitFor()
    await row.click()
    const text = await editorText(page, /sleep/, /Command: /)
    expect(text).toContain('\\e]0;title\\x07\\u202e')
    expect(text).toContain('\\e[31m\\u202eevil\\n$(error)')
    await page.locator('.part.editor').hover()
    await row.hover()
    const hover = page.locator('.monaco-hover:visible').filter({ hasText: 'onerror' })
    await hover.waitFor()
    expect(await hover.locator('a, img, svg').count()).toBe(0)
    await screenshot(page, 'hostile-process')
    await clickContext(page, row, 'Reveal Folder')
    const shown = notification(page, 'is not part of this workspace')
    // The folder lies in the workspace here, so that the Explorer shows it and nothing is asked.
    expect(await shown.locator('a').count()).toBe(0)
    expect(await pwned(page)).toBeNull()
  })

  test('make no link in a notification', async () => {
    const page = bare
    await page.bringToFront()
    await openContainer(page, 'Quantum Admin')
    await treeRow(page, 'Resources', /^Ports\d+/).waitFor()
    await filterResources(page, scene.shop.id)
    await clickContext(page, treeRow(page, 'Resources', /^sleep/).first(), 'Reveal Folder')
    const shown = notification(page, 'is not part of this workspace')
    await shown.getByText('[click]').waitFor()
    expect(await shown.locator('.notification-list-item-message a').count()).toBe(0)
    expect(await pwned(page)).toBeNull()
    await screenshot(page, 'hostile-notification')
  })

  testHostileDashboard({ pages: () => [scene.page, bare], hostile })

  testHostileLogs({
    folder: () => scene.shop.root,
    client: () => client,
    pages: () => [scene.page, bare],
    hostile,
  })
})
