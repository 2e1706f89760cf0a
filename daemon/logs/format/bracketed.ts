import type { LogLevel } from '#contract/log-words.ts'
import { readGin, readQuoted, statusIn } from './access.ts'
import { afterSpaces, matchAt, type Found, type TimesLike } from './found.ts'
import { afterLevel, levelAt, timeBehind } from './level-at.ts'
import { bareLevelOf, levelOf } from './words.ts'

// Lines that begin with a bracket: a time, a level or a name in it.

const head = (format: string, time: number | null, level: LogLevel | null, messageAt: number): Found => ({
  format,
  time,
  level,
  kind: null,
  messageAt,
})

/** Lines that begin with a bracket. */
export function readBracketed(text: string, times: TimesLike): Found | null {
  if (text.startsWith('[GIN')) return readGin(text, times)
  if (text.startsWith('[Nest] ')) return readNest(text, times)
  const iso = times.iso(text, 1)
  if (!Number.isNaN(iso)) return readIso(text, times, times.sane(iso))
  const day = times.dayFirst(text, 1)
  if (!Number.isNaN(day)) return readDay(text, times, times.sane(day))
  const week = text.charCodeAt(4) === 32 ? times.monthFirst(text, 5) : times.monthFirst(text, 1)
  if (!Number.isNaN(week)) return readApache(text, times, times.sane(week))
  return readShortTime(text) ?? readLevel(text, times)
}

const monolog = /\] ([\w.-]{1,60})\.([A-Z]{4,9}): /y
const envoy = /\]\[(\d{1,9})\]\[(trace|debug|info|warning|error|critical|off)\]\[([\w.]{1,40})\] /y
const celery = /: ([A-Z]{4,8})\/([\w-]{1,40})\] /y
const envLogger = / (TRACE|DEBUG|INFO|WARN|ERROR) {1,2}([\w:.-]{1,120})?\] /y
const elastic = /\]\[(TRACE|DEBUG|INFO|WARN|ERROR|FATAL) *\]/y

function readIso(text: string, times: TimesLike, time: number | null): Found {
  const from = times.end
  const named = matchAt(monolog, text, from)
  const monologLevel = levelOf(named?.[2] ?? '')
  if (named !== null && monologLevel !== null)
    return head('monolog', time, monologLevel, from + named[0].length)
  for (const [format, pattern, group] of [
    ['envoy', envoy, 2],
    ['celery', celery, 1],
    ['env-logger', envLogger, 1],
    ['elasticsearch', elastic, 1],
  ] as const) {
    const match = matchAt(pattern, text, from)
    const level = levelOf(match?.[group] ?? '')
    if (match === null || level === null) continue
    const end = from + match[0].length
    return head(format, time, level, format === 'elasticsearch' ? afterSpaces(text, end) : end)
  }
  return readClosed(text, from, time)
}

const gunicorn = /\] \[\d{1,10}\] \[([A-Z]{4,8})\] /y

/** `[time] ...`, with a level somewhere behind. */
function readClosed(text: string, from: number, time: number | null): Found {
  const worker = matchAt(gunicorn, text, from)
  const level = levelOf(worker?.[1] ?? '')
  if (worker !== null && level !== null) return head('gunicorn', time, level, from + worker[0].length)
  const close = text.indexOf(']', from)
  const at = close >= 0 && close - from < 60 ? close + 1 : from
  const quoted = readQuoted(text, at, 'envoy-access', time)
  if (quoted !== null) return quoted
  const found = levelAt(text, at)
  if (found === null) return { ...head('timestamped', time, null, afterSpaces(text, at)), wraps: true }
  const pretty = /^ [A-Z]{4,5} \(/.test(text.slice(at, at + 8))
  const format = pretty ? 'pino-pretty' : found.sign === '[' ? 'log4js' : 'bracketed-time'
  const messageAt = pretty ? afterParens(text, found.messageAt) : found.messageAt
  const kind = statusIn(text, messageAt) > 0 ? 'access' : null
  return { format, time, level: found.level, kind, messageAt }
}

/** pino-pretty puts the process and the host between the level and the message. */
function afterParens(text: string, from: number): number {
  const inner = /^\([\w ./@-]{1,120}\): /.exec(text.slice(from, from + 124))
  return from + (inner?.[0].length ?? 0)
}

const php = /\] PHP ([A-Z][a-z]{4,10}(?: error| Standards)?): {1,2}/y
const phpTrace = /\] PHP (?:Stack trace:| {1,4}\d{1,4}\. )/y
const fpm = /\] (DEBUG|NOTICE|WARNING|ERROR|ALERT): /y

const phpLevels = new Map<string, LogLevel>([
  ['Notice', 'info'],
  ['Deprecated', 'warn'],
  ['Warning', 'warn'],
  ['Strict Standards', 'info'],
  ['Parse error', 'error'],
  ['Recoverable fatal error', 'error'],
  ['Fatal error', 'fatal'],
  ['Core error', 'fatal'],
  ['Compile error', 'fatal'],
])

/** The level of PHP's word for a kind of error. */
export const levelOfPhp = (word: string): LogLevel | null => phpLevels.get(word) ?? null

/** `[22-Nov-2026 19:30:33 UTC] PHP Warning:  ...`, php-fpm, Django's server. */
function readDay(text: string, times: TimesLike, time: number | null): Found {
  const from = text.charAt(times.end) === ' ' ? text.indexOf(']', times.end) : times.end
  if (from < 0) return head('timestamped', time, null, 0)
  if (matchAt(phpTrace, text, from) !== null) return { ...head('php', time, null, from + 2), continues: true }
  const error = matchAt(php, text, from)
  if (error !== null) return head('php', time, levelOfPhp(error[1] ?? ''), from + error[0].length)
  const manager = matchAt(fpm, text, from)
  if (manager !== null) return head('php-fpm', time, levelOf(manager[1] ?? ''), from + manager[0].length)
  return readQuoted(text, from + 1, 'django-server', time) ?? readClosed(text, from, time)
}

const apacheLevel = /\] \[(?:([\w-]{0,40}):)?(emerg|alert|crit|error|warn|notice|info|debug|trace[1-8])\] /y
const phpServer = /\] \S{3,60} \[(\d{3})\]: /y

/** Apache's error log, and the server that is in PHP. */
function readApache(text: string, times: TimesLike, time: number | null): Found {
  const from = times.end
  const match = matchAt(apacheLevel, text, from)
  if (match !== null) {
    const word = match[2] ?? ''
    return head('apache', time, word.startsWith('trace') ? 'trace' : levelOf(word), from + match[0].length)
  }
  const answer = matchAt(phpServer, text, from)
  if (answer === null) return readClosed(text, from, time)
  const status = Number(answer[1])
  const level = status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info'
  return { ...head('php-server', time, level, from + answer[0].length), kind: 'access' }
}

const shortTime = /\[\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?( [A-Z]{3})?( [AP]M)?\]/y

/** `[19:30:33 INF] ...`, `[19:30:33.123] INFO (7): ...`: an hour without a day is no time. */
function readShortTime(text: string): Found | null {
  const match = matchAt(shortTime, text, 0)
  if (match === null) return null
  const at = match[0].length
  const inner = bareLevelOf((match[1] ?? '').trim())
  if (inner !== null) return head('serilog-text', null, inner, afterSpaces(text, at))
  const found = levelAt(text, at)
  if (found === null) return { ...head('timestamped', null, null, afterSpaces(text, at)), wraps: true }
  const pretty = /^ [A-Z]{4,5} \(/.test(text.slice(at, at + 8))
  const messageAt = pretty ? afterParens(text, found.messageAt) : found.messageAt
  return head(pretty ? 'pino-pretty' : 'bracketed-time', null, found.level, messageAt)
}

const nest =
  / {1,3}- (\d{1,2}\/\d{1,2}\/\d{4}, \d{1,2}:\d\d:\d\d(?:[ \u202f][AP]M)?) {1,6}(LOG|ERROR|WARN|DEBUG|VERBOSE|FATAL) /y

/** NestJS: `[Nest] 123  - 11/22/2026, 7:30:33 PM     LOG [NestFactory] Starting`. */
function readNest(text: string, times: TimesLike): Found | null {
  const dash = text.indexOf(' - ', 7)
  if (dash < 0 || dash > 30) return null
  const match = matchAt(nest, text, dash)
  if (match === null) return null
  const time = times.sane(times.slashed(match[1] ?? '', 0))
  const level = match[2] === 'LOG' ? 'info' : levelOf(match[2] ?? '')
  return head('nest', time, level, afterSpaces(text, dash + match[0].length))
}

/** `[INFO] text`, `[error] text`, `[0.123s][info][gc] text`, `[main] INFO name - text`. */
function readLevel(text: string, times: TimesLike): Found | null {
  const close = text.indexOf(']')
  if (close < 0 || close > 80) return null
  const level = levelOf(text.slice(1, close).trim())
  if (level !== null) return behindLevel(text, times, level, close + 1)
  const next = text.charAt(close + 1)
  if (next === '[') {
    const end = text.indexOf(']', close + 1)
    const second = end < 0 || end - close > 20 ? null : levelOf(text.slice(close + 2, end).trim())
    if (second === null) return null
    const third = text.charAt(end + 1) === '[' ? text.indexOf(']', end + 1) : end
    return head('bracketed', null, second, afterSpaces(text, (third < 0 ? end : third) + 1))
  }
  const end = text.indexOf(' ', close + 2)
  const bare = end < 0 ? null : bareLevelOf(text.slice(close + 2, end).replace(/:$/, ''))
  return bare === null ? null : head('bracketed', null, bare, afterLevel(text, end))
}

/** What stands behind a level that began the line: a time, or the message at once. */
function behindLevel(text: string, times: TimesLike, level: LogLevel, at: number): Found {
  const stamp = timeBehind(text, at, times)
  if (stamp !== null) return head('level-first', stamp.time, level, stamp.messageAt)
  return head('bracketed', null, level, afterLevel(text, afterSpaces(text, at)))
}
