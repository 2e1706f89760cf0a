import { appendFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import Mocha from 'mocha'

/** One line of the results file: the host's console does not reach whoever started it everywhere, a file does. */
export type HostEvent =
  | {
      readonly kind: 'passed' | 'failed' | 'skipped'
      readonly title: string
      readonly durationMs: number
      readonly error: string | null
    }
  | { readonly kind: 'ended' }

/** Mocha insists on a reporter; ours is the results file. */
class Silent extends Mocha.reporters.Base {}

/**
 * Runs every suite beside this file inside the extension host. VS Code calls it and ends with the host's exit code.
 * @throws Error when a test failed.
 */
export async function run(): Promise<void> {
  const results = process.env['QUANTUM_ADMIN_HOST_RESULTS']
  if (results === undefined) throw new Error('QUANTUM_ADMIN_HOST_RESULTS must name the results file')
  const write = (event: HostEvent) => appendFileSync(results, `${JSON.stringify(event)}\n`)
  const ended = (kind: 'passed' | 'failed' | 'skipped', test: Mocha.Runnable, error: Error | null) =>
    write({
      kind,
      title: test.fullTitle(),
      durationMs: test.duration ?? 0,
      error: error === null ? null : (error.stack ?? error.message),
    })

  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, reporter: Silent })
  const folder = import.meta.dirname
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.suite.cjs')))
    mocha.addFile(path.join(folder, file))
  const failures = await new Promise<number>((resolve) => {
    mocha
      .run(resolve)
      .on('pass', (test) => ended('passed', test, null))
      .on('fail', (test, error: Error) => ended('failed', test, error))
      .on('pending', (test) => ended('skipped', test, null))
  })
  write({ kind: 'ended' })
  if (failures > 0) throw new Error(`${failures} tests failed in the extension host`)
}
