import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import type { ForwardKind } from '#contract/log-words.ts'

/** A record as a target has taken it. */
export interface TakenRecord {
  readonly text: string
  /** Of Loki its labels; of OTLP the attributes of resource and record. */
  readonly labels: Readonly<Record<string, string>>
  /** Nanoseconds, as they were written. */
  readonly time: string
  readonly observed: string
  readonly severity: number | null
  /** Which request it came with, counted from 0. */
  readonly request: number
}

/** What a target does with a request, in place of taking it. */
export type Behaviour =
  | { readonly do: 'take' }
  | {
      readonly do: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }
  /** Takes it, and its answer breaks off in the middle. */
  | { readonly do: 'take and break off' }
  /** Takes it, and answers so much later. */
  | { readonly do: 'take slowly'; readonly ms: number }
  | { readonly do: 'hang' }
  | { readonly do: 'reset' }
  /** As Loki does: what is good is taken, and the answer is 400 when something is not. A collector takes nothing then. */
  | { readonly do: 'refuse'; readonly bad: (text: string) => boolean; readonly reason: string }

export interface TargetServer {
  readonly url: string
  readonly taken: TakenRecord[]
  /** When each request came, with its headers. */
  readonly requests: { readonly at: number; readonly headers: IncomingMessage['headers'] }[]
  /** What was wrong with requests, by the documentation of what it speaks. */
  readonly wrong: string[]
  /** Says what to do with a request, by its number. */
  behave: (request: number) => Behaviour
  close(): Promise<void>
}

/** A server that takes logs as Loki's HTTP API or the specification of OTLP/HTTP (JSON) say, and nothing else. */
export async function startTarget(kind: ForwardKind): Promise<TargetServer> {
  const wanted = kind === 'loki' ? '/loki/api/v1/push' : '/v1/logs'
  const server = createServer((request, response) => void serve(request, response))
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const number = target.requests.push({ at: performance.now(), headers: request.headers }) - 1
    const behaviour = target.behave(number)
    if (behaviour.do === 'hang') return
    if (behaviour.do === 'reset') return void request.socket.resetAndDestroy()
    if (request.method !== 'POST' || request.url !== wanted) {
      target.wrong.push(`${request.method} ${request.url}`)
      return void response.writeHead(404).end('404 page not found\n')
    }
    const parts: Buffer[] = []
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
    if (behaviour.do === 'answer')
      return void response.writeHead(behaviour.status, behaviour.headers).end(behaviour.body)
    const read = readRequest(kind, request, Buffer.concat(parts), number)
    if (typeof read === 'string') {
      target.wrong.push(read)
      return void response.writeHead(400).end(read)
    }
    const bad = behaviour.do === 'refuse' ? read.filter(({ text }) => behaviour.bad(text)) : []
    if (bad.length === 0 || kind === 'loki') target.taken.push(...read.filter((one) => !bad.includes(one)))
    if (behaviour.do === 'refuse' && bad.length > 0)
      return void response.writeHead(400, { 'content-type': 'text/plain' }).end(behaviour.reason)
    if (behaviour.do === 'take slowly') await wait(behaviour.ms)
    if (behaviour.do === 'take and break off') {
      response.writeHead(200, { 'content-length': 1000 })
      return void response.write('{', () => request.socket.resetAndDestroy())
    }
    if (kind === 'loki') response.writeHead(204).end()
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  }
  const target: TargetServer = {
    url: '',
    taken: [],
    requests: [],
    wrong: [],
    behave: () => ({ do: 'take' }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on a port has an address of this shape.
  const { port } = server.address() as AddressInfo
  return Object.assign(target, { url: `http://127.0.0.1:${port}` })
}

function readRequest(
  kind: ForwardKind,
  { headers }: IncomingMessage,
  body: Buffer,
  request: number,
): readonly TakenRecord[] | string {
  if (headers['content-type'] !== 'application/json') return `content-type ${headers['content-type']}`
  if (headers['content-encoding'] !== 'gzip') return `content-encoding ${headers['content-encoding']}`
  try {
    const message: unknown = JSON.parse(gunzipSync(body).toString('utf8'))
    return (kind === 'loki' ? lokiRecords(message) : otlpRecords(message)).map((one) => ({ ...one, request }))
  } catch (error) {
    return String(error)
  }
}

type Read = Omit<TakenRecord, 'request'>

/** https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs, and what its limits are by default. */
function lokiRecords(message: unknown): readonly Read[] {
  return list(field(message, 'streams', ['streams'])).flatMap((stream) => {
    const labels = field(stream, 'stream', ['stream', 'values'])
    const entries = Object.entries(labels as object)
    must(entries.length > 0 && entries.length <= 15, `${entries.length} labels`)
    for (const [name, value] of entries) {
      must(/^[a-zA-Z_]\w*$/.test(name) && !name.startsWith('__'), `label name ${name}`)
      must(typeof value === 'string' && value !== '' && value.length <= 2048, `label value of ${name}`)
    }
    const values = list(field(stream, 'values', ['stream', 'values']))
    must(values.length > 0, 'a stream without entries')
    return values.map((entry) => {
      const [time, text, ...more] = list(entry)
      must(more.length === 0 && typeof text === 'string' && isNanoseconds(time), `entry ${String(time)}`)
      return {
        text: String(text),
        time: String(time),
        observed: '',
        severity: null,
        // Each was looked at above.
        labels: labels as Record<string, string>,
      }
    })
  })
}

/** opentelemetry-proto: logs/v1/logs.proto, common.proto, and the JSON encoding of the specification of OTLP. */
function otlpRecords(message: unknown): readonly Read[] {
  return list(field(message, 'resourceLogs', ['resourceLogs'])).flatMap((part) => {
    const allowed = ['resource', 'scopeLogs', 'schemaUrl']
    const resource = attributes(field(field(part, 'resource', allowed), 'attributes', ['attributes']))
    must('service.name' in resource, 'no service.name')
    return list(field(part, 'scopeLogs', allowed)).flatMap((scoped) => {
      must(typeof field(field(scoped, 'scope', scopeKeys), 'name', ['name', 'version']) === 'string', 'scope')
      return list(field(scoped, 'logRecords', scopeKeys)).map((record) => otlpRecord(record, resource))
    })
  })
}

const scopeKeys = ['scope', 'logRecords', 'schemaUrl']
const recordKeys = [
  'timeUnixNano',
  'observedTimeUnixNano',
  'severityNumber',
  'severityText',
  'body',
  'attributes',
]

function otlpRecord(record: unknown, resource: Readonly<Record<string, string>>): Read {
  const at = (key: string): unknown => field(record, key, recordKeys)
  const [time, observed] = [at('timeUnixNano'), at('observedTimeUnixNano')]
  for (const one of [time, observed]) must(one === undefined || isNanoseconds(one), 'no time in nanoseconds')
  const severity = at('severityNumber') ?? null
  must(severity === null || (Number.isInteger(severity) && Number(severity) <= 24), 'severityNumber')
  const text = field(at('body'), 'stringValue', ['stringValue'])
  must(typeof text === 'string', 'body')
  return {
    text: String(text),
    time: typeof time === 'string' ? time : '',
    observed: typeof observed === 'string' ? observed : '',
    severity: severity === null ? null : Number(severity),
    labels: { ...resource, ...attributes(at('attributes')) },
  }
}

function attributes(value: unknown): Record<string, string> {
  const pairs = list(value).map((one) => {
    const keys = ['key', 'value']
    const text = field(field(one, 'value', keys), 'stringValue', ['stringValue'])
    must(typeof text === 'string', 'an attribute without a value')
    return [String(field(one, 'key', keys)), String(text)] as const
  })
  must(new Set(pairs.map(([key]) => key)).size === pairs.length, 'an attribute that is there twice')
  return Object.fromEntries(pairs)
}

const isNanoseconds = (time: unknown): boolean => typeof time === 'string' && /^\d{1,19}$/.test(time)

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what)
}

function list(value: unknown): readonly unknown[] {
  must(Array.isArray(value), 'expected a list')
  return value as readonly unknown[]
}

/** What an object holds under a key, when it holds nothing but what it may. */
function field(value: unknown, key: string, allowed: readonly string[]): unknown {
  must(typeof value === 'object' && value !== null, `expected an object with ${key}`)
  const unknown = Object.keys(value as object).filter((name) => !allowed.includes(name))
  must(unknown.length === 0, `unknown ${unknown.join(', ')}`)
  return Reflect.get(value as object, key)
}
