import type { FrameLocator, Page } from 'playwright-core'

/** The page that the active editor shows: VS Code puts it into a frame within a frame. */
export const webview = (page: Page): FrameLocator =>
  page.frameLocator('iframe.webview.ready:visible').frameLocator('#active-frame')

/** Collects what the browser refused by a page's policy, as it says it on its console. */
export function watchPolicy(page: Page): readonly string[] {
  const refused: string[] = []
  page.on('console', (message) => {
    const text = message.text()
    // The workbench's own frames have policies of theirs.
    if (/Content Security Policy/.test(text) && /nonce-/.test(text)) refused.push(text)
  })
  return refused
}
