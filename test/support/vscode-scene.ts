import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { afterEach, expect } from 'vitest'
import { quickInput, runCommand, screenshot, treeRow } from './vscode-page.ts'

/** A process of the test that listens, as somebody's development server does. */
export interface Listener {
  readonly port: number
  readonly process: ChildProcess
  readonly folder: string
  stop(): Promise<void>
}

/** Listens on both families, says its port on stdout and its lines on demand. */
const program = (address: string): string => `
const server = require('node:http').createServer((request, response) => response.end('hello'))
server.listen(Number(process.argv[2] ?? 0), ${JSON.stringify(address)}, () => console.log(server.address().port))
`

/** Starts `node server.cjs` in a folder. @param options.port - 0 for any free one. */
export async function startListener(options: {
  readonly folder: string
  readonly port?: number
  readonly address?: string
  readonly file?: string
  readonly env?: Readonly<Record<string, string>>
}): Promise<Listener> {
  mkdirSync(options.folder, { recursive: true })
  const file = options.file ?? 'server.cjs'
  writeFileSync(path.join(options.folder, file), program(options.address ?? '127.0.0.1'))
  const child = spawn(process.execPath, [file, String(options.port ?? 0)], {
    cwd: options.folder,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...options.env },
  })
  const orphan = () => child.kill('SIGKILL')
  process.once('exit', orphan)
  const exited = once(child, 'exit').then(() => process.off('exit', orphan))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    port: Number(String(line)),
    process: child,
    folder: options.folder,
    stop: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** Where the test's processes run. */
export interface Shop {
  readonly root: string
  /** Part of every path below `root` and of nothing else on the machine. */
  readonly id: string
  remove(): void
}

/** A git repository with two folders to run things in; the test removes it. */
export function makeShop(): Shop {
  const parent = mkdtempSync(path.join(tmpdir(), 'qa-shop-'))
  const root = path.join(parent, 'shop')
  mkdirSync(path.join(root, 'web'), { recursive: true })
  mkdirSync(path.join(root, 'api'))
  const init = spawnSync('git', ['init', '--quiet', '--initial-branch', 'checkout-page', root])
  if (init.status !== 0) throw new Error(`git init failed: ${String(init.stderr)}`)
  return { root, id: path.basename(parent), remove: () => rmSync(parent, { recursive: true, force: true }) }
}

/**
 * Clicks a row's button. Buttons are drawn only while the mouse moves on the row, and a row that is drawn anew
 * takes them away until it moves again.
 */
export async function clickInline(row: Locator, button: string): Promise<void> {
  const deadline = performance.now() + 20_000
  const place = row.getByRole('button', { name: button })
  while (performance.now() < deadline) {
    await row.hover()
    const clicked = await place.click({ timeout: 1500 }).then(
      () => true,
      () => false,
    )
    if (clicked) return
    await row.hover({ position: { x: 5, y: 5 } })
  }
  throw new Error(`The row never offered ${button}`)
}

/** Clicks an entry of a row's context menu. */
export async function clickContext(page: Page, row: Locator, ...entries: readonly string[]): Promise<void> {
  await row.click({ button: 'right' })
  const menu = page.locator('.monaco-menu')
  for (const entry of entries.slice(0, -1)) await menu.last().getByRole('menuitem', { name: entry }).hover()
  const item = menu.last().getByRole('menuitem', { name: entries.at(-1) ?? '' })
  await item.waitFor()
  // A menu takes no click in its first moments, so that the one that opened it chooses nothing.
  while (await item.isVisible()) {
    await item.click({ timeout: 2000 }).catch(() => undefined)
    await page.waitForTimeout(150)
  }
}

/** Answers the input box or quick pick that shows `holding`, by typing and Enter. */
export async function answer(page: Page, holding: string | RegExp, text: string): Promise<void> {
  const box = quickInput(page).filter({ hasText: holding })
  await box.waitFor()
  await box.locator('input.input').fill(text)
  // In a list Enter takes the entry in focus, and none is until what was typed has been looked for.
  if (await box.getByRole('listbox').isVisible()) await box.locator('.monaco-list-row.focused').waitFor()
  await page.keyboard.press('Enter')
}

/** Sets the filter of the Resources tree, so that what else runs on the machine does not move the rows about. */
export async function filterResources(page: Page, text: string): Promise<void> {
  await runCommand(page, 'Quantum Admin: Filter Resources…')
  await answer(page, 'Filter Resources', text)
  await page.getByText(`Only what contains “${text}” is shown.`).waitFor()
}

/** Opens or closes a group of the Resources tree. A tree that is drawn anew meanwhile takes the click back. */
export async function toggleGroup(page: Page, name: string, open: boolean): Promise<void> {
  const row = treeRow(page, 'Resources', new RegExp(`^${name}`)).first()
  await row.waitFor()
  const isRight = async () => (await row.getAttribute('aria-expanded')) === String(open)
  const deadline = performance.now() + 20_000
  while (performance.now() < deadline) {
    if (!(await isRight())) await row.click()
    await page.waitForTimeout(300)
    if (await isRight()) return
  }
  throw new Error(`${name} never stayed ${open ? 'open' : 'closed'}`)
}

/** What is on the clipboard; the page needs the permission to read it. */
export const clipboard = (page: Page): Promise<string> =>
  page.evaluate(() => (globalThis as unknown as Clipboarded).navigator.clipboard.readText())

interface Clipboarded {
  readonly navigator: { readonly clipboard: { readText(): Promise<string> } }
}

/** The text of an open editor, once it holds what is waited for. Long lines are drawn whole only where they fit. */
export async function editorText(page: Page, tab: string | RegExp, holds: RegExp): Promise<string> {
  await page.locator('.tab.active', { hasText: tab }).waitFor()
  const lines = page.locator('.editor-group-container.active .view-lines .view-line')
  // The editor draws spaces as no-break spaces.
  const read = async () => (await lines.allTextContents()).join('\n').replaceAll('\u00a0', ' ')
  await expect.poll(read, { timeout: 20_000 }).toMatch(holds)
  return read()
}

/** What the Output panel shows. */
export async function outputText(page: Page): Promise<string> {
  const lines = await page.locator('.output-view .view-lines .view-line').allTextContents()
  return lines.join('\n').replaceAll('\u00a0', ' ')
}

/**
 * Keeps a picture of the window for each test that fails, and prints what it says, for where only the output is
 * kept. Call it where the suite's hooks stand.
 */
export function photographFailures(page: () => Page | undefined): void {
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return
    const window = page()
    if (window === undefined) return
    await screenshot(window, `failed ${task.name.replace(/\W+/g, ' ')}`.slice(0, 100))
    console.error(`the window when “${task.name}” failed:\n${await windowText(window)}`)
  })
}

/** What somebody would read in the window. */
async function windowText(page: Page): Promise<string> {
  const shown =
    '.notifications-toasts, .monaco-dialog-box, .quick-input-widget:visible, .tab.active, .view-lines'
  const texts = await page.locator(`${shown}, .part.panel, .part.sidebar`).allInnerTexts()
  return texts
    .map((text) => text.replaceAll('\u00a0', ' ').trim())
    .filter((text) => text !== '')
    .join('\n--\n')
}
