import { describe, test } from 'vitest'
import { engineMissing } from './docker-engine.ts'

/**
 * A suite that needs a real Docker engine. Where none can be started it is reported as skipped with the
 * reason, and with `CI=true` it fails.
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
    describe.skip(`${name} (skipped: ${missing})`, suite)
  }
}
