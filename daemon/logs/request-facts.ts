import { fieldsOf } from './format/fields.ts'

/** What a line of a server says of one request. */
export interface RequestFacts {
  readonly status: number
  /** Null where it does not say, or not in which unit. */
  readonly durationMs: number | null
}

/** No line of a server has what counts further behind. */
const longestLine = 16 * 1024

/** What a line of kind `access` says; null when it tells no answer, as of a connection that broke. */
export function requestFacts(text: string, format: string, messageAt: number): RequestFacts | null {
  if (text.length > longestLine) return null
  if (format === 'common' || format === 'combined') return ofClf(text, messageAt) ?? ofFields(text, format)
  return ofFields(text, format)
}

const behindQuote = /" ([1-5]\d\d)(?: |$)/y

/** The format of most lines by far: nothing is looked at but what stands behind the request. */
function ofClf(text: string, messageAt: number): RequestFacts | null {
  // A quote within the request is escaped, and so stands behind a backslash.
  let close = text.indexOf('"', messageAt + 1)
  while (close > 0 && text.charCodeAt(close - 1) === 92) close = text.indexOf('"', close + 1)
  behindQuote.lastIndex = close
  const status = close < 0 ? null : behindQuote.exec(text)
  // Traefik tells behind it how long it took.
  if (status === null || text.endsWith('ms')) return null
  return { status: Number(status[1]), durationMs: null }
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
  // pino-http and morgan's JSON (milliseconds), nginx' $request_time (seconds), ECS and Traefik (nanoseconds).
  ['responseTime', 1],
  ['request_time', 1000],
  ['event.duration', 1e-6],
  ['Duration', 1e-6],
  ['httpRequest.latency', Number.NaN],
  ['latency', Number.NaN],
  ['elapsed', Number.NaN],
]

const written = /^(\d{1,15}(?:\.\d{1,12})?(?:e-?\d{1,3})?)(ns|us|µs|ms|s)?$/
const units: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000 }

function ofFields(text: string, format: string): RequestFacts | null {
  const { fields } = fieldsOf(text, format)
  const said = statusNames.map((name) => fields[name]).find((value) => value !== undefined)
  const status = /^[1-5]\d\d$/.test(said ?? '') ? Number(said) : 0
  if (status === 0) return null
  // Caddy tells seconds under a name by which others tell milliseconds.
  const caddy = fields['logger']?.startsWith('http.log.access') === true ? fields['duration'] : undefined
  if (caddy !== undefined) return { status, durationMs: millisecondsOf(caddy, 1000) }
  const named = durationNames.find(([name]) => fields[name] !== undefined)
  return { status, durationMs: named === undefined ? null : millisecondsOf(fields[named[0]] ?? '', named[1]) }
}

/** @param unit - milliseconds of a bare number; NaN where that cannot be known. */
function millisecondsOf(text: string, unit: number): number | null {
  const match = written.exec(text)
  const value = Number(match?.[1]) * (units[match?.[2] ?? ''] ?? unit)
  return Number.isFinite(value) ? value : null
}
