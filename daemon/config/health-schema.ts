import * as z from 'zod/mini'
import {
  boolean,
  command,
  count,
  duration,
  headerName,
  list,
  mapping,
  named,
  oneOf,
  port,
  schedule,
  section,
  status,
  text,
  timeout,
  timezone,
  integer,
  unsaid,
} from './config-shapes.ts'
import { conditionExpected, parseCondition, type JsonCondition } from './json-condition.ts'
import { durationMs } from './units.ts'

/** So many of the last results have to say the same before a state changes. */
export interface Evidence {
  readonly count: number
  /** Of so many; as many as `count` means in a row. */
  readonly of: number
}

const mostEvidence = 100
const evidenceExpected = `expected a number from 1 to ${mostEvidence}, or such as 3 of 5`
const evidence = z.union(
  [
    z.pipe(
      integer(1, mostEvidence, evidenceExpected),
      z.transform((times): Evidence => ({ count: times, of: times })),
    ),
    z
      .pipe(
        text(evidenceExpected, /^[1-9]\d{0,2} of [1-9]\d{0,2}$/),
        z.transform((words): Evidence => {
          const [times = 0, of = 0] = words.split(' of ').map(Number)
          return { count: times, of }
        }),
      )
      .check(z.refine(({ count: times, of }) => times <= of && of <= mostEvidence, evidenceExpected)),
  ],
  evidenceExpected,
)

/** Whoever asks more often than this does harm. */
const leastIntervalMs = 1000
const intervalExpected = 'expected a duration such as 10s or 5m, of at least 1s'
const interval = z.pipe(
  z.string(intervalExpected).check(
    z.refine((written) => (durationMs(written) ?? 0) >= leastIntervalMs, {
      error: intervalExpected,
      abort: true,
    }),
  ),
  z.transform((written) => durationMs(written) ?? leastIntervalMs),
)

/** Why a text is no condition. */
function conditionFault(input: unknown): string {
  const parsed = parseCondition(typeof input === 'string' ? input : '')
  return typeof parsed === 'string' ? parsed : ''
}

const condition = z.pipe(
  z.string(conditionExpected).check(
    z.maxLength(1000, conditionExpected),
    z.refine((written) => typeof parseCondition(written) !== 'string', {
      error: ({ input }) => `${conditionExpected}: ${conditionFault(input)}`,
      abort: true,
    }),
  ),
  // What is no condition was refused just before.
  z.transform((written) => parseCondition(written) as JsonCondition),
)
const json = z.union(
  [
    z.pipe(
      condition,
      z.transform((one) => [one]),
    ),
    list(condition, 'conditions'),
  ],
  conditionExpected,
)

const addressExpected = 'expected an address that begins with http:// or https://, without a password'
const url = text(addressExpected, /^https?:\/\/[^\s\0/][^\s\0]*$/).check(
  z.refine((written) => {
    const parsed = URL.parse(written)
    return parsed !== null && parsed.username === '' && parsed.password === ''
  }, addressExpected),
)

const tcpExpected = 'expected a port of this machine, or host:port'
/** Host and port of a server. */
export interface TcpAddress {
  readonly host: string
  readonly port: number
}
const tcp = z.union(
  [
    z.pipe(
      port,
      z.transform((one): TcpAddress => ({ host: '127.0.0.1', port: one })),
    ),
    z
      .pipe(
        text(tcpExpected, /^(?:\[[0-9A-Fa-f:.]{2,45}\]|[^\s:@/[\]\0]{1,253}):\d{1,5}$/),
        z.transform((written): TcpAddress => {
          const at = written.lastIndexOf(':')
          return { host: written.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(written.slice(at + 1)) }
        }),
      )
      .check(z.refine(({ port: one }) => one >= 1 && one <= 65_535, tcpExpected)),
  ],
  tcpExpected,
)

const path = text('expected a path that begins with /', /^\/[^\s\0]*$/)
const header = text('expected text on one line, or secret:<name>', /^[\t\x20-\x7e\x80-\xff]{1,8192}$/)
const yes = z.union([z.literal(true, 'expected true'), z.literal('true', 'expected true')], 'expected true')

const secretExpected = 'expected secret:<name>'
const secret = text(secretExpected, /^secret:[\w.-]{1,100}$/)
const pushExpected = 'expected the push URL of a monitor of Uptime Kuma, or secret:<name>'
const push = z.union([secret, url], pushExpected)

/** Monitors of an Uptime Kuma that are shown beside the checks. */
const kuma = section({
  url,
  statusPage: z.nullish(text('expected the slug of a status page', /^[A-Za-z0-9-]{1,200}$/)),
  key: z.nullish(secret),
  monitors: z.nullish(list(text('expected the name of a monitor'), 'names')),
  interval: z.nullish(interval),
}).check(
  z.refine(
    ({ statusPage, key }) => ((statusPage ?? null) === null) !== ((key ?? null) === null),
    'expected either statusPage, or key for its metrics',
  ),
)

/** When a check is made, and what counts as evidence. */
const timing = {
  interval: z.nullish(interval),
  timeout: z.nullish(timeout),
  retries: z.nullish(count(0, 10)),
  jitter: z.nullish(duration),
  failures: z.nullish(evidence),
  successes: z.nullish(evidence),
  degradedAbove: z.nullish(timeout),
  severity: z.nullish(oneOf(['critical', 'warning'])),
  push: z.nullish(push),
}

/** What is asked over HTTP, and which answer is good. */
const asking = {
  path: z.nullish(path),
  url: z.nullish(url),
  method: z.nullish(oneOf(['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'])),
  headers: z.nullish(z.record(headerName, header, mapping)),
  body: z.nullish(text('expected text')),
  expect: z.nullish(status),
  contains: z.nullish(text('expected text').check(z.maxLength(1000, 'expected at most 1000 characters'))),
  json: z.nullish(json),
  redirects: z.nullish(count(0, 20)),
  verifyCertificate: z.nullish(boolean),
  certificateWarning: z.nullish(duration),
}

const targets = ['path', 'url', 'tcp', 'port', 'process', 'container', 'database', 'command'] as const
const check = section({
  ...timing,
  ...asking,
  tcp: z.nullish(tcp),
  port: z.nullish(yes),
  process: z.nullish(yes),
  container: z.nullish(text('expected the name of a container')),
  database: z.nullish(named('the name of a datasource')),
  command: z.nullish(command),
}).check(
  z.refine(
    (one) => targets.filter((key) => (one[key] ?? null) !== null).length === 1,
    `expected exactly one of ${targets.slice(0, -1).join(', ')} or ${targets.at(-1)}`,
  ),
)

/** Each name is a row in lists; more than this nobody reads, and more would not fit into what a file may hold. */
const mostChecks = 2000
const checks = z
  .record(named('the name of a check'), check, mapping)
  .check(z.refine((all) => Object.keys(all).length <= mostChecks, `expected at most ${mostChecks} checks`))

const pause = section({
  schedule,
  for: timeout,
  checks: z.nullish(list(named('the name of a check'), 'names of checks')),
  timezone: z.nullish(timezone),
})

const webhook = section({
  url: unsaid('expected an address that begins with http:// or https://, or secret:NAME'),
  headers: z.nullish(
    z.record(headerName, unsaid('expected text, secret:NAME, or ${NAME} for a variable'), mapping),
  ),
  body: z.nullish(text('expected text')),
})

/** Who is told of incidents besides VS Code. */
const notify = section({ webhook: z.nullish(webhook), command: z.nullish(command) })

/** `admin.health`, and that of an environment. */
export const health = section({
  enabled: z.nullish(boolean),
  ...timing,
  ...asking,
  checks: z.nullish(checks),
  kuma: z.nullish(kuma),
  pauses: z.nullish(list(pause, 'pauses')),
  notify: z.nullish(notify),
}).check(
  z.refine((one) => (one.path ?? null) === null || (one.url ?? null) === null, 'expected either path or url'),
)

export type ParsedHealth = z.output<typeof health>
export type ParsedCheck = z.output<typeof check>
