import { expect, test } from 'vitest'
import type { StoredRun } from './jobs-store.ts'
import { keptRuns, tooMany } from './run-rows.ts'

const run = (number: number, endedAt: string | null = '2026-01-01T00:00:00.000Z'): StoredRun => ({
  run: String(number),
  app: 'shop',
  job: 'nightly',
  command: 'true',
  folder: '/',
  trigger: 'person',
  by: 'ana',
  scheduledFor: null,
  pid: null,
  startKey: null,
  timeoutMs: null,
  report: null,
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt,
  state: 'passed',
  reason: null,
  exitCode: 0,
  signal: null,
  tests: null,
})

const megabytes = (runs: readonly StoredRun[], each: number) =>
  new Map(runs.map((one) => [one.run, each * 1024 * 1024]))

test('what is more than is kept goes, the oldest first, and never what still runs', () => {
  const runs = Array.from({ length: keptRuns + 2 }, (_, number) =>
    run(number, number === keptRuns ? null : undefined),
  )
  expect(tooMany(runs, new Map())).toEqual([String(keptRuns + 1)])
  expect(tooMany(runs.slice(0, keptRuns), new Map())).toEqual([])
})

test('runs that wrote much are fewer, and the newest stays however much it wrote', () => {
  const runs = [0, 1, 2, 3].map((number) => run(number))
  expect(tooMany(runs, megabytes(runs, 30))).toEqual(['2', '3'])
  expect(tooMany(runs, megabytes(runs, 100))).toEqual(['1', '2', '3'])
})
