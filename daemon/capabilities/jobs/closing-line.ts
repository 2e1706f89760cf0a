import { stripVTControlCharacters } from 'node:util'
import type { TestCounts } from '#contract/jobs.ts'

type Counts = Omit<TestCounts, 'source'>

/** How a test runner says how it went, in the last lines that it writes. */
type Dialect = (lines: readonly string[]) => Counts | null

const number = (match: RegExpExecArray | null): number => Number(match?.[1] ?? 0)
const lastOf = (lines: readonly string[], form: RegExp): string | undefined =>
  lines.findLast((line) => form.test(line))

/** `3 passed, 1 failed, 2 skipped`, in any order: what Quantum, pytest, Jest, Vitest and Playwright share. */
function counted(line: string | undefined): Counts | null {
  if (line === undefined) return null
  const failed = number(/\b(\d{1,9}) fail(?:ed|ing|ures?)?\b/.exec(line))
  const errors = number(/\b(\d{1,9}) errors?\b/.exec(line))
  return {
    passed: number(/\b(\d{1,9}) pass(?:ed|ing)?\b/.exec(line)),
    failed: failed + errors,
    skipped: number(/\b(\d{1,9}) (?:skipped|todo|pending|ignored|deselected)\b/.exec(line)),
  }
}

/** `Tests  1 failed | 5 passed (6)` and `Tests: 1 failed, 5 passed, 6 total` */
const ofTestsLine: Dialect = (lines) =>
  counted(lastOf(lines, /^\s*Tests:?\s+\d.* (?:passed|failed|skipped|todo)\b/))

/** `5 passed, 1 failed` and `=== 1 failed, 5 passed in 0.12s ===` */
const ofClosingLine: Dialect = (lines) =>
  counted(
    lastOf(
      lines,
      /^[=\s]*\d{1,9} (?:passed|failed|errors?|skipped)\b(?:, \d{1,9} \w+)*(?: \(?in [\d.:smh ()]+)?[=\s]*$/,
    ),
  )

/** `5 passing (10ms)`, `1 failing`, `2 pending`: Mocha. */
const ofMocha: Dialect = (lines) => {
  if (lastOf(lines, /^\s*\d{1,9} passing\b/) === undefined) return null
  const of = (word: string) =>
    number(
      new RegExp(String.raw`^\s*(\d{1,9}) ${word}\b`).exec(
        lastOf(lines, new RegExp(String.raw`^\s*\d{1,9} ${word}\b`)) ?? '',
      ),
    )
  return { passed: of('passing'), failed: of('failing'), skipped: of('pending') }
}

/** `# pass 5` or `ℹ pass 5`, each on a line: the test runner of Node.js. */
const ofNode: Dialect = (lines) => {
  const of = (word: string) => {
    const form = new RegExp(String.raw`^[#ℹ] ${word} (\d{1,9})$`)
    return number(form.exec(lastOf(lines, form) ?? ''))
  }
  if (lastOf(lines, /^[#ℹ] pass \d/) === undefined) return null
  return { passed: of('pass'), failed: of('fail') + of('cancelled'), skipped: of('skipped') + of('todo') }
}

/** `Ran 6 tests in 0.001s`, then `OK` or `FAILED (failures=1, errors=1, skipped=2)`: Python's unittest. */
const ofUnittest: Dialect = (lines) => {
  const ran = /^Ran (\d{1,9}) tests? in /.exec(lastOf(lines, /^Ran \d{1,9} tests? in /) ?? '')
  if (ran === null) return null
  const verdict = lastOf(lines, /^(?:OK|FAILED)\b/) ?? ''
  const failed = number(/failures=(\d{1,9})/.exec(verdict)) + number(/errors=(\d{1,9})/.exec(verdict))
  const skipped = number(/skipped=(\d{1,9})/.exec(verdict))
  return { passed: Math.max(0, number(ran) - failed - skipped), failed, skipped }
}

/** `test result: ok. 5 passed; 1 failed; 0 ignored`, once for each crate: Cargo. */
const ofCargo: Dialect = (lines) => {
  const results = lines.flatMap((line) => (line.startsWith('test result: ') ? [counted(line)] : []))
  return sumOf(results.filter((one) => one !== null))
}

/** With `-v` a line for each test, `--- PASS: TestX (0.00s)`; else one for each package: Go. */
const ofGo: Dialect = (lines) => {
  const tests = lines.flatMap((line) => /^--- (PASS|FAIL|SKIP): /.exec(line)?.[1] ?? [])
  const packages = lines.flatMap((line) => /^(ok|FAIL)\s+\S+\s+(?:\(cached\)|[\d.]+s)/.exec(line)?.[1] ?? [])
  const words = tests.includes('PASS') ? tests : packages
  if (words.length === 0) return null
  const of = (...wanted: readonly string[]) => words.filter((word) => wanted.includes(word)).length
  return { passed: of('PASS', 'ok'), failed: of('FAIL'), skipped: of('SKIP') }
}

function sumOf(all: readonly Counts[]): Counts | null {
  if (all.length === 0) return null
  const sum = (value: (one: Counts) => number) => all.reduce((total, one) => total + value(one), 0)
  return {
    passed: sum((one) => one.passed),
    failed: sum((one) => one.failed),
    skipped: sum((one) => one.skipped),
  }
}

const dialects: readonly Dialect[] = [ofTestsLine, ofCargo, ofMocha, ofNode, ofUnittest, ofClosingLine, ofGo]

/** What the end of a test run's output says of how it went; null when it says nothing that we know. */
export function countsIn(output: string): Counts | null {
  const lines = stripVTControlCharacters(output).split(/\r?\n/)
  for (const dialect of dialects) {
    const found = dialect(lines)
    if (found !== null) return found
  }
  return null
}
