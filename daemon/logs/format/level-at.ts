import type { LogLevel } from '#contract/log-words.ts'
import { afterSpaces, matchAt, type TimesLike } from './found.ts'
import { bareLevelOf, levelOf, longestWord } from './words.ts'

/** A level that stands among the first words behind a time. */
export interface LevelAt {
  readonly level: LogLevel
  readonly word: string
  /** Where the message begins. */
  readonly messageAt: number
  /** What it stood in: nothing, `[`, `<`, or what came behind it: `:`, `|`. */
  readonly sign: string
  /** What was passed over before it: words, groups in brackets, numbers. */
  readonly passed: readonly string[]
}

const mostWords = 6
const longestGroup = 160
const closers: Readonly<Record<string, string>> = { '[': ']', '<': '>', '{': '}', '(': ')' }

const isLetter = (code: number) => (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
const ends = (code: number) => code === 32 || code === 9 || code === 58 || code === 124 || Number.isNaN(code)

/**
 * Looks for a level among the words behind a time: `[INFO]`, `INFO`, `info:`, `| INFO |`, `[main] INFO`,
 * `app.name - INFO - `. Any other word ends the search, so that a sentence is not searched for words that mean levels.
 */
export function levelAt(text: string, from: number): LevelAt | null {
  let at = from
  const passed: string[] = []
  for (let words = 0; words < mostWords; words++) {
    at = afterMarks(text, at)
    const opener = text.charAt(at)
    const closer = closers[opener]
    if (closer === undefined) {
      const found = wordAt(text, at, passed)
      if (found === null || typeof found !== 'number') return found
      at = found
      continue
    }
    const close = text.indexOf(closer, at)
    if (close < 0 || close - at > longestGroup) return null
    const inner = text.slice(at + 1, close).trim()
    const level = opener === '{' ? null : levelOf(inner)
    if (level !== null)
      return { level, word: inner, messageAt: afterLevel(text, close + 1), sign: opener, passed }
    passed.push(opener + inner)
    at = close + 1
  }
  return null
}

/** Passes over what programs put between their columns. */
function afterMarks(text: string, from: number): number {
  let at = afterSpaces(text, from)
  while (text.charCodeAt(at) === 124 || (text.charCodeAt(at) === 45 && !isLetter(text.charCodeAt(at + 1))))
    at = afterSpaces(text, at + 1)
  // logback's lines of its own state: `|-INFO in ...`.
  if (text.charCodeAt(at) === 45 && text.charCodeAt(at - 1) === 124) return at + 1
  return text.charCodeAt(at) === 58 ? afterSpaces(text, at + 1) : at
}

/** The level that a word is; where it goes on when the word may be passed over; null when the search ends. */
function wordAt(text: string, at: number, passed: string[]): LevelAt | number | null {
  let end = at
  while (!ends(text.charCodeAt(end)) && end - at < 100) end++
  if (end === at || end - at >= 100) return null
  const word = text.slice(at, end)
  const next = text.charAt(end)
  if (word.length <= longestWord) {
    const level = next === ':' || next === '|' ? signedLevel(text, word) : bareLevelOf(word)
    if (level !== null) return { level, word, messageAt: afterLevel(text, end), sign: next, passed }
  }
  if (!maySkip(text, word, end, passed)) return null
  passed.push(word)
  return end
}

/** A level with a sign behind it. `http:` is one of npm's, but not behind the date of Go's log, where it is a package. */
const signedLevel = (text: string, word: string): LogLevel | null =>
  word === 'http' && text.charCodeAt(4) === 47 ? null : levelOf(word)

const numberOrPair = /^(?:#?\d{1,20}|0x[\da-fA-F]{1,16}|[a-z_]{2,20}=[\w.-]{1,60}|---)$/
const named = /^[A-Za-z_][\w$/-]{0,60}(?:[._:][\w$/-]{1,60}){1,8}$/

/** A number, a pair such as `pid=7`, or the name of a logger, which is told by its dots or by the dash behind it. */
function maySkip(text: string, word: string, end: number, passed: readonly string[]): boolean {
  if (numberOrPair.test(word)) return true
  const dashed = text.startsWith(' - ', end) || text.startsWith(' | ', end)
  if (passed.filter((one) => !/^[[<{(\d]/.test(one)).length > 1) return false
  return (
    dashed || (named.test(word) && !word.endsWith('.')) || (/^[\w.-]+$/.test(word) && upperBehind(text, end))
  )
}

/** Whether a level in capitals of the most usual ones, padded as columns are, follows: `name      WARNING  text`. */
const upperBehind = (text: string, end: number): boolean =>
  /^ {2,40}(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL|CRITICAL) /.test(text.slice(end, end + 52))

const openers = /(?::| )? {0,8}\[?/y
const closing = /\]?[:,]? {0,8}(?:- )?/y

/** The time that stands behind a level, in brackets or not, and where the message begins behind it; null for none. */
export function timeBehind(
  text: string,
  from: number,
  times: TimesLike,
): { readonly time: number | null; readonly messageAt: number } | null {
  const time = times.iso(text, from + (matchAt(openers, text, from)?.[0].length ?? 0))
  if (Number.isNaN(time)) return null
  const end = times.end
  return { time: times.sane(time), messageAt: end + (matchAt(closing, text, end)?.[0].length ?? 0) }
}

/** Where the message begins behind a level. */
export function afterLevel(text: string, from: number): number {
  let at = from
  while (text.charAt(at) !== '' && ':|)>,'.includes(text.charAt(at))) at++
  at = afterSpaces(text, at)
  const dash = text.charAt(at)
  if ((dash === '-' || dash === '|') && text.charAt(at + 1) === ' ') return afterSpaces(text, at + 2)
  return at
}
