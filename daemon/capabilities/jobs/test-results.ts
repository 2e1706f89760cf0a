import type { TestCase, TestCounts } from '#contract/jobs.ts'
import type { Hiding, Programs, RunFiles } from '../../adapters/process/programs.ts'
import type { Reports } from '../../adapters/project/reports.ts'
import type { Change } from '../../kernel/execute.ts'
import { countsIn } from './closing-line.ts'
import type { StoredRun } from './jobs-store.ts'

/** How a runner closes stands in its last lines. */
const closingBytes = 64 * 1024
/** More than a run's output is ever long. */
const outputBytes = 16 * 1024 * 1024
const casesFile = 'cases.json'

/** What results say: all of them counted, and of the single tests as many as are kept. */
export interface ParsedResults {
  readonly counts: Omit<TestCounts, 'source'>
  readonly cases: readonly TestCase[]
}

export interface ResultsDeps {
  readonly programs: Programs
  readonly reports: Reports
  readonly filesOf: (app: string, run: string) => RunFiles
  /** Reads a text of results without holding up the event loop; null when it is none. */
  readonly parse: (kind: 'junit' | 'tap', text: string) => Promise<ParsedResults | null>
}

/** Counts the tests of a run that has ended, and keeps each where they can be told apart. Null when nothing says. */
export async function resultsOf(
  { programs, reports, filesOf, parse }: ResultsDeps,
  change: Change,
  run: StoredRun,
): Promise<TestCounts | null> {
  const files = filesOf(run.app, run.run)
  const keep = async (found: ParsedResults, source: 'junit' | 'tap'): Promise<TestCounts> => {
    await programs.keep(change, files, casesFile, JSON.stringify(found.cases))
    return { ...found.counts, source }
  }
  const report = await reports.junit(run.folder, run.report, Date.parse(run.startedAt))
  const junit = report === null ? null : await parse('junit', report)
  if (junit !== null) return keep(junit, 'junit')
  const { text } = await programs.outputFrom(files, 0, outputBytes, true)
  const tap = mayBeTap(text) ? await parse('tap', text) : null
  if (tap !== null) return keep(tap, 'tap')
  const counts = countsIn(await programs.lastOutput(files, closingBytes))
  return counts === null ? null : { ...counts, source: 'output' }
}

/** Most output is not, and needs no thread to find out. */
const mayBeTap = (text: string): boolean =>
  /^(?:not )?ok\b/m.test(text) && /^(?:TAP version 1[34]|1\.\.\d+)/m.test(text)

/** The tests that were kept of a run; empty when there were none to tell apart. */
export async function casesOf(
  programs: Programs,
  files: RunFiles,
  hiding: Hiding,
): Promise<readonly TestCase[]> {
  const text = await programs.kept(files, casesFile)
  // Only `resultsOf` writes it.
  const cases = text === null ? [] : (JSON.parse(text) as readonly TestCase[])
  return (await hiding.needed()) ? cases.map((one) => withoutSecrets(one, hiding)) : cases
}

/** A report may hold what a test was given. */
const withoutSecrets = (one: TestCase, { hide }: Hiding): TestCase => ({
  ...one,
  suite: one.suite.map(hide),
  name: hide(one.name),
  message: one.message === null ? null : hide(one.message),
})
