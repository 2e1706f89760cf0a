import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { cache, inRoot, root } from '../support/paths.ts'
import { isPresent } from '../support/peers.ts'
import { runHostTests } from '../support/vscode-host.ts'
import { npm } from './npm.ts'
import { preparePeers } from './peers.ts'

// npm test: everything, in the order in which a mistake is cheapest to find, with one line of counts at the end.
// npm run test:full: the whole figures instead of samples of them.
interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

const started = performance.now()
if (process.argv.includes('--full')) process.env['QUANTUM_ADMIN_TEST_FULL'] = '1'
const counts: Counts[] = []

/** Runs one suite; whatever it throws is a failed test, so that the others still run. */
async function suite(name: string, run: () => Counts | Promise<Counts>): Promise<void> {
  const began = performance.now()
  console.log(`\n== ${name}`)
  try {
    counts.push(await run())
  } catch (error) {
    console.error(error)
    counts.push({ passed: 0, failed: 1, skipped: 0 })
  }
  console.log(`== ${name}: ${Math.round((performance.now() - began) / 1000)} s`)
}

const one = (passed: boolean): Counts => ({ passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 })

/** An npm script that passes or fails as a whole. */
function script(name: string): Counts {
  const { status } = npm(['run', '--silent', name], root)
  return one(status === 0)
}

interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

/** Files that could not even be loaded hold no test, and count as a failed one. */
function runVitest(): Counts {
  const report = cache('test', 'vitest.json')
  rmSync(report, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { status } = spawnSync(
    process.execPath,
    [inRoot('node_modules/vitest/vitest.mjs'), 'run', ...reporters],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  )
  const result = JSON.parse(readFileSync(report, 'utf8')) as VitestReport
  const broken = result.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  )
  const failed = result.numFailedTests + broken.length
  // An error outside of every test fails the run without failing a test.
  const unexplained = status !== 0 && failed === 0 ? 1 : 0
  return { passed: result.numPassedTests, failed: failed + unexplained, skipped: result.numPendingTests }
}

await suite('peers', () => {
  const missing = preparePeers()
  return one(missing.length === 0 || process.env['CI'] !== 'true')
})
for (const check of ['typecheck', 'lint', 'format:check', 'knip']) await suite(check, () => script(check))
await suite('build', () => script('build'))
await suite('vitest', runVitest)
await suite('VS Code extension host', () =>
  isPresent('vscode') && isPresent('chromium') ? runHostTests() : { passed: 0, failed: 0, skipped: 1 },
)

const sum = (key: keyof Counts) => counts.reduce((total, count) => total + count[key], 0)
const skipped = sum('skipped')
console.log(`\nin ${Math.round((performance.now() - started) / 1000)} s`)
console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`)
process.exitCode = sum('failed') === 0 ? 0 : 1
