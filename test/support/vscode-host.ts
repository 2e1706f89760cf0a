import { build } from 'esbuild'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HostEvent } from '../vscode/host/index.ts'
import { cache, inRoot, root } from './paths.ts'
import { launchBrowser } from './vscode-page.ts'
import { startVscodeServer } from './vscode-server.ts'

/** The host runs CommonJS; mocha is found in this checkout's node_modules. @returns the file that exports `run()`. */
export async function buildHostTests(): Promise<string> {
  const outdir = cache('host-tests')
  rmSync(outdir, { recursive: true, force: true })
  await build({
    absWorkingDir: root,
    entryPoints: ['test/vscode/host/index.ts', ...globSync('test/vscode/host/*.suite.ts', { cwd: root })],
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    external: ['vscode', 'mocha'],
    define: { 'import.meta.dirname': '__dirname' },
    sourcemap: 'inline',
    logLevel: 'warning',
  })
  return path.join(outdir, 'index.cjs')
}

/** How many of the tests inside the host ended how. */
export interface HostResult {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export interface HostRunOptions {
  /** The extension under development; default this checkout. */
  readonly extension?: string
  /** Milliseconds until a host that never answers is given up. */
  readonly timeout?: number
}

/**
 * Runs the suites of test/vscode/host inside the extension host of VS Code's server.
 * @throws Error when the host ended without counting its tests.
 */
export async function runHostTests(options: HostRunOptions = {}): Promise<HostResult> {
  const testsFile = await buildHostTests()
  const folder = mkdtempSync(path.join(tmpdir(), 'quantum-host-'))
  const results = path.join(folder, 'results.json')
  const server = await startVscodeServer({
    inHostTests: true,
    workspace: inRoot('examples'),
    env: { QUANTUM_ADMIN_HOST_RESULTS: results, FORCE_COLOR: '0' },
  })
  try {
    const url = server.url({ developing: options.extension ?? root, testsFile })
    const ending = await openUntilHostExits(url, options.timeout ?? 300_000)
    return readResults(results, `${ending}\n${server.output()}`)
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Prints what the host wrote down and counts it.
 * @throws Error with `otherwise` when it did not come to its end.
 */
export function readResults(file: string, otherwise: string): HostResult {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  const events = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as HostEvent)
  for (const event of events) {
    if (event.kind === 'ended') return counts
    counts[event.kind]++
    const took = event.kind === 'passed' ? ` (${event.durationMs} ms)` : ''
    console.log(`in the extension host: ${event.kind}: ${event.title}${took}`)
    if (event.error !== null) console.log(event.error)
  }
  throw new Error(`The extension host ended early: ${otherwise}`)
}

/** VS Code reports through two functions that it looks for on the window. @returns how it ended, in words. */
async function openUntilHostExits(url: string, timeout: number): Promise<string> {
  const browser = await launchBrowser()
  try {
    const page = await browser.newPage()
    const { promise: ending, resolve: end } = Promise.withResolvers<string>()
    await page.exposeFunction('codeAutomationLog', () => undefined)
    await page.exposeFunction('codeAutomationExit', (code: number) => end(`exit code ${code}`))
    page.on('crash', () => end('the page crashed'))
    await page.goto(url)
    const giveUp = new AbortController()
    const timedOut = sleep(timeout, `nothing for ${timeout / 1000} s`, { signal: giveUp.signal })
    const first = await Promise.race([ending, timedOut])
    giveUp.abort()
    await timedOut.catch(() => undefined)
    return first
  } finally {
    await browser.close()
  }
}
