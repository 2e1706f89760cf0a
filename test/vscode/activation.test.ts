import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inRoot, root } from '../support/paths.ts'
import { withPeers } from '../support/peers.ts'
import {
  launchBrowser,
  openContainer,
  openWindow,
  runCommand,
  screenshot,
  treeRow,
} from '../support/vscode-page.ts'
import { startVscodeServer, type VscodeServer } from '../support/vscode-server.ts'

describe.runIf(withPeers('vscode', 'chromium'))('a window of VS Code with the extension', () => {
  let server: VscodeServer
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    server = await startVscodeServer({ link: [root], workspace: inRoot('examples') })
    browser = await launchBrowser()
    page = await openWindow(browser, server.url())
  })

  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  test('has the container Quantum Admin in its activity bar, with the ports of this machine', async () => {
    await openContainer(page, 'Quantum Admin')
    await treeRow(page, 'Resources', /^Ports/).waitFor()
    await screenshot(page, 'activation')
    expect(await page.locator('.notification-list-item').count()).toBe(0)
  })

  test('offers its commands in the palette', async () => {
    await runCommand(page, 'Quantum Admin: Open Documentation')
    await page.locator('.tab', { hasText: /README|index|Documentation/i }).waitFor()
  })
})
