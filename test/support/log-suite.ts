import path from 'node:path'
import type { FrameLocator, Locator } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { connectLocal } from '#client/connect.ts'
import type { Client } from '#client/client.ts'
import { makeLogWriter, type LogWriter } from './log-writer.ts'
import { openContainer, treeRow } from './vscode-page.ts'
import { clickInline } from './vscode-scene.ts'
import { useScene, type Scene } from './vscode-suite.ts'
import { watchPolicy, webview } from './vscode-webview.ts'

/** What the tests of the page with logs work with: a window, an app in it that writes what it is told to, and the page. */
export interface LogSuite {
  readonly scene: Scene
  /** A client beside the window's, of the daemon that runs now. */
  readonly client: () => Client
  /** What the browser refused by the page's policy. */
  readonly refused: () => readonly string[]
  readonly write: (...lines: readonly string[]) => void
  readonly flood: (word: string, count: number, rate?: number) => void
  readonly logs: () => FrameLocator
  readonly rows: () => Locator
  readonly row: (text: string | RegExp) => Locator
  readonly list: () => Locator
  readonly search: () => Locator
  readonly footer: () => Locator
  /** The app in the tree. */
  readonly app: () => Locator
  readonly query: (text: string) => Promise<void>
  readonly closeTab: (name: string) => Promise<void>
  readonly soon: { readonly timeout: number }
  readonly text: (locator: Locator) => ReturnType<typeof expect.poll<string | null>>
}

/** Opens the window and starts the app before the tests of a suite. */
export function useLogSuite(): LogSuite {
  let writer: LogWriter
  const clients: Client[] = []
  let refused: readonly string[] = []
  const scene = useScene((shop) => {
    writer = makeLogWriter(path.join(shop.root, 'shop'))
    return { ownPorts: true, machine: {} }
  })
  const logs = () => webview(scene.page)
  const rows = () => logs().locator('.row')
  const search = () => logs().locator('.search')
  const soon = { timeout: 15_000 }
  const connect = (): Client => {
    const home = scene.server.stateFolder
    const client = connectLocal({ home, client: 'test/0', launcher: null }, 'once')
    clients.push(client)
    return client
  }

  beforeAll(async () => {
    const { page } = scene
    refused = watchPolicy(page)
    await openContainer(page, 'Quantum Admin')
    await page.getByRole('button', { name: 'Add the Apps of This Workspace' }).click()
    await clickInline(treeRow(page, 'Applications', /^shopstopped$/).first(), 'Start App')
    await treeRow(page, 'Applications', /^shoprunning/)
      .first()
      .waitFor()
  })
  afterAll(async () => {
    if (scene.server === undefined) return
    const client = connect()
    await client.call('apps.stop', { app: 'shop' }).catch(() => undefined)
    for (const one of clients) await one.dispose()
  })

  return {
    scene,
    client: connect,
    refused: () => refused,
    write: (...lines) => writer.write(...lines),
    flood: (...order) => writer.flood(...order),
    logs,
    rows,
    row: (text) => rows().filter({ hasText: text }).last(),
    list: () => logs().locator('.list'),
    search,
    footer: () => logs().locator('.footer'),
    app: () => treeRow(scene.page, 'Applications', /^shoprunning/).first(),
    query: async (text) => {
      // VS Code answers a Control+A in a page a moment later, when more may have been typed.
      await search().locator('input').fill(text)
      await scene.page.keyboard.press('Enter')
    },
    closeTab: async (name) => {
      const tab = scene.page.locator('.tab', { hasText: name })
      await tab.click({ button: 'middle' })
      await tab.waitFor({ state: 'detached' })
    },
    soon,
    text: (locator) => expect.poll(() => locator.textContent(), soon),
  }
}
