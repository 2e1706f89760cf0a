import type { LogLevel } from '#contract/log-words.ts'
import { statusIn } from './access.ts'
import { levelOfPhp } from './bracketed.ts'
import { matchAt, type Found, type TimesLike } from './found.ts'
import { timeBehind } from './level-at.ts'
import { levelOf } from './words.ts'

// Lines that begin with a word: a level, a month, the name of a program.

const head = (format: string, time: number | null, level: LogLevel | null, messageAt: number): Found => ({
  format,
  time,
  level,
  kind: null,
  messageAt,
})

const glog = /([IWEFD])(\d{4}|\d{6}|\d{8}) \d\d:\d\d:\d\d\.\d{1,9} {1,12}/y
const glogBehind = /(?:\d{1,20} )?(?:[\w./-]{1,200}:\d{1,7}) ?\] ?/y
const crdbBehind = /\d{1,20} [\w./@-]{1,200}:\d{1,7} (?:⋮ )?/y
const letters = new Map<string, LogLevel>([
  ['I', 'info'],
  ['W', 'warn'],
  ['E', 'error'],
  ['F', 'fatal'],
  ['D', 'debug'],
  ['A', 'info'],
])

/** glog, klog, abseil: `I1122 19:30:33.123456       1 file.go:12] message`; CockroachDB, with a year. */
export function readGlog(text: string, times: TimesLike): Found | null {
  const second = text.charCodeAt(1)
  const match = second >= 48 && second <= 57 ? matchAt(glog, text, 0) : null
  if (match === null) return null
  const time = times.compact(text, 1)
  if (Number.isNaN(time)) return null
  const level = letters.get(match[1] ?? '') ?? null
  const at = match[0].length
  const file = matchAt(glogBehind, text, at)
  if (file !== null) return head('klog', times.sane(time), level, at + file[0].length)
  const database = matchAt(crdbBehind, text, at)
  if (database === null) return null
  // CockroachDB writes UTC.
  return { ...head('cockroachdb', utc(times, text), level, at + database[0].length), kind: 'database' }
}

/** The time of CockroachDB's head, which is in UTC whatever the system's zone. */
function utc(times: TimesLike, text: string): number | null {
  const iso = `20${text.slice(1, 3)}-${text.slice(3, 5)}-${text.slice(5, 7)}T${text.slice(8, 23)}Z`
  const time = times.iso(iso, 0)
  return Number.isNaN(time) ? null : times.sane(time)
}

const ruby = /([DIWEFA]), \[/y
const rubyBehind = / ?#\d{1,10}\] {1,4}(DEBUG|INFO|WARN|ERROR|FATAL|ANY) -- ([^:]{0,80}): /y
const started = /Started [A-Z]{3,8} "[^"]{0,2048}" for \S{1,60} at /y

/** Ruby's Logger, and the first line of a request to Rails. */
export function readRuby(text: string, times: TimesLike): Found | null {
  if (text.startsWith('Started ')) {
    const request = matchAt(started, text, 0)
    const time = request === null ? Number.NaN : times.iso(text, request[0].length)
    return Number.isNaN(time) ? null : head('rails', times.sane(time), null, 0)
  }
  const match = text.charCodeAt(1) === 44 ? matchAt(ruby, text, 0) : null
  if (match === null) return null
  const time = times.iso(text, 4)
  const behind = Number.isNaN(time) ? null : matchAt(rubyBehind, text, times.end)
  if (behind === null) return null
  const level = letters.get(match[1] ?? '') ?? null
  return head('ruby', times.sane(time), level, times.end + behind[0].length)
}

const npm = /npm (ERR!|WARN|error|warn|notice|info|verb|http|sill|timing)(?: |$)/y
const npmLevels = new Map<string, LogLevel>([
  ['ERR!', 'error'],
  ['WARN', 'warn'],
  ['error', 'error'],
  ['warn', 'warn'],
  ['verb', 'debug'],
  ['sill', 'trace'],
])

/** npm, and pnpm's and yarn's lines of the kind. */
export function readNpm(text: string): Found | null {
  const match = text.startsWith('npm ') ? matchAt(npm, text, 0) : null
  if (match === null) return null
  return head('npm', null, npmLevels.get(match[1] ?? '') ?? 'info', match[0].length)
}

const dotnet = /(trce|dbug|info|warn|fail|crit): ([^[\]]{1,200})\[\d{1,9}\]$/y

/** .NET's console: the category stands alone, the message indented on the next line. */
export function readDotnet(text: string): Found | null {
  const match = text.charCodeAt(4) === 58 ? matchAt(dotnet, text, 0) : null
  return match === null ? null : head('dotnet', null, levelOf(match[1] ?? ''), 6)
}

const erlang = /=([A-Z]{4,10})(?: | REPORT)(?:REPORT)?==== (\S{5,40}) ===/y
const erlangLevels = new Map<string, LogLevel>([
  ['CRASH', 'error'],
  ['SUPERVISOR', 'error'],
  ['PROGRESS', 'info'],
])

/** Erlang's reports: `=ERROR REPORT==== 22-Nov-2026::19:30:33.123456 ===`. */
export function readErlang(text: string, times: TimesLike): Found | null {
  const match = matchAt(erlang, text, 0)
  if (match === null) return null
  const day = times.dayFirst(match[2] ?? '', 0)
  const time = Number.isNaN(day) ? times.iso(match[2] ?? '', 0) : day
  if (Number.isNaN(time)) return null
  const word = match[1] ?? ''
  return head('erlang', times.sane(time), erlangLevels.get(word) ?? levelOf(word), 0)
}

const jul = /[A-Z][a-z]{2} \d{1,2}, \d{4},? \d{1,2}:\d\d:\d\d[ \u202f][AP]M /y

/** java.util.logging's first line of two: a time and where it was logged; the level begins the second. */
export function readJul(text: string, times: TimesLike): Found | null {
  const match = text.charCodeAt(3) === 32 ? matchAt(jul, text, 0) : null
  if (match === null) return null
  const time = times.monthFirst(text, 0)
  return Number.isNaN(time) ? null : head('jul', times.sane(time), null, match[0].length)
}

const phpError =
  /(?:PHP )?(Notice|Deprecated|Warning|Strict Standards|Parse error|Recoverable fatal error|Fatal error): {1,2}/y

/** PHP's errors without a time. */
export function readPhp(text: string): Found | null {
  if (!text.includes(':  ') && !text.includes(' on line ')) return null
  const match = matchAt(phpError, text, 0)
  if (match === null || !(text.startsWith('PHP') || / on line \d+$/.test(text.slice(-40)))) return null
  return head('php', null, levelOfPhp(match[1] ?? ''), match[0].length)
}

const python = /(DEBUG|INFO|WARNING|ERROR|CRITICAL):([\w.-]{1,120}):/y
const uvicorn = /(?:TRACE: {4}|DEBUG: {4}|INFO: {5}|WARNING: {2}|ERROR: {4}|CRITICAL: )/y
const logrus = /(TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[(\d{4,6}|\d{4}-\d\d-\d\dT[\d:.Z+-]{8,24})\] ?/y

/** Lines that begin with a level and are told by what follows it. */
export function readLevelFirst(text: string, times: TimesLike): Found | null {
  const second = text.charCodeAt(1)
  if (!(second >= 65 && second <= 90)) return null
  const named = matchAt(python, text, 0)
  if (named !== null) return head('python', null, levelOf(named[1] ?? ''), named[0].length)
  const padded = matchAt(uvicorn, text, 0)
  if (padded !== null) return readUvicorn(text, padded[0])
  const bracket = matchAt(logrus, text, 0)
  if (bracket !== null) {
    const iso = times.iso(bracket[2] ?? '', 0)
    const time = Number.isNaN(iso) ? null : times.sane(iso)
    const level = bracket[1] === 'TRAC' ? 'trace' : levelOf(bracket[1] ?? '')
    return head('logrus', time, level, bracket[0].length)
  }
  return readTimeSecond(text, times)
}

function readUvicorn(text: string, prefix: string): Found {
  const level = levelOf(prefix.slice(0, prefix.indexOf(':')))
  const kind = statusIn(text, prefix.length) > 0 ? 'access' : null
  return { format: 'uvicorn', time: null, level, kind, messageAt: prefix.length }
}

const firstWord = /([A-Z]{4,8})(?=[ :])/y
const thread = / {1,8}\[[A-Za-z][^\]]{0,160}\]/y

/** Django's verbose lines and Cassandra's: `WARNING 2026-11-22 19:30:33,123 views 7 140 text`. */
function readTimeSecond(text: string, times: TimesLike): Found | null {
  const match = matchAt(firstWord, text, 0)
  const level = levelOf(match?.[1] ?? '')
  if (match === null || level === null) return null
  const end = match[0].length
  const stamp = timeBehind(text, end + (matchAt(thread, text, end)?.[0].length ?? 0), times)
  return stamp === null ? null : head('level-first', stamp.time, level, stamp.messageAt)
}
