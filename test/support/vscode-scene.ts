import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { quickInput, treeRow } from './vscode-page.ts'

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
}): Promise<Listener> {
  mkdirSync(options.folder, { recursive: true })
  const file = options.file ?? 'server.cjs'
  writeFileSync(path.join(options.folder, file), program(options.address ?? '127.0.0.1'))
  const child = spawn(process.execPath, [file, String(options.port ?? 0)], {
    cwd: options.folder,
    stdio: ['ignore', 'pipe', 'inherit'],
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

/** A git repository with two folders to run things in; the test removes it. */
export function makeShop(): { readonly root: string; readonly remove: () => void } {
  const parent = mkdtempSync(path.join(tmpdir(), 'qa-shop-'))
  const root = path.join(parent, 'shop')
  mkdirSync(path.join(root, 'web'), { recursive: true })
  mkdirSync(path.join(root, 'api'))
  const init = spawnSync('git', ['init', '--quiet', '--initial-branch', 'checkout-page', root])
  if (init.status !== 0) throw new Error(`git init failed: ${String(init.stderr)}`)
  return { root, remove: () => rmSync(parent, { recursive: true, force: true }) }
}

/** Clicks a row's button; buttons are drawn only while the mouse is on the row. */
export async function clickInline(page: Page, row: Locator, button: string | RegExp): Promise<void> {
  await row.hover()
  await row.getByRole('button', { name: button }).click()
}

/** Clicks an entry of a row's context menu. */
export async function clickContext(page: Page, row: Locator, ...entries: readonly string[]): Promise<void> {
  await row.click({ button: 'right' })
  const menu = page.locator('.monaco-menu')
  for (const entry of entries.slice(0, -1)) await menu.last().getByRole('menuitem', { name: entry }).hover()
  await menu.last().getByRole('menuitem', { name: entries.at(-1) ?? '' }).click()
}

/** Answers an input box or quick pick by typing and Enter. */
export async function answer(page: Page, title: string | RegExp, text: string): Promise<void> {
  const box = quickInput(page).filter({ hasText: title })
  await box.waitFor()
  await box.locator('input.input').fill(text)
  await page.keyboard.press('Enter')
}

/** Opens or closes a group of the Resources tree. */
export async function toggleGroup(page: Page, name: string, open: boolean): Promise<void> {
  const row = treeRow(page, 'Resources', new RegExp(`^${name}`)).first()
  await row.waitFor()
  if ((await row.getAttribute('aria-expanded')) !== String(open)) await row.click()
}
