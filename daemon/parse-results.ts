import type { TestCase } from '#contract/jobs.ts'
import { casesIn } from './adapters/project/junit-reports.ts'
import type { ParsedResults } from './capabilities/jobs/test-results.ts'
import { tapCases } from './capabilities/jobs/tap.ts'

/** More than these is no list that a person reads. */
const mostCases = 10_000

/** What a text of test results says; null when it is none. It takes as long as the text is. */
export async function parseResults(kind: 'junit' | 'tap', text: string): Promise<ParsedResults | null> {
  const cases = kind === 'junit' ? await casesIn(text) : tapCases(text)
  if (cases === null || cases.length === 0) return null
  const of = (state: TestCase['state']) => cases.filter((one) => one.state === state)
  const [passed, failed, skipped] = [of('passed'), of('failed'), of('skipped')]
  const counts = { passed: passed.length, failed: failed.length, skipped: skipped.length }
  // Where not all are kept, those that failed are what somebody looks for.
  const kept = cases.length > mostCases ? [...failed, ...passed, ...skipped].slice(0, mostCases) : cases
  return { counts, cases: kept }
}
