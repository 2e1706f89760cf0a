import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { root } from './paths.ts'
import { ownRanges } from './port-ranges.ts'
import { launchBrowser, openWindow } from './vscode-page.ts'
import { makeShop, photographFailures, type Shop } from './vscode-scene.ts'
import { startVscodeServer, type VscodeServer, type VscodeServerOptions } from './vscode-server.ts'

/** What a suite of windows works with; filled in before its first test. */
export interface Scene {
  readonly shop: Shop
  server: VscodeServer
  browser: Browser
  page: Page
}

export interface SceneOptions extends VscodeServerOptions {
  /** Machine-scoped settings, which VS Code takes from the machine's own file only. */
  readonly machine?: Readonly<Record<string, unknown>>
  /** Shows no page yet: what a suite does first comes before VS Code. */
  readonly blank?: boolean
  /** Leases come from ranges that no other test file has, for apps that are started while others start theirs. */
  readonly ownPorts?: boolean
}

/** A data folder in which the machine's settings stand already. */
function dataFolder(machine: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-data-'))
  mkdirSync(path.join(folder, 'data', 'Machine'), { recursive: true })
  writeFileSync(path.join(folder, 'data', 'Machine', 'settings.json'), JSON.stringify(machine))
  return folder
}

/**
 * Opens a window with the extension and a git repository before the tests of a suite, and removes it all after
 * them. `options` is called when the suite starts, so that it may use what earlier hooks have made.
 */
export function useScene(options: (shop: Shop) => SceneOptions = () => ({})): Scene {
  const shop = makeShop()
  const scene: Partial<Scene> & { readonly shop: Shop } = { shop }
  let data: string | undefined
  beforeAll(async () => {
    const { machine, blank, ownPorts, ...rest } = options(shop)
    data = machine === undefined ? undefined : dataFolder(machine)
    scene.server = await startVscodeServer({
      link: [root],
      workspace: shop.root,
      inPlace: true,
      ...(data === undefined ? {} : { dataFolder: data }),
      ...rest,
    })
    if (ownPorts === true) {
      mkdirSync(scene.server.stateFolder, { mode: 0o700 })
      ownRanges(scene.server.stateFolder)
    }
    scene.browser = await launchBrowser()
    scene.page = await openWindow(scene.browser, blank === true ? null : scene.server.url())
    scene.page.setDefaultTimeout(20_000)
    await scene.page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  })
  photographFailures(() => scene.page)
  afterAll(async () => {
    await scene.browser?.close()
    await scene.server?.stop()
    if (data !== undefined) rmSync(data, { recursive: true, force: true })
    shop.remove()
  })
  // The hooks above fill in the rest before a test can look.
  return scene as Scene
}
