import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { openFile, tree } from './vscode-page.ts'

const soon = { timeout: 15_000 }

/** Opens a file, and puts the cursor into it. */
export async function edit(page: Page, file: string): Promise<void> {
  await openFile(page, file)
  await page.locator('.editor-instance .monaco-editor .view-lines').first().click()
}

/** A word of the editor. */
export const word = (page: Page, text: string): Locator =>
  page.locator('.view-line span span', { hasText: text }).first()

/** What is underlined in the editor. */
export const squiggles = (page: Page): Locator =>
  page.locator('.editor-instance .squiggly-error, .editor-instance .squiggly-warning')

/** A command above a line. */
export const lens = (page: Page, text: string): Locator =>
  page.locator('.codelens-decoration a', { hasText: text })

/**
 * Runs a command above a line. VS Code draws the lenses that it remembers as mere text whenever another extension brings
 * its own, and asks for those that can be run only while the editor has the focus.
 */
export async function runLens(page: Page, text: string): Promise<void> {
  await page.keyboard.press('Control+1')
  await lens(page, text).click()
}

/** A row of the Problems view. */
export const problem = (page: Page, text: string | RegExp): Locator =>
  tree(page, 'Problems View')
    .or(page.locator('.markers-panel'))
    .locator('.monaco-list-row', { hasText: text })

/** Puts a text in the place of all that the editor shows. */
export async function replaceAll(page: Page, text: string): Promise<void> {
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(text)
}

/** Kills the language server, and waits until there is another. Those of windows that were closed may live on a while. */
export async function restartServers(folder: string): Promise<void> {
  const before = new Set(serversBelow(folder))
  if (before.size === 0) throw new Error('No language server runs')
  for (const pid of before) process.kill(pid, 'SIGKILL')
  await expect.poll(() => serversBelow(folder).some((pid) => !before.has(pid)), soon).toBe(true)
}

/** The language servers of the extensions in a folder. */
function serversBelow(folder: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const file = `/proc/${name}/cmdline`
      const words = existsSync(file) ? readFileSync(file, 'utf8') : ''
      return words.includes('language.cjs') && words.includes(folder)
    })
    .map(Number)
}
