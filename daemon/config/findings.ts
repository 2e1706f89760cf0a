import { printableJson } from '#base/printable.ts'
import type { AppProblem } from '#contract/apps.ts'

/** Something wrong with a file, before its place is counted in lines. */
export interface Finding {
  readonly severity: AppProblem['severity']
  readonly message: string
  /** Of the text, in UTF-16 units; null when it is about the file as a whole. */
  readonly offset: number | null
  /** Right behind what is wrong, where that is known. */
  readonly end?: number
  /** What an editor tells it by. */
  readonly code?: FindingCode
  /** The one change that certainly mends it. */
  readonly fix?: Fix
}

export type FindingCode = 'syntax' | 'limit' | 'unknown-key' | 'value' | 'unset-variable' | 'single-colon'

/** Another text in the place of a part of the file. */
export interface Fix {
  readonly title: string
  readonly start: number
  readonly end: number
  readonly text: string
}

/** A key or an index, from the top of the file downwards. */
export type KeyPath = readonly (string | number)[]

/** More than a person reads; a broken file can hold a million, and they all travel to every client. */
const mostProblems = 100
const longestWord = 60

type More = Pick<Finding, 'end' | 'code' | 'fix'>

export const error = (offset: number | null, message: string, more: More = {}): Finding => ({
  severity: 'error',
  message,
  offset,
  ...more,
})
export const warning = (offset: number | null, message: string, more: More = {}): Finding => ({
  severity: 'warning',
  message,
  offset,
  ...more,
})

/** `admin.logs.sources[0].file`, and `admin.jobs["a b"]` where a key is not a plain word. */
export function pathText(path: KeyPath): string {
  const parts = path.map((key) => {
    if (typeof key === 'number') return `[${key}]`
    return /^[\w-]{1,60}$/.test(key) ? `.${key}` : `[${quoted(key)}]`
  })
  return parts.join('').replace(/^\./, '')
}

/** A text of the file in quotes, short, and harmless wherever it is shown. */
export const quoted = (text: string): string =>
  printableJson(text.length > longestWord ? `${text.slice(0, longestWord - 1)}…` : text)

/** What is to be told about a file, in its order, with lines and columns counted from 1. */
export function problemsOf(findings: readonly Finding[], text: string, file: string): readonly AppProblem[] {
  // When not all can be told, errors go first: a warning must never be what is left of them.
  const urgent = findings.toSorted((a, b) => rank(a) - rank(b) || at(a) - at(b))
  const told = urgent.slice(0, mostProblems).sort((a, b) => at(a) - at(b))
  const rest = urgent.slice(mostProblems)
  const [next] = rest
  if (next !== undefined) told.push({ ...next, message: `${next.message}${andMore(rest.length - 1)}` })
  const lines = lineStarts(text)
  return told.map(({ severity, message, offset }) => ({ severity, message, file, ...place(lines, offset) }))
}

const andMore = (count: number): string => (count === 0 ? '' : ` (and ${count} more problems)`)

const rank = ({ severity }: Finding): number => (severity === 'error' ? 0 : 1)
const at = ({ offset }: Finding): number => offset ?? -1

function lineStarts(text: string): readonly number[] {
  const starts = [0]
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) starts.push(end + 1)
  return starts
}

function place(lines: readonly number[], offset: number | null): Pick<AppProblem, 'line' | 'column'> {
  if (offset === null) return { line: null, column: null }
  let line = 0
  let behind = lines.length
  while (behind - line > 1) {
    const middle = (line + behind) >>> 1
    if ((lines[middle] ?? 0) <= offset) line = middle
    else behind = middle
  }
  return { line: line + 1, column: offset - (lines[line] ?? 0) + 1 }
}
