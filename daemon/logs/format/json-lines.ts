import type { LogKind, LogLevel } from '#contract/log-words.ts'
import { levelOfStatus, type Found, type TimesLike } from './found.ts'
import { formatOfJson, marks } from './json-names.ts'
import { Members, type MemberPlaces } from './json-scan.ts'
import { levelOf, levelOfSeverity, levelOfTens, looseLevelOf } from './words.ts'

/** Names that hold a time; the first of those there are counts. */
const timeNames = [
  '@timestamp',
  '@t',
  'timestamp',
  'time',
  'ts',
  't',
  'datetime',
  'asctime',
  'Timestamp',
  'instant',
  'timeMillis',
  'eventTime',
  'StartUTC',
  'start_time',
  'timestampSeconds',
  'date',
  '_time',
  'created',
  'written_at',
  'time_iso8601',
  'time_local',
  'msec',
]
/** Names that hold a level. */
const levelNames = [
  '@l',
  'level',
  'log.level',
  'severity',
  'levelname',
  'level_name',
  'lvl',
  'LogLevel',
  'Level',
  'prio',
  'severity_text',
  'severityText',
  'loglevel',
  'logLevel',
  'log_level',
  's',
  'levelno',
  'level_value',
  'severityNumber',
  'label',
  'error_severity',
]

/** What a member's name tells. */
interface Meaning {
  readonly mark: number
  /** Lower counts more; 99 for a name of none. */
  readonly time: number
  readonly level: number
}
const none = 99
const rankIn = (list: readonly string[], name: string) => {
  const at = list.indexOf(name)
  return at < 0 ? none : at
}
const meanings = new Map<string, Meaning>(
  [...marks.keys(), ...timeNames, ...levelNames].map((name) => [
    name,
    { mark: marks.get(name) ?? 0, time: rankIn(timeNames, name), level: rankIn(levelNames, name) },
  ]),
)
const statusNames = new Set(['status', 'DownstreamStatus', 'response_code', 'statusCode', 'status_code'])
/** A hostile line may have as many members as it has letters. */
const mostMembers = 2000

/** Everything that is found while the members go by. */
interface Seen {
  marks: number
  time: number | null
  timeRank: number
  level: LogLevel | null
  levelRank: number
  number: number
  levelWritten: string
  status: number
  inner: string | null
  accessLogger: boolean
}

/**
 * A line that is a JSON object, or the beginning of one; null when it is none.
 * @param places - of its members, when they are known.
 */
export function readJson(text: string, times: TimesLike, places: MemberPlaces | null = null): Found | null {
  const seen: Seen = {
    marks: 0,
    time: null,
    timeRank: none,
    level: null,
    levelRank: none,
    number: Number.NaN,
    levelWritten: '',
    status: 0,
    inner: null,
    accessLogger: false,
  }
  const members = new Members(text, 0, places)
  let count = 0
  while (count < mostMembers && members.next()) {
    count++
    take(seen, members, text, times)
  }
  return count === 0 ? null : conclude(seen)
}

/** The line that Docker's own JSON holds; null when it holds none. */
export function innerOfDocker(text: string): string | null {
  const members = new Members(text, 0)
  while (members.next()) {
    if (members.name !== 'log' || !members.isString || members.to < 0) continue
    return unquoted(text.slice(members.from, members.to)).replace(/\r?\n$/, '')
  }
  return null
}

function unquoted(literal: string): string {
  try {
    return String(JSON.parse(literal))
  } catch {
    return literal.slice(1, -1)
  }
}

/** The names that tell something by their first letter and length: most names need not be looked up. */
const longestName = 32
const telling = Array.from({ length: 128 * longestName }, (_, at) =>
  [...meanings]
    .filter(([name]) => name.charCodeAt(0) * longestName + name.length === at)
    .map(([name, meaning]) => ({ name, meaning })),
)

function take(seen: Seen, members: Members, text: string, times: TimesLike): void {
  const length = members.nameTo - members.nameFrom
  if (length >= longestName) return
  const names = telling[text.charCodeAt(members.nameFrom) * longestName + length]
  if (names === undefined) return
  for (const { name, meaning } of names)
    if (text.startsWith(name, members.nameFrom)) return takeKnown(seen, members, text, times, name, meaning)
}

/** All names that are asked for here tell something. */
function takeKnown(
  seen: Seen,
  members: Members,
  text: string,
  times: TimesLike,
  name: string,
  meaning: Meaning,
): void {
  seen.marks |= meaning.mark
  if (meaning.time < seen.timeRank) {
    const time = timeOf(members, text, times)
    if (time !== null) {
      seen.time = time
      seen.timeRank = meaning.time
    }
  }
  if (meaning.level < seen.levelRank) takeLevel(seen, members, name, meaning.level)
  else if (name === 'log') takeLog(seen, members, text)
  else if (statusNames.has(name)) seen.status = statusOf(members.raw)
  else if (name === 'logger' && members.raw.startsWith('http.log.access')) seen.accessLogger = true
}

const statusOf = (raw: string): number => (/^[1-5]\d\d$/.test(raw) ? Number(raw) : 0)

function takeLevel(seen: Seen, members: Members, name: string, rank: number): void {
  if (members.isString) {
    const { raw } = members
    const level =
      name === 's'
        ? levelOfMongo(raw)
        : raw === 'LOG'
          ? 'info'
          : (levelOf(raw) ?? looseLevelOf(colourless(raw)))
    if (level === null) return
    ;[seen.level, seen.levelRank, seen.levelWritten] = [level, rank, raw]
    return
  }
  const value = members.integer
  if (Number.isNaN(value)) return
  if (name === 'level') seen.number = value
  else if (name !== 's') {
    const level = levelOfNumber(name, value)
    if (level !== null) [seen.level, seen.levelRank] = [level, rank]
  }
}

/** winston's colorize writes colours into the level, as escapes of JSON. */
const colourless = (raw: string): string =>
  raw.includes('\\u001b') ? raw.replaceAll(/\\u001[bB]\[[0-9;]{0,20}m/g, '') : raw

function levelOfNumber(name: string, value: number): LogLevel | null {
  if (name === 'severity') return levelOfSeverity(value)
  if (name === 'levelno')
    return (['debug', 'info', 'warn', 'error', 'fatal'] as const)[value / 10 - 1] ?? null
  if (name === 'level_value')
    return (['trace', 'debug', 'info', 'warn', 'error'] as const)[Math.min(4, value / 10_000)] ?? null
  // MySQL: 0 is for the system's own, 1 an error, 2 a warning, 3 a note.
  if (name === 'prio') return (['info', 'error', 'warn', 'info'] as const)[value] ?? null
  if (name !== 'severityNumber' || value < 1 || value > 24) return null
  return (['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const)[Math.ceil(value / 4) - 1] ?? null
}

function levelOfMongo(raw: string): LogLevel | null {
  if (/^D[1-5]?$/.test(raw)) return 'debug'
  const at = ['F', 'E', 'W', 'I'].indexOf(raw)
  return (['fatal', 'error', 'warn', 'info'] as const)[at] ?? null
}

/** ECS in nested form: `"log":{"level":"info"}`. Docker: `"log":"the line"`. */
function takeLog(seen: Seen, members: Members, text: string): void {
  if (members.isString && members.to > 0) seen.inner = ''
  if (!members.isObject) return
  const inner = new Members(text, members.from)
  while (inner.next()) {
    const level = inner.name === 'level' && inner.isString ? looseLevelOf(inner.raw) : null
    if (level !== null) [seen.level, seen.levelRank] = [level, 1]
  }
}

function timeOf(members: Members, text: string, times: TimesLike): number | null {
  if (members.to < 0) return null
  if (members.isObject) return timeOfObject(members, text, times)
  if (members.isString) return timeOfText(members.raw, text, members.from + 1, times)
  const whole = members.integer
  const value = Number.isNaN(whole) ? Number(members.raw) : whole
  return Number.isFinite(value) && value > 0 ? times.epoch(value) : null
}

function timeOfText(raw: string, text: string, at: number, times: TimesLike): number | null {
  let time = times.iso(text, at)
  if (Number.isNaN(time)) time = times.dayFirst(text, at)
  if (Number.isNaN(time)) time = times.monthFirst(text, at)
  if (Number.isNaN(time)) time = times.slashed(text, at)
  if (!Number.isNaN(time)) return times.sane(time)
  return /^\d{9,19}(?:\.\d{1,9})?$/.test(raw) ? times.epoch(Number(raw)) : null
}

/** MongoDB's `{"$date": ...}`, log4j's `{"epochSecond": ..., "nanoOfSecond": ...}`, PHP's `{"date": ...}`. */
function timeOfObject(members: Members, text: string, times: TimesLike): number | null {
  const inner = new Members(text, members.from)
  let seconds = Number.NaN
  let nanos = 0
  while (inner.next()) {
    // Never an object in it again: a hostile line would go on so.
    if ((inner.name === '$date' || inner.name === 'date') && !inner.isObject)
      return timeOf(inner, text, times)
    if (inner.name === 'epochSecond' || inner.name === 'seconds') seconds = Number(inner.raw)
    if (inner.name === 'nanoOfSecond' || inner.name === 'nanos') nanos = Number(inner.raw)
  }
  return Number.isNaN(seconds) ? null : times.epoch(seconds * 1000 + Math.floor(nanos / 1e6))
}

function conclude(seen: Seen): Found {
  const format = formatOfJson(seen.marks, seen.levelWritten, Number.isNaN(seen.number))
  const kind = kindOf(seen, format)
  // Whatever else a compact line of Serilog has is a property of the program's.
  const said = format === 'serilog' && seen.levelRank !== 0 ? null : seen.level
  const level = said ?? levelOfMarks(seen, format) ?? (kind === 'access' ? statusLevel(seen) : null)
  const wraps = format === 'docker-json' && seen.inner !== null
  return { format, time: seen.time, level, kind, messageAt: 0, wraps }
}

const statusLevel = (seen: Seen): LogLevel | null => (seen.status === 0 ? null : levelOfStatus(seen.status))

/** What the format says of a level that is a number or not there. */
function levelOfMarks(seen: Seen, format: string): LogLevel | null {
  if (format === 'serilog') return 'info'
  if (Number.isNaN(seen.number)) return null
  if (format === 'gelf') return levelOfSeverity(seen.number)
  if (format === 'monolog') return levelOfMonolog(seen.number)
  return format === 'pino' || format === 'bunyan' ? levelOfTens(seen.number) : null
}

const levelOfMonolog = (value: number): LogLevel | null =>
  value >= 500 ? 'fatal' : value >= 400 ? 'error' : value >= 300 ? 'warn' : value >= 200 ? 'info' : 'debug'

function kindOf(seen: Seen, format: string): LogKind | null {
  if (format === 'mongodb' || format === 'mysql-json' || format === 'postgresql-json') return 'database'
  if (format === 'traefik-access' || format === 'access-json' || seen.accessLogger) return 'access'
  return null
}
