import { fieldsOf } from './format/fields.ts'
import { stringEnd, Members } from './format/json-scan.ts'

/** What a line of a server says of one request. */
export interface RequestFacts {
  readonly status: number
  /** Null where it does not say, or not in which unit. */
  readonly durationMs: number | null
}

/** No line of a server has what counts further behind. */
const longestLine = 16 * 1024

/**
 * What a line of kind `access` says; null when it tells no answer, as of a connection that broke. Lines as most servers
 * write them are only glanced at; the others are taken apart.
 */
export function requestFacts(text: string, format: string): RequestFacts | null {
  if (text.length > longestLine) return null
  const glanced =
    format === 'common' || format === 'combined'
      ? inClf(text)
      : text.charCodeAt(0) === 123
        ? format === 'docker-json'
          ? undefined
          : inJson(text)
        : atEnd(text)
  return glanced === undefined ? ofFields(text, format) : glanced
}

const behindQuote = /" ([1-5]\d\d)(?: |$)/y

/** Looks at nothing but what stands behind the request. @returns undefined where that is not to be seen so. */
function inClf(text: string): RequestFacts | undefined {
  const open = text.indexOf('"')
  const close = open < 0 ? -1 : stringEnd(text, open)
  // Traefik tells behind it how long it took.
  if (close < 0 || text.endsWith('ms')) return undefined
  behindQuote.lastIndex = close
  const status = behindQuote.exec(text)
  return status === null ? undefined : { status: Number(status[1]), durationMs: null }
}

const answered =
  /(?:^|[ "])(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) [^ ]+ ([1-5]\d\d) ([\d.]{1,12} ?(?:ms|us|µs|s))$/

/** `GET /orders 200 12ms`, at the end of whatever line. @returns undefined where there is no such end. */
function atEnd(text: string): RequestFacts | undefined {
  const found = answered.exec(text)
  if (found === null) return undefined
  return { status: Number(found[1]), durationMs: millisecondsOf(found[2] ?? '', Number.NaN) }
}

/** Names of the status, the first that is there counts; pino-http, ECS, Google's and Traefik's are among them. */
const statusNames = [
  'status',
  'statusCode',
  'status_code',
  'response_code',
  'DownstreamStatus',
  'res.statusCode',
  'http.response.status_code',
  'httpRequest.status',
]

/** Names of how long it took, and how many milliseconds one of it is where it is a bare number. */
const durationNames: readonly (readonly [string, number])[] = [
  ['durationMs', 1],
  ['duration_ms', 1],
  ['elapsed_ms', 1],
  ['latency_ms', 1],
  ['response_time_ms', 1],
  ['took_ms', 1],
  // pino-http (milliseconds), nginx' $request_time (seconds), ECS and Traefik (nanoseconds).
  ['responseTime', 1],
  ['request_time', 1000],
  ['event.duration', 1e-6],
  ['Duration', 1e-6],
  ['httpRequest.latency', Number.NaN],
  ['latency', Number.NaN],
  ['elapsed', Number.NaN],
]

/** Members that hold others, of which some of the names above may be; only pino-http's are glanced at. */
const outer = new Set(['http', 'event', 'httpRequest'])
const ranks = new Map([
  ...statusNames.map((name, rank) => [name, rank] as const),
  ...durationNames.map(([name], rank) => [name, rank] as const),
])
const statuses = new Set(statusNames)
const pinoStatus = statusNames.indexOf('res.statusCode')

/** @returns undefined where members hold what counts, and null where a line tells no answer. */
function inJson(text: string): RequestFacts | null | undefined {
  const members = new Members(text, 0)
  let [status, statusRank] = ['', statusNames.length]
  let [took, tookRank] = ['', durationNames.length]
  while (members.next()) {
    const { name } = members
    // Caddy's seconds are told apart from others' by another member.
    if (outer.has(name) || name === 'duration') return undefined
    if (name === 'res' && members.isObject && pinoStatus < statusRank) {
      const inner = new Members(text, members.from)
      while (inner.next()) if (inner.name === 'statusCode') [status, statusRank] = [inner.raw, pinoStatus]
      continue
    }
    const rank = ranks.get(name)
    if (rank === undefined) continue
    if (!statuses.has(name)) {
      if (rank < tookRank) [took, tookRank] = [members.raw, rank]
    } else if (rank < statusRank) [status, statusRank] = [members.raw, rank]
  }
  return told(status, took, durationNames[tookRank]?.[1] ?? Number.NaN)
}

const written = /^(\d{1,15}(?:\.\d{1,12})?(?:e-?\d{1,3})?) ?(ns|us|µs|ms|s)?$/
const units: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000 }

function ofFields(text: string, format: string): RequestFacts | null {
  const { fields } = fieldsOf(text, format)
  const status = statusNames.map((name) => fields[name]).find((value) => value !== undefined) ?? ''
  // Caddy tells seconds under a name by which others tell milliseconds.
  const caddy = fields['logger']?.startsWith('http.log.access') === true ? fields['duration'] : undefined
  if (caddy !== undefined) return told(status, caddy, 1000)
  const named = durationNames.find(([name]) => fields[name] !== undefined)
  return told(status, named === undefined ? '' : (fields[named[0]] ?? ''), named?.[1] ?? Number.NaN)
}

/** @param unit - milliseconds of a bare number; NaN where that cannot be known. */
function told(status: string, took: string, unit: number): RequestFacts | null {
  if (!/^[1-5]\d\d$/.test(status)) return null
  return { status: Number(status), durationMs: took === '' ? null : millisecondsOf(took, unit) }
}

function millisecondsOf(text: string, unit: number): number | null {
  const match = written.exec(text)
  const value = Number(match?.[1]) * (units[match?.[2] ?? ''] ?? unit)
  return Number.isFinite(value) ? value : null
}
