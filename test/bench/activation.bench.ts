import { build } from 'esbuild'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { cache, root } from '../support/paths.ts'
import { launchBrowser, openContainer, openWindow, treeRow } from '../support/vscode-page.ts'
import { startVscodeServer } from '../support/vscode-server.ts'
import { median, type Bench } from './bench.ts'
import { bare, makeBareExtension } from './peers/bare-extension.ts'

const windows = 7

/**
 * The extension in VS Code: loading and activating it, without the daemon's start, and the tree with data after
 * the workbench is there, with a daemon that runs. No peer does the same, so the goals stand beside the figures.
 */
export const bench: Bench = async () => {
  const browser = await launchBrowser()
  try {
    const activation = median(await activations(browser))
    const bareFolder = makeBareExtension()
    const bareTree = median(await treesWithData(browser, bareFolder, bare))
    rmSync(bareFolder, { recursive: true, force: true })
    const tree = median(await treesWithData(browser, root, ours))
    return [
      {
        what: 'load and activate the extension',
        unit: 'ms',
        ours: activation,
        peer: goal(50),
        ratio: 'ours-over-peer',
        goal: 1,
      },
      {
        what: 'tree with data after the workbench',
        unit: 'ms',
        ours: tree,
        peer: goal(1000),
        ratio: 'ours-over-peer',
        goal: 1,
      },
      {
        what: 'tree with data after the workbench',
        unit: 'ms',
        ours: tree,
        peer: { name: 'a bare extension with one fixed row', value: bareTree },
        ratio: 'ours-over-peer',
        goal: 1.15,
      },
    ]
  } finally {
    await browser.close()
  }
}

const goal = (value: number) => ({ name: `goal ${value} ms`, value })

async function activations(browser: Browser): Promise<readonly number[]> {
  const testsFile = cache('bench', 'activation-host.cjs')
  await build({
    absWorkingDir: root,
    entryPoints: ['test/bench/activation-host.ts'],
    outfile: testsFile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['vscode'],
  })
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-activation-'))
  const results = path.join(folder, 'results')
  const read = (): readonly number[] =>
    existsSync(results) ? readFileSync(results, 'utf8').trim().split('\n').map(Number) : []
  const server = await startVscodeServer({
    inHostTests: true,
    env: { QUANTUM_ADMIN_ACTIVATION_RESULTS: results },
  })
  try {
    for (let done = 0; done < windows; done++) {
      const page = await browser.newPage()
      await page.exposeFunction('codeAutomationLog', () => undefined)
      await page.exposeFunction('codeAutomationExit', () => undefined)
      await page.goto(server.url({ developing: root, testsFile }))
      for (let waited = 0; read().length <= done; waited += 50) {
        if (waited > 60_000) throw new Error(`The extension was not activated:\n${server.output()}`)
        await sleep(50)
      }
      await page.close()
    }
    return read()
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface ShownTree {
  readonly container: string
  readonly view: string
  readonly row: RegExp
}

const ours: ShownTree = { container: 'Quantum Admin', view: 'Resources', row: /^:\d+/ }

async function treesWithData(
  browser: Browser,
  extension: string,
  { container, view, row }: ShownTree,
): Promise<readonly number[]> {
  const server = await startVscodeServer({ link: [extension] })
  try {
    const page = await openWindow(browser, server.url())
    await openContainer(page, container)
    const first = treeRow(page, view, row).first()
    await first.waitFor()
    const times: number[] = []
    for (let done = 0; done < windows; done++) {
      await page.reload()
      // The workbench is there when its first view is: before, it has only a frame.
      await page.locator('.activitybar').getByRole('tab', { name: container }).waitFor()
      const started = performance.now()
      await first.waitFor()
      times.push(performance.now() - started)
    }
    return times
  } finally {
    await server.stop()
  }
}
