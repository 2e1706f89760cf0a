import { pathText } from '../config/findings.ts'
import { expectationsOf, type Expectations } from './gatus-conditions.ts'
import { Members, refuse } from './members.ts'
import {
  askFault,
  askedDraft,
  leftOut,
  plainHeader,
  timingDraft,
  withoutCredentials,
  type Draft,
  type Header,
  type Monitor,
} from './monitor.ts'
import { withoutRedirects } from './status-ranges.ts'
import { durationText, goDurationMs, looksSecret } from './words.ts'

/** What stands in a configuration of Gatus beside endpoints, and is no check. */
export interface GatusConfig {
  readonly monitors: readonly Monitor[]
  readonly notes: readonly string[]
}

const defaults = { intervalMs: 60_000, timeoutMs: 10_000, failures: 3, successes: 2, redirects: 10 } as const

/** Reads a configuration of Gatus. @throws Failure `invalid-params`, which names the place. */
export function readGatusConfig(root: unknown): GatusConfig {
  const file = new Members(root, [])
  // What endpoints were called before version 4.
  const key =
    file.at('endpoints') === undefined && file.at('services') !== undefined ? 'services' : 'endpoints'
  const named = [key, 'external-endpoints', 'suites'].some((one) => file.at(one) !== undefined)
  if (!named) return refuse(['endpoints'], 'expected the endpoints of a configuration of Gatus')
  const alerting = file.members('alerting')
  const monitors = [
    ...file.each(key).map((one) => endpointOf(one, alerting)),
    ...file
      .each('external-endpoints')
      .map((one) => leftOut(aboutOf(one, 'external'), 'its state is pushed to Gatus by somebody else')),
    ...file
      .each('suites')
      .map((one) => leftOut(aboutOf(one, 'suite'), 'its endpoints use what the ones before answered')),
  ]
  const notes = [
    ...(file.at('maintenance') === undefined
      ? []
      : ['maintenance is not taken over: pause the checks instead']),
    ...(alerting.keys.length === 0
      ? []
      : ['alerting is not taken over, but for how much evidence it asks for']),
  ]
  return { monitors, notes }
}

type About = Parameters<typeof leftOut>[0]

function aboutOf(one: Members, type: string): About {
  const name = one.text('name')
  return name === ''
    ? refuse([...one.path, 'name'], 'expected the name of an endpoint', one.at('name'))
    : { name, group: one.text('group') || null, type, where: pathText(one.path) }
}

/** Of a URL without a scheme, and of the older forms of DNS, it is the server that is asked. */
function typeOf(one: Members, url: string): string {
  if (one.at('dns') !== undefined) return 'dns'
  return /^([a-z][a-z0-9+.-]{0,20}):/i.exec(url)?.[1]?.toLowerCase() ?? 'unknown'
}

const others: Readonly<Record<string, string>> = {
  dns: 'checks do not ask name servers; one of an address says whether its name is found',
  icmp: 'checks do not ping (ICMP); a check of one of its ports (`tcp`) says more',
  udp: 'checks do not speak UDP',
  sctp: 'checks do not speak SCTP',
  tls: 'checks speak TLS with web servers alone; `tcp` says whether the port takes connections',
  starttls: 'checks do not speak STARTTLS; `tcp` says whether the port takes connections',
  ws: 'checks do not speak WebSocket',
  wss: 'checks do not speak WebSocket',
  grpc: 'checks do not speak gRPC',
  grpcs: 'checks do not speak gRPC',
  ssh: 'checks do not log in by SSH; `tcp` says whether the port takes connections',
}

const variable = /(?<!\$)\$(?:\{[A-Za-z_]\w*\}|[A-Za-z_]\w*)/
/** Gatus puts variables in everywhere; `$$` is a `$`. */
const literally = (text: string): string => text.replaceAll('$$', '$')

function endpointOf(one: Members, alerting: Members): Monitor {
  const url = one.text('url').trim()
  const about = aboutOf(one, typeOf(one, url))
  const conditions = one.texts('conditions')
  const expected = expectationsOf(conditions.filter((text) => !variable.test(text)).map(literally))
  const variables = conditions.filter((text) => variable.test(text))
  const timing = timingOf(one, alerting)
  const client = one.members('client')
  const other = Object.hasOwn(others, about.type) ? others[about.type] : undefined
  if (other !== undefined) return leftOut(about, other)
  if (!one.flag('enabled', true)) return leftOut(about, 'it is not enabled there')
  if (variable.test(url)) return leftOut(about, 'its address is made of variables; write it out')
  const notes = [
    ...variables.map((text) => `the condition ${text.slice(0, 200)}: it takes a variable`),
    ...expected.rest,
    ...clientNotes(client),
    ...unknownNotes(one),
    ...slowNotes(expected),
    ...windows(one),
  ]
  if (about.type === 'tcp') return ofTcp(about, literally(url), expected, timing, notes)
  return ofHttp(about, one, literally(url), expected, timing, notes)
}

const slowNotes = ({ belowMs, certificateMs }: Expectations): readonly string[] => [
  ...(belowMs === null ? [] : ['a slow answer makes it degraded here, and unhealthy there']),
  ...(certificateMs === 0
    ? []
    : ['a certificate that ends soon makes it degraded here, and unhealthy there']),
]

const windows = (one: Members): readonly string[] =>
  one.at('maintenance-windows') === undefined ? [] : ['its maintenance windows are not taken over']

const known: ReadonlySet<string> = new Set(
  'name group url method conditions interval graphql body headers enabled alerts client dns ssh insecure maintenance-windows'.split(
    ' ',
  ),
)
const knownOfClient: ReadonlySet<string> = new Set(
  'insecure ignore-redirect timeout proxy-url dns-resolver tunnel oauth2 identity-aware-proxy tls'.split(' '),
)

/** What stands there beside all that is understood. */
const unknownNotes = (one: Members): readonly string[] => [
  ...one.keys.filter((key) => !known.has(key)).map((key) => `${key.slice(0, 60)} is not taken over`),
  ...one
    .members('client')
    .keys.filter((key) => !knownOfClient.has(key))
    .map((key) => `client.${key.slice(0, 60)} is not taken over`),
]

const clientNotes = (client: Members): readonly string[] => [
  ...(client.at('proxy-url') === undefined ? [] : ['it is asked through a proxy there, and directly here']),
  ...(client.at('dns-resolver') === undefined ? [] : ["names are looked up by this machine's own resolver"]),
  ...(client.at('tunnel') === undefined ? [] : ['it is asked through a tunnel there, and directly here']),
]

/** What only tells of the same thing in other words is no lack. */
const isLack = (note: string, { belowMs, certificateMs }: Expectations): boolean =>
  !slowNotes({ belowMs, certificateMs } as Expectations).includes(note)

function mapped(
  about: About,
  draft: Draft,
  headers: readonly Header[],
  expected: Expectations,
  notes: readonly string[],
): Monitor {
  return { ...about, draft, headers, partly: notes.some((note) => isLack(note, expected)), notes }
}

function timingOf(one: Members, alerting: Members): Draft {
  const client = one.members('client')
  const alerts = one.each('alerts').filter((alert) => alert.flag('enabled', true))
  const threshold = (key: string, otherwise: number): number => {
    const all = alerts.map(
      (alert) => alert.number(key) ?? defaultAlert(alerting, alert.text('type')).number(key) ?? otherwise,
    )
    return Math.min(100, Math.max(1, all.length === 0 ? otherwise : Math.min(...all)))
  }
  return timingDraft({
    intervalMs: durationAt(one, 'interval', defaults.intervalMs),
    timeoutMs: durationAt(client, 'timeout', defaults.timeoutMs),
    failures: threshold('failure-threshold', defaults.failures),
    successes: threshold('success-threshold', defaults.successes),
  })
}

const defaultAlert = (alerting: Members, type: string): Members =>
  alerting.members(type).members('default-alert')

function durationAt(one: Members, key: string, otherwise: number): number {
  const value = one.at(key)
  if (value === undefined) return otherwise
  const ms = typeof value === 'string' ? goDurationMs(value) : null
  return ms === null || ms <= 0
    ? refuse([...one.path, key], 'expected a duration such as 60s or 1m30s', value)
    : ms
}

function ofTcp(
  about: About,
  url: string,
  expected: Expectations,
  timing: Draft,
  notes: readonly string[],
): Monitor {
  const parsed = URL.parse(url.replace(/^tcp:/i, 'http:'))
  const port = /:(\d{1,5})\/?$/.exec(url)?.[1]
  if (parsed === null || port === undefined) return leftOut(about, 'its address has no port')
  const isBlind = expected.contains !== null || expected.json.length > 0
  const asked = isBlind ? ['a connection is all that is asked for, and no answer'] : []
  return mapped(about, { tcp: `${parsed.hostname}:${port}`, ...slow(expected), ...timing }, [], expected, [
    ...notes,
    ...asked,
  ])
}

const slow = ({ belowMs }: Expectations): Draft =>
  belowMs === null ? {} : { degradedAbove: durationText(belowMs) }

function ofHttp(
  about: About,
  one: Members,
  written: string,
  expected: Expectations,
  timing: Draft,
  notes: readonly string[],
): Monitor {
  const method = one.text('method').toUpperCase() || 'GET'
  const { url, header } = withoutCredentials(written)
  const fault = askFault(url, method)
  if (fault !== null) return leftOut(about, fault)
  if (looksSecret(url))
    return leftOut(
      about,
      'its address holds what looks like a secret, which no file should; check a header instead',
    )
  const client = one.members('client')
  const login = ['oauth2', 'identity-aware-proxy', 'tls'].find((key) => client.at(key) !== undefined)
  if (login !== undefined) return leftOut(about, `it logs in by client.${login}, which checks do not`)
  const body = bodyOf(one)
  if (body.why !== null) return leftOut(about, body.why)
  const follows = !client.flag('ignore-redirect', false)
  const expect = follows ? withoutRedirects(expected.statuses) : expected.statuses
  if (expect.length === 0) return leftOut(about, 'its conditions on the status hold for none')
  const asked = askedDraft({
    url,
    method,
    body: body.text,
    expect,
    contains: expected.contains,
    json: expected.json,
    redirects: follows ? defaults.redirects : 0,
    // Before version 3 it stood at the endpoint itself.
    verifyCertificate: !client.flag('insecure', one.flag('insecure', false)),
    certificateWarningMs: expected.certificateMs,
  })
  const headers = [...headersOf(one), ...body.headers, ...(header === null ? [] : [header])]
  return mapped(about, { ...asked, ...slow(expected), ...timing }, headers, expected, notes)
}

interface Body {
  readonly text: string
  readonly headers: readonly Header[]
  /** Why it cannot be said; null when it can. */
  readonly why: string | null
}

function bodyOf(one: Members): Body {
  const text = one.text('body')
  const cannot = (why: string): Body => ({ text: '', headers: [], why })
  if (variable.test(text) || looksSecret(text))
    return cannot('its body takes variables or holds a secret, and a body takes none')
  if (/\[(?:ENDPOINT_(?:NAME|GROUP|URL)|LOCAL_ADDRESS|RANDOM_STRING_\d+)\]/.test(text))
    return cannot('Gatus puts something into its body at each time')
  const body = literally(text)
  if (!one.flag('graphql', false)) return { text: body, headers: [], why: null }
  const isSaid = one.members('headers').keys.some((name) => name.toLowerCase() === 'content-type')
  return {
    text: JSON.stringify({ query: body }),
    headers: isSaid ? [] : [plainHeader('Content-Type', 'application/json')],
    why: null,
  }
}

/** A value that takes a variable becomes a secret of that name. */
function headersOf(one: Members): readonly Header[] {
  const headers = one.members('headers')
  return headers.keys.map((name): Header => {
    const value = headers.text(name)
    if (!variable.test(value)) return plainHeader(name, literally(value))
    const [, whole] = /^\$\{?([A-Za-z_]\w*)\}?$/.exec(value) ?? []
    return {
      name,
      value: null,
      secret: whole?.toLowerCase().replaceAll('_', '-') ?? null,
      holds: whole === undefined ? `the value of the header ${name}` : `what the variable ${whole} held`,
    }
  })
}
