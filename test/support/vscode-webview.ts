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

/** What hostile texts have left behind in a window or in a frame of it: nothing, unless one of them was run. */
export async function marksIn(page: Page): Promise<readonly unknown[]> {
  const marks = page.frames().map((frame) =>
    // A frame of VS Code may go while it is asked.
    frame.evaluate(() => (globalThis as { pwned?: unknown }).pwned ?? null).catch(() => null),
  )
  return (await Promise.all(marks)).filter((mark) => mark !== null)
}
