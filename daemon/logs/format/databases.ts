import type { LogLevel } from '#contract/log-words.ts'
import { matchAt, type Found, type TimesLike } from './found.ts'

/** What PostgreSQL writes before `:  `; null for what belongs to the message before. Also in the words of Brazil. */
const severities = new Map<string, LogLevel | null>([
  ...(['DEBUG1', 'DEBUG2', 'DEBUG3', 'DEBUG4', 'DEBUG5', 'DEBUG', 'DEPURAÇÃO'] as const).map(
    (word) => [word, 'debug'] as const,
  ),
  ...(['LOG', 'INFO', 'NOTICE', 'NOTA'] as const).map((word) => [word, 'info'] as const),
  ...(['WARNING', 'AVISO'] as const).map((word) => [word, 'warn'] as const),
  ...(['ERROR', 'ERRO'] as const).map((word) => [word, 'error'] as const),
  ...(['FATAL', 'PANIC', 'PÂNICO'] as const).map((word) => [word, 'fatal'] as const),
  ...(['DETAIL', 'HINT', 'QUERY', 'CONTEXT', 'LOCATION', 'STATEMENT', 'BACKTRACE'] as const).map(
    (word) => [word, null] as const,
  ),
  ...(['DETALHE', 'DICA', 'CONSULTA', 'CONTEXTO', 'COMANDO', 'LOCAL'] as const).map(
    (word) => [word, null] as const,
  ),
])
/** Nobody but PostgreSQL writes these so. */
const unmistakable = new Set(['LOG', 'STATEMENT', 'DETAIL', 'HINT', 'CONTEXT', 'DETALHE', 'COMANDO', 'DICA'])
/** What a log_line_prefix puts between the time and the severity. */
const prefixSign = /\[\d|@|(?:user|db|pid)=|\d{1,3}-\d/
const longestPrefix = 400

const isWordCode = (code: number) => (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code > 191

/**
 * PostgreSQL's line from behind its time, which begins at `from`.
 * @param known - whether the source wrote PostgreSQL's lines before.
 */
export function readPostgres(text: string, from: number, time: number | null, known: boolean): Found | null {
  const colon = text.indexOf(':  ', from)
  if (colon < 0 || colon > from + longestPrefix || text.charCodeAt(colon + 3) === 32) return null
  let start = colon
  while (start > from && isWordCode(text.charCodeAt(start - 1))) start--
  const word = text.slice(start, colon)
  const level = severities.get(word)
  if (level === undefined) return null
  const between = text.slice(from, start)
  if (!known && !unmistakable.has(word) && !prefixSign.test(between)) return null
  const head = { format: 'postgresql', time, kind: 'database', messageAt: colon + 3 } as const
  return level === null ? { ...head, level, continues: true } : { ...head, level }
}

const mysqlBehind =
  /[ \t]{1,8}\d{1,20} \[(System|Note|Warning|ERROR|Error)\] (?:\[MY-\d{1,9}\] )?(?:\[[A-Za-z_ -]{1,30}\] )?/y
const mysqlLevels = new Map<string, LogLevel>([
  ['System', 'info'],
  ['Note', 'info'],
  ['Warning', 'warn'],
  ['ERROR', 'error'],
  ['Error', 'error'],
])
const oldThread = / [\da-f]{6,20} \[(Note|Warning|ERROR)\] /y
const oldest = / \[(Note|Warning|ERROR)\] /y
const mysqlCommand =
  /[ \t]{1,8}\d{1,20} (Connect|Query|Quit|Init DB|Prepare|Execute|Close stmt|Field List|Statistics)(?:\t|$)/y

/** MySQL's and MariaDB's error log, and MySQL's general log, from behind the time. */
export function readMysql(text: string, from: number, time: number | null): Found | null {
  const match =
    matchAt(mysqlBehind, text, from) ?? matchAt(text.charCodeAt(6) === 32 ? oldest : oldThread, text, from)
  if (match !== null) {
    const level = mysqlLevels.get(match[1] ?? '') ?? null
    return { format: 'mysql', time, level, kind: 'database', messageAt: from + match[0].length }
  }
  const command = matchAt(mysqlCommand, text, from)
  if (command === null) return null
  return { format: 'mysql-general', time, level: null, kind: 'database', messageAt: afterId(text, from) }
}

const afterId = (text: string, from: number): number =>
  from + (/^[ \t]*\d+ /.exec(text.slice(from, from + 40))?.[0].length ?? 0)

/** MySQL's slow log: a record begins with its time and is all that follows up to the next. */
export function readMysqlSlow(text: string, times: TimesLike): Found | null {
  if (text.startsWith('# Time: ')) {
    const iso = times.iso(text, 8)
    const time = Number.isNaN(iso) ? times.compact(text, 8) : iso
    const sane = Number.isNaN(time) ? null : times.sane(time)
    return { format: 'mysql-slow', time: sane, level: null, kind: 'database', messageAt: 0 }
  }
  if (
    !/^# (?:User@Host|Query_time|Thread_id|Schema|Rows_affected|Bytes_sent|Full_scan): ?/.test(
      text.slice(0, 20),
    )
  )
    return null
  return { format: 'mysql-slow', time: null, level: null, kind: 'database', messageAt: 0, continues: true }
}

const redisHead = /\d{1,10}:[XCSM] /y
const redisLevels = new Map<string, LogLevel>([
  ['.', 'debug'],
  ['-', 'debug'],
  ['*', 'info'],
  ['#', 'warn'],
])

/** Redis and Valkey: `7:M 22 Nov 2026 19:30:33.123 * Ready to accept connections`. */
export function readRedis(text: string, times: TimesLike): Found | null {
  const head = matchAt(redisHead, text, 0)
  if (head === null) return null
  const time = times.dayFirst(text, head[0].length)
  const level = redisLevels.get(text.charAt(times.end + 1))
  if (Number.isNaN(time) || level === undefined || text.charAt(times.end + 2) !== ' ') return null
  return { format: 'redis', time: times.sane(time), level, kind: 'database', messageAt: times.end + 3 }
}

const mongoBehind = / ([FEWID])[1-5]? {1,2}[A-Z_-]{1,20} +(?:\[[^\]]{1,80}\] )?/y
const mongoLevels = new Map<string, LogLevel>([
  ['F', 'fatal'],
  ['E', 'error'],
  ['W', 'warn'],
  ['I', 'info'],
  ['D', 'debug'],
])

/** MongoDB before 4.4: `2019-11-22T19:30:33.123+0000 I NETWORK  [listener] message`. */
export function readOldMongo(text: string, from: number, time: number | null): Found | null {
  const match = matchAt(mongoBehind, text, from)
  const level = mongoLevels.get(match?.[1] ?? '')
  if (match === null || level === undefined) return null
  return { format: 'mongodb', time, level, kind: 'database', messageAt: from + match[0].length }
}
