import { statusIn } from './access.ts'
import { readPostgres } from './databases.ts'
import { afterSpaces, matchAt, type Found, type TimesLike } from './found.ts'
import { levelAt } from './level-at.ts'

// Lines that begin with an hour without a day, which is no time, or with seconds since the epoch.

const clock = /\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?(?:[ \u202f]?[AP]M)?|[AP]M)(?=[ |\t])/y
const three = /^(?:TRC|DBG|INF|WRN|ERR|FTL|PNC)$/

/** logback's, Elixir's, zerolog's and vite's lines: `19:30:33.123 [main] INFO  app - text`, `7:30PM INF text`. */
export function readTimeOnly(text: string): Found | null {
  const match = matchAt(clock, text, 0)
  if (match === null) return null
  const from = match[0].length
  const found = levelAt(text, from)
  if (found === null)
    return { format: 'time-only', time: null, level: null, kind: null, messageAt: from, wraps: true }
  const { level, messageAt } = found
  const kind = statusIn(text, messageAt) > 0 ? 'access' : null
  return { format: nameOf(found.word, found.sign, found.passed), time: null, level, kind, messageAt }
}

function nameOf(word: string, sign: string, passed: readonly string[]): string {
  if (three.test(word)) return 'zerolog'
  if (sign === '[' && word === word.toLowerCase()) return 'elixir'
  return passed[0]?.startsWith('[') === true ? 'logback' : 'time-only'
}

const seconds = /(?:\d{10}(?:\.\d{1,9})?|\d{13}|1\.\d{6,17}[eE]\+?0?9)(?=[\s:])/y

/** A line that begins with the seconds since the epoch, as zap's console or PostgreSQL's `%n` writes them. */
export function readEpoch(text: string, times: TimesLike, known: string): Found | null {
  const match = matchAt(seconds, text, 0)
  if (match === null) return null
  const time = times.epoch(Number(match[0]))
  if (time === null) return null
  const from = match[0].length
  const database = readPostgres(text, from, time, known === 'postgresql')
  if (database !== null) return database
  const found = levelAt(text, from)
  if (found === null)
    return { format: 'epoch', time, level: null, kind: null, messageAt: afterSpaces(text, from), wraps: true }
  return { format: 'epoch', time, level: found.level, kind: null, messageAt: found.messageAt }
}
