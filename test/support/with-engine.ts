import { describe, test } from 'vitest'
import { engineMissing } from './docker-engine.ts'

/**
 * A suite that needs a real Docker engine. Where none can be started, as for somebody who is not root and has none
 * running, it is reported as skipped with the reason: the rest of the tests is worth running there. With `CI=true` it
 * fails, so that nothing lands without it.
 */
export function describeWithEngine(name: string, suite: () => void): void {
  const missing = engineMissing()
  if (missing === null) {
    describe(name, suite)
  } else if (process.env['CI'] === 'true') {
    test(name, () => {
      throw new Error(`This suite needs a Docker engine: ${missing}`)
    })
  } else {
    // Skipped, not left out: whoever has no engine is told which tests did not run, and why.
    describe.skip(`${name} (skipped: ${missing})`, suite)
  }
}
