import type { TestCase, TestCounts } from '#contract/jobs.ts'
import type { Programs, RunFiles } from '../../adapters/process/programs.ts'
import type { Reports } from '../../adapters/project/reports.ts'
import type { Change } from '../../kernel/execute.ts'
import { countsIn } from './closing-line.ts'
import type { StoredRun } from './jobs-store.ts'
import { tapCases } from './tap.ts'

/** How a runner closes stands in its last lines. */
const closingBytes = 64 * 1024
/** More TAP than this is not read: it would hold everybody else up. */
const tapBytes = 2 * 1024 * 1024
const casesFile = 'cases.json'

export interface ResultsDeps {
  readonly programs: Programs
  readonly reports: Reports
  readonly filesOf: (app: string, run: string) => RunFiles
}

/** Counts the tests of a run that has ended, and keeps each where they can be told apart. Null when nothing says. */
export async function resultsOf(
  { programs, reports, filesOf }: ResultsDeps,
  change: Change,
  run: StoredRun,
): Promise<TestCounts | null> {
  const files = filesOf(run.app, run.run)
  const fromReport = await reports.junit(run.folder, run.report, Date.parse(run.startedAt))
  const cases = fromReport ?? tapCases((await programs.outputFrom(files, 0, tapBytes)).text)
  const counts = countsIn(await programs.lastOutput(files, closingBytes))
  if (cases === null || cases.length === 0) return counts === null ? null : { ...counts, source: 'output' }
  await programs.keep(change, files, casesFile, JSON.stringify(cases))
  return { ...countsOf(cases), source: fromReport === null ? 'tap' : 'junit' }
}

function countsOf(cases: readonly TestCase[]): Omit<TestCounts, 'source'> {
  const of = (state: TestCase['state']) => cases.filter((one) => one.state === state).length
  return { passed: of('passed'), failed: of('failed'), skipped: of('skipped') }
}

/** The tests that were kept of a run; empty when there were none to tell apart. */
export async function casesOf(programs: Programs, files: RunFiles): Promise<readonly TestCase[]> {
  const text = await programs.kept(files, casesFile)
  // Only `resultsOf` writes it.
  return text === null ? [] : (JSON.parse(text) as readonly TestCase[])
}
