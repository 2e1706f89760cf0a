import { stringEnd } from './json-scan.ts'

// The parts of access lines, by names that are the same for all of them.

const requestLine = /^([A-Z-]{1,20}) (\S{1,8192})(?: (HTTP\/[\d.]{1,4}))?$/
const unit = /^([\d.]{1,15}) ?(ns|us|µs|ms|s|m)?$/
const factors: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000 }

/** Milliseconds as text, from `12ms`, `1.2s` and the like; null for none of them. */
function millisecondsOf(text: string): string | null {
  const match = unit.exec(text)
  const value = Number(match?.[1])
  if (match === null || Number.isNaN(value)) return null
  return String(Number((value * (factors[match[2] ?? 'ms'] ?? 1)).toPrecision(12)))
}

type Fields = Map<string, string>

/** Sets what is said; `-` says nothing. */
function set(fields: Fields, name: string, value: string | undefined): void {
  if (value !== undefined && value !== '' && value !== '-') fields.set(name, value)
}

function setRequest(fields: Fields, request: string): void {
  const match = requestLine.exec(request)
  if (match === null) return set(fields, 'request', request)
  set(fields, 'method', match[1])
  set(fields, 'path', match[2])
  set(fields, 'protocol', match[3])
}

/** What stands in quotes from a place on, and what between. */
function partsFrom(text: string, at: number): { readonly quoted: string[]; readonly bare: string[] } {
  const quoted: string[] = []
  const bare: string[] = []
  let place = at
  while (place < text.length && quoted.length + bare.length < 40) {
    if (text.charAt(place) === '"') {
      const end = stringEnd(text, place)
      quoted.push(text.slice(place + 1, end < 0 ? text.length : end))
      if (end < 0) break
      place = end + 1
    } else if (text.charAt(place) === ' ') place++
    else {
      const space = text.indexOf(' ', place)
      bare.push(text.slice(place, space < 0 ? text.length : space))
      place = space < 0 ? text.length : space
    }
  }
  return { quoted, bare }
}

const clfHead = /^(?:(\S{1,255}) )?(\S{1,255}) (\S{1,128}) (\S{1,255}) \[[^\]]{10,40}\] $/

/** The common and the combined format, Traefik's and Django's, with the request's quote at `open`. */
export function clfFields(text: string, open: number): Fields {
  const fields: Fields = new Map()
  const head = clfHead.exec(text.slice(0, open))
  set(fields, 'vhost', head?.[1])
  set(fields, 'remote', head?.[2])
  set(fields, 'user', head?.[4])
  const { quoted, bare } = partsFrom(text, open)
  setRequest(fields, quoted[0] ?? '')
  set(fields, 'status', bare[0])
  set(fields, 'bytes', bare[1])
  set(fields, 'referrer', quoted[1])
  set(fields, 'userAgent', quoted[2])
  // Traefik's own: how many requests there were, the router, the server and how long it took.
  const took = bare[3] ?? ''
  if (quoted.length === 5 && took.endsWith('ms')) {
    set(fields, 'router', quoted[3])
    set(fields, 'upstream', quoted[4])
    set(fields, 'durationMs', millisecondsOf(took) ?? undefined)
  }
  return fields
}

/** Envoy's default line. */
export function envoyFields(text: string, open: number): Fields {
  const fields: Fields = new Map()
  const { quoted, bare } = partsFrom(text, open)
  setRequest(fields, quoted[0] ?? '')
  const names = ['status', 'flags', 'bytesReceived', 'bytes', 'durationMs', 'upstreamMs']
  names.forEach((name, at) => set(fields, name, bare[at]))
  const texts = ['', 'remote', 'userAgent', 'requestId', 'authority', 'upstream']
  texts.forEach((name, at) => name !== '' && set(fields, name, quoted[at]))
  return fields
}

const haproxy =
  /^([\da-fA-F.:]{2,45}):\d{1,5} \[[^\]]{10,40}\] (\S{1,200}) (\S{1,200})\/(\S{1,200}) (?:-?\d{1,9}\/){2,4}\+?(-?\d{1,9}) (\d{3}|-1) \+?(\d{1,20}) /

/** How far behind a head may end. */
const headLength = 2048

/** HAProxy's HTTP line, behind its syslog head. */
export function haproxyFields(text: string): Fields {
  const fields: Fields = new Map()
  const at = text.slice(0, headLength).search(/[\da-fA-F.:]{2,45}:\d{1,5} \[\d{2}\//)
  const line = at < 0 ? text : text.slice(at)
  const match = haproxy.exec(line)
  const names = ['remote', 'frontend', 'backend', 'server', 'durationMs', 'status', 'bytes']
  names.forEach((name, index) => set(fields, name, match?.[index + 1]))
  const quote = line.indexOf('"')
  if (quote >= 0) setRequest(fields, partsFrom(line, quote).quoted[0] ?? '')
  return fields
}

const plainRequest =
  /^(?:([\w.:[\]@/-]{1,80}) - )?"?([A-Z]{3,10}) (\S{1,2048})(?: (HTTP\/[\d.]{1,4}))?"? ([1-5]\d\d)(?: (.{1,80}))?$/

/** A message that is a request and its answer: `GET /orders 200 12ms`. */
export function requestFields(message: string): Fields {
  const fields: Fields = new Map()
  const match = plainRequest.exec(message)
  if (match === null) return fields
  const [, before, method, path, protocol, status, rest = ''] = match
  set(fields, before !== undefined && /^[\d[:]/.test(before) ? 'remote' : 'logger', before)
  set(fields, 'method', method)
  set(fields, 'path', path)
  set(fields, 'protocol', protocol)
  set(fields, 'status', status)
  const took = /(?:^|[ (])([\d.]{1,12} ?(?:ms|us|µs|s))\b/.exec(rest)?.[1]
  if (took !== undefined) set(fields, 'durationMs', millisecondsOf(took) ?? undefined)
  set(fields, 'bytes', /(?:^|- )(\d{1,15})(?:$| -)/.exec(rest)?.[1])
  return fields
}

const gin =
  /\| ?([1-5]\d\d) ?\| {0,12}([\d.]{1,15}(?:ns|µs|us|ms|s|m)) ?\| {0,40}([\da-fA-F.:]{2,45}) ?\| ?([A-Z]{3,8}) {1,8}"([^"]{0,8192})"/

/** Gin's columns. */
export function ginFields(text: string): Fields {
  const fields: Fields = new Map()
  const match = gin.exec(text)
  if (match === null) return fields
  const names = ['status', '', 'remote', 'method', 'path']
  names.forEach((name, at) => name !== '' && set(fields, name, match[at + 1]))
  set(fields, 'durationMs', millisecondsOf(match[2] ?? '') ?? undefined)
  return fields
}
