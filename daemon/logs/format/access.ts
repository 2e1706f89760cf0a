import type { LogLevel } from '#contract/log-words.ts'
import { levelOfStatus, matchAt, type Found, type TimesLike } from './found.ts'
import { stringEnd } from './json-scan.ts'

/** A request and what was answered, alone in a message: `GET /orders 200 12ms`, `1.2.3.4:5 - "GET / HTTP/1.1" 200 OK`. */
const answered =
  /(?:[\w.:[\]@/-]{1,80} - )?(?:"[A-Z]{3,10} [^"]{1,2048}" ([1-5]\d\d)(?: [\w .-]{1,40})?|(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) [/*h][^ ]{0,2048}(?: HTTP\/\d(?:\.\d)?)? ([1-5]\d\d)(?: (?:in )?(?:-|[\d.]{1,12}(?: ?(?:ms|s|us|µs|[kK]?B|bytes))?)){0,4})$/y

/** Whether a quote or a method stands first or behind a dash: most messages need not be looked at closer. */
function mayAnswer(text: string, at: number): boolean {
  if (beginsRequest(text.charCodeAt(at))) return true
  // Looking for one letter is far faster.
  const dash = text.includes('-', at) ? text.indexOf(' - ', at) : -1
  return dash > 0 && dash - at <= 80 && beginsRequest(text.charCodeAt(dash + 3))
}

const beginsRequest = (code: number): boolean =>
  code === 34 || code === 71 || code === 80 || code === 68 || code === 72 || code === 79

/** Its status where a message is a request and its answer and nothing else; 0 where it is not. */
export function statusIn(text: string, at: number): number {
  if (!mayAnswer(text, at)) return 0
  const match = matchAt(answered, text, at)
  return match === null ? 0 : Number(match[1] ?? match[2])
}

/** A line that is a request and its answer alone, as morgan writes them; null for any other. */
export function readRequest(text: string): Found | null {
  const status = statusIn(text, 0)
  if (status === 0) return null
  return { format: 'request', time: null, level: levelOfStatus(status), kind: 'access', messageAt: 0 }
}

/** The status that stands behind the quote at `at`: 0 when none does, as for a request that was never answered. */
function statusBehind(text: string, at: number): number {
  const hundreds = text.charCodeAt(at + 2) - 48
  const status = Number(text.slice(at + 2, at + 5))
  const next = text.charCodeAt(at + 5)
  if (!(hundreds >= 0 && hundreds <= 5) || !(status >= 0) || !(next === 32 || Number.isNaN(next))) return 0
  return status
}

/** The common and the combined format, with anything behind: `host ident user [time] "request" status bytes ...`. */
export function readClf(text: string, times: TimesLike): Found | null {
  const bracket = text.indexOf(' [')
  if (bracket < 5 || bracket > 400) return null
  const first = text.indexOf(' ')
  if (first === bracket || text.indexOf(' ', first + 1) > bracket) return null
  const time = times.dayFirst(text, bracket + 2)
  if (Number.isNaN(time) || text.charCodeAt(times.end) !== 93) return null
  const open = times.end + 2
  if (text.charCodeAt(open) !== 34) return null
  const sane = times.sane(time)
  const close = stringEnd(text, open)
  // A request longer than what is looked at: its answer is not seen.
  const status = close < 0 ? 0 : statusBehind(text, close)
  if (close >= 0 && status === 0 && !/^ (?:0|000|-)\b/.test(text.slice(close + 1, close + 6))) return null
  const format = close >= 0 && text.indexOf('"', close + 1) > 0 ? 'combined' : 'common'
  return access(format, sane, status, open)
}

const access = (format: string, time: number | null, status: number, messageAt: number): Found => {
  const level: LogLevel | null = status === 0 ? null : levelOfStatus(status)
  return { format, time, level, kind: 'access', messageAt }
}

const haproxyHttp = / \S{1,200} \S{1,200}\/\S{1,200} [\d/+-]{5,80} (-1|\d{3}) /y
const haproxyTcp = / \S{1,200} \S{1,200}\/\S{1,200} [\d/+-]{5,60} \+?\d{1,20} [-A-Za-z]{2} /y
const haproxyClient = /[\d.a-fA-F:]{2,45}:\d{1,5} \[/y

/** HAProxy's HTTP and TCP lines, behind the head that syslog gives them. */
export function readHaproxy(text: string, times: TimesLike): Found | null {
  const client = matchAt(haproxyClient, text, 0)
  if (client === null) return null
  const time = times.dayFirst(text, client[0].length)
  if (Number.isNaN(time) || text.charCodeAt(times.end) !== 93) return null
  const behind = times.end + 1
  const http = matchAt(haproxyHttp, text, behind)
  if (http !== null) return access('haproxy', times.sane(time), Math.max(0, Number(http[1])), behind + 1)
  if (matchAt(haproxyTcp, text, behind) === null) return null
  return { ...access('haproxy', times.sane(time), 0, behind + 1), level: 'info' }
}

/** Envoy's default line and others of the kind, from behind the time: ` "GET / HTTP/1.1" 200 ...`. */
export function readQuoted(text: string, at: number, format: string, time: number | null): Found | null {
  const open = text.charCodeAt(at) === 32 ? at + 1 : at
  if (text.charCodeAt(open) !== 34 || !/^"[A-Z-]{1,20}[ "]/.test(text.slice(open, open + 22))) return null
  const close = stringEnd(text, open)
  if (close < 0) return null
  const status = statusBehind(text, close)
  if (status === 0 && !text.startsWith(' 0 ', close + 1)) return null
  return access(format, time, status, open)
}

const gin = /\[GIN\] /y
const ginStatus = / \| ?([1-5]\d\d) ?\|/y

/** Gin's line: `[GIN] 2026/11/22 - 19:30:33 | 200 | 1.2ms | 127.0.0.1 | GET "/ping"`. */
export function readGin(text: string, times: TimesLike): Found | null {
  if (text.startsWith('[GIN-debug]'))
    return { format: 'gin', time: null, level: 'debug', kind: null, messageAt: 12 }
  if (matchAt(gin, text, 0) === null || text.slice(16, 19) !== ' - ') return null
  const time = times.iso(`${text.slice(6, 16)} ${text.slice(19, 27)}`, 0)
  const status = matchAt(ginStatus, text, 27)
  if (status === null || Number.isNaN(time)) return null
  return access('gin', times.sane(time), Number(status[1]), 30)
}
