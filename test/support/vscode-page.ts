import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { chromium, type Browser, type Locator, type Page } from 'playwright-core'
import { cache, inRoot } from './paths.ts'
import { chromiumPath } from './peers.ts'

/** How long a window may take to show something: a new window downloads and starts the whole workbench. */
const appears = 60_000

/** Starts the browser that VS Code's windows are opened in. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = chromiumPath()
  if (executablePath === null) throw new Error('Chromium is not installed')
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** Opens a window at an address from {@link VscodeServer.url} and waits for its workbench; `null` for an empty page. */
export async function openWindow(browser: Browser, url: string | null): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  if (url === null) return page
  const troubles = troublesOf(page)
  await page.goto(url)
  await page
    .locator('.monaco-workbench')
    .waitFor({ timeout: appears })
    .catch((error: unknown) => {
      throw new Error(
        `No workbench in ${appears} ms; the page told of: ${troubles().join('\n') || 'nothing'}`,
        {
          cause: error,
        },
      )
    })
  return page
}

/** What goes wrong in a page from now on: why a window stays empty is to be found nowhere else. */
function troublesOf(page: Page): () => readonly string[] {
  const troubles: string[] = []
  const waiting = new Set<string>()
  page.on('pageerror', ({ message }) => troubles.push(`error: ${message}`))
  page.on('console', (said) => void (said.type() === 'error' && troubles.push(`console: ${said.text()}`)))
  page.on('request', (request) => waiting.add(request.url()))
  page.on('requestfinished', (request) => waiting.delete(request.url()))
  page.on('requestfailed', (request) => {
    waiting.delete(request.url())
    troubles.push(`failed: ${request.url()} ${request.failure()?.errorText ?? ''}`)
  })
  return () => [...troubles, ...[...waiting].map((address) => `unanswered: ${address}`)]
}

/** The palette, or any other quick input that is open. */
export const quickInput = (page: Page): Locator => page.locator('.quick-input-widget:visible')

/**
 * Runs a command by its palette label. F1 does nothing until the keybindings live, the list does not grow when an
 * extension arrives late, and the palette closes when an editor opens: so it asks again until the very label is what
 * Enter takes. A click would leave the focus to the palette that closes, which closes what the command opens.
 */
export async function runCommand(page: Page, label: string): Promise<void> {
  const option = quickInput(page).getByRole('option', { name: label }).and(page.locator('.focused'))
  const deadline = performance.now() + appears
  while (performance.now() < deadline) {
    await page.keyboard.press('F1')
    const found = await quickInput(page)
      .locator('input.input')
      .fill(`>${label}`, { timeout: 1500 })
      .then(() => option.waitFor({ timeout: 1500 }))
      .then(
        () => true,
        () => false,
      )
    await page.keyboard.press(found ? 'Enter' : 'Escape')
    if (found) return
  }
  throw new Error(`The palette never offered ${JSON.stringify(label)}`)
}

/** Opens a file of the workspace by its path. */
export async function openFile(page: Page, file: string): Promise<void> {
  await runCommand(page, 'Go to File...')
  const box = quickInput(page)
  await box.locator('input.input').fill(file)
  await box.locator('.monaco-list-row.focused', { hasText: path.basename(file) }).waitFor()
  await page.keyboard.press('Enter')
  await page.locator('.tab.active', { hasText: path.basename(file) }).waitFor()
}

/** Shows a container of the activity bar. */
export const openContainer = (page: Page, title: string): Promise<void> =>
  page.locator('.activitybar').getByRole('tab', { name: title }).click({ timeout: appears })

/** A tree view by its title. */
export const tree = (page: Page, name: string): Locator => page.getByRole('tree', { name })

/** A row of a tree. Its tooltip is its accessible name, so this looks at the text that is shown. */
export const treeRow = (page: Page, name: string, text: string | RegExp): Locator =>
  tree(page, name).getByRole('treeitem').filter({ hasText: text })

/** A notification that shows the text. */
export const notification = (page: Page, text: string | RegExp): Locator =>
  page.locator('.notifications-toasts .notification-list-item', { hasText: text })

/** A modal dialog. */
export const dialog = (page: Page): Locator => page.locator('.monaco-dialog-box')

/** An item of the status bar. */
export const statusBarItem = (page: Page, text: string | RegExp): Locator =>
  page.locator('.statusbar-item', { hasText: text })

/**
 * Writes a picture of the window: into `.cache/screenshots`, and with `QUANTUM_ADMIN_SCREENSHOTS=1` into `docs/images`,
 * from where README and docs show it.
 * @returns the file.
 */
export async function screenshot(page: Page, name: string): Promise<string> {
  const folder =
    process.env['QUANTUM_ADMIN_SCREENSHOTS'] === '1' ? inRoot('docs/images') : cache('screenshots')
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, `${name}.png`)
  await page.screenshot({ path: file })
  return file
}

/**
 * Holds the mouse over a row until its hover says something. A row that is drawn anew meanwhile, as is one that counts what
 * goes on, takes its hover away: then the mouse comes again, as a person's would.
 */
export async function hoverOver(page: Page, row: Locator, text: string): Promise<Locator> {
  const hover = page.locator('.monaco-hover:visible').filter({ hasText: text })
  const deadline = performance.now() + appears
  for (;;) {
    await page.mouse.move(640, 20)
    await row.hover()
    const isThere = await hover.waitFor({ timeout: 3000 }).then(
      () => true,
      () => false,
    )
    if (isThere) return hover
    if (performance.now() > deadline) throw new Error(`No hover of the row told of ${text}`)
  }
}
