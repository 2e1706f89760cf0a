import { writeFileSync } from 'node:fs'
import { statePaths } from '#base/state-paths.ts'

/** Below them are the usual ranges, above them the ports that the system gives out by itself. */
const first = 10_000
const width = 110
/** More files than these never run at one time. */
const lanes = 200

/**
 * Gives a daemon of the tests ranges of ports that those of other test files do not have: two daemons on one machine,
 * which no user has, would choose the same free port at one moment, and only one of their apps would get it.
 */
export function ownRanges(home: string): void {
  const { settings } = statePaths(home)
  // The worker's number, which no other has while it runs; without a worker only one file runs.
  const base = first + (Number(process.env['VITEST_POOL_ID'] ?? 0) % lanes) * width
  const ranges = {
    web: [base, base + 39],
    app: [base + 40, base + 79],
    database: [base + 80, base + 89],
    queue: [base + 90, base + 99],
    cache: [base + 100, base + 109],
  }
  writeFileSync(settings, JSON.stringify({ leases: { ranges } }), { mode: 0o600 })
}
