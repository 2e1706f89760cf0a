import { realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { TestCase } from '#contract/jobs.ts'
import { bytesOf } from './regular-file.ts'
import type { Reports } from './reports.ts'

/** Where runners write them unless they are told otherwise, or are mostly told to. */
const usual = ['junit.xml', 'test-results.xml', 'test-results/junit.xml', 'reports/junit.xml', 'report.xml']
/** A report of more than a hundred thousand tests is none that a person reads. */
const mostBytes = 16 * 1024 * 1024
/** File systems keep times less exactly than clocks tell them. */
const coarseMs = 2000

export const junitReports: Reports = { junit }

async function junit(folder: string, path: string | null, since: number): Promise<string | null> {
  for (const name of path === null ? usual : [path]) {
    const file = await insideOf(folder, name)
    if (file === null || (await writtenAt(file)) < since - coarseMs) continue
    const bytes = await bytesOf(file, mostBytes + 1)
    if (bytes !== null && bytes.length <= mostBytes) return bytes.toString('utf8')
  }
  return null
}

/** A file's real path, when that is within the folder. */
async function insideOf(folder: string, name: string): Promise<string | null> {
  try {
    const [root, file] = await Promise.all([realpath(folder), realpath(join(folder, name))])
    return file.startsWith(root + sep) ? file : null
  } catch {
    // Missing, or not ours to read: there is no report.
    return null
  }
}

const writtenAt = (file: string): Promise<number> =>
  stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )

/** The tests of a JUnit XML text; null when it is none. */
export async function casesIn(xml: string): Promise<readonly TestCase[] | null> {
  const { XMLParser } = await import('fast-xml-parser')
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    parseAttributeValue: false,
    isArray: (name) => many.has(name),
    maxNestedTags: 64,
  })
  let root
  try {
    root = recordOf(parser.parse(xml))
  } catch {
    // What is no XML is no report: what the run wrote says how it went.
    return null
  }
  if (root === null || !('testsuites' in root || 'testsuite' in root)) return null
  const cases: TestCase[] = []
  for (const outer of [recordOf(root['testsuites']), root])
    for (const suite of listOf(outer?.['testsuite'])) collect(suite, [], cases)
  return cases
}

type Element = Readonly<Record<string, unknown>>

const many: ReadonlySet<string> = new Set(['testsuite', 'testcase', 'failure', 'error'])

function collect(suite: Element, within: readonly string[], into: TestCase[]): void {
  const name = textOf(suite, '@name')
  const path = name === null ? within : [...within, name]
  for (const one of listOf(suite['testcase'])) into.push(caseOf(one, path))
  for (const inner of listOf(suite['testsuite'])) collect(inner, path, into)
}

function caseOf(element: Element, within: readonly string[]): TestCase {
  const failures = [...texts(element['failure']), ...texts(element['error'])]
  const seconds = Number(textOf(element, '@time') ?? Number.NaN)
  const line = Number(textOf(element, '@line') ?? Number.NaN)
  const group = textOf(element, '@classname')
  return {
    suite: group === null || within.includes(group) ? within : [...within, group],
    name: textOf(element, '@name') ?? '(without a name)',
    state: failures.length > 0 ? 'failed' : 'skipped' in element ? 'skipped' : 'passed',
    durationMs: Number.isFinite(seconds) ? Math.round(seconds * 1000) : null,
    message: failures.length > 0 ? failures.join('\n').slice(0, longestMessage) : null,
    file: textOf(element, '@file'),
    line: Number.isInteger(line) ? line : null,
  }
}

const longestMessage = 8192

/** What failures say: their text, which mostly repeats their message, else that. */
const texts = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : []).map((one: unknown) => {
    if (typeof one === 'string') return one.trim()
    const element = recordOf(one)
    if (element === null) return ''
    const [message, text] = [textOf(element, '@message') ?? '', (textOf(element, '#text') ?? '').trim()]
    return text.includes(message) && text !== ''
      ? text
      : [message, text].filter((part) => part !== '').join('\n')
  })

const listOf = (value: unknown): readonly Element[] =>
  Array.isArray(value) ? value.map(recordOf).filter((one) => one !== null) : []

function textOf(element: Element, key: string): string | null {
  const value = Object.hasOwn(element, key) ? element[key] : null
  return typeof value === 'string' && value !== '' ? value : null
}

function recordOf(value: unknown): Element | null {
  // TypeScript knows no way from `object` to its keys; what each holds stays unknown until it is looked at.
  return typeof value === 'object' && value !== null ? (value as Element) : null
}
