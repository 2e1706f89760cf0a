import { pathText } from '../config/findings.ts'
import { Members, refuse } from './members.ts'
import {
  askFault,
  askedDraft,
  basicHeader,
  leftOut,
  plainHeader,
  timingDraft,
  withoutCredentials,
  type Draft,
  type Header,
  type Monitor,
} from './monitor.ts'
import { isWithin, statusesWhere, withoutRedirects } from './status-ranges.ts'
import { literal, looksSecret } from './words.ts'

/** What an Uptime Kuma exports, as far as checks are concerned. */
export interface KumaBackup {
  readonly version: string | null
  readonly monitors: readonly Monitor[]
  /** What is true of all of them. */
  readonly notes: readonly string[]
}

/** Kuma tells of a certificate 21, 14 and 7 days before it ends, unless its settings say otherwise. */
const certificateWarningMs = 21 * 86_400_000
const mostRedirects = 20
const mostFailures = 100

/**
 * Reads the backup of an Uptime Kuma 1.x (Settings, Backup, Export), or the list of monitors that its API gives.
 * @throws Failure `invalid-params`, which names the place.
 */
export function readKumaBackup(root: unknown): KumaBackup {
  if (Array.isArray(root)) return { version: null, ...monitorsOf(root, []) }
  const file = new Members(root, [])
  const list = file.at('monitorList')
  if (list === undefined)
    return refuse(['monitorList'], 'expected the list of monitors of an Uptime Kuma backup')
  const { monitors, notes } = monitorsOf(list, ['monitorList'])
  const told = file.list('notificationList').length
  const ofFile =
    told === 0
      ? []
      : [`notifications (${told}) are not taken over: Quantum Admin tells of incidents by its own means`]
  return { version: file.text('version') || null, monitors, notes: [...ofFile, ...notes] }
}

/** A list, or by their ids. */
function monitorsOf(list: unknown, path: readonly (string | number)[]): Omit<KumaBackup, 'version'> {
  const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(list)
    ? [...list.entries()]
    : Object.entries(new Members(list, path).keys.length > 0 ? (list as object) : {})
  const all = entries.map(([key, one]) => new Members(one, [...path, key]))
  const names = new Map(all.map((one) => [one.number('id'), one.text('name')]))
  const monitors = all.map((one) => {
    const parent = one.number('parent')
    return monitorOf(one, parent === null ? null : (names.get(parent) ?? null))
  })
  const count = (holds: (one: Members) => boolean): number => all.filter(holds).length
  const words = count((one) => one.list('tags').length > 0 || one.text('description') !== '')
  const domains = count((one) => one.flag('domainExpiryNotification', false))
  const notes = [
    ...(words === 0 ? [] : [`tags and descriptions are not taken over (monitors that have some: ${words})`]),
    ...(domains === 0 ? [] : [`no check tells when a domain ends (monitors that do: ${domains})`]),
  ]
  return { monitors, notes }
}

/** What is not asked here, and why. */
const others: Readonly<Record<string, string>> = {
  ping: 'checks do not ping (ICMP); a check of one of its ports (`tcp`) says more',
  push: 'it waits for heartbeats; give its push URL to `push` of the check that is to send them',
  dns: 'checks do not ask name servers; one of an address says whether its name is found',
  group: 'a group checks nothing itself; what stands below it is taken',
  steam: 'checks do not speak with game servers',
  gamedig: 'checks do not speak with game servers',
  mqtt: 'checks do not speak MQTT; a check of its port (`tcp`) says whether it takes connections',
  'grpc-keyword': 'checks do not speak gRPC',
  'kafka-producer': 'checks do not speak with Kafka',
  rabbitmq: 'add it as a connector, or check its port (`tcp`)',
  radius: 'checks do not speak RADIUS',
  snmp: 'checks do not speak SNMP',
  'tailscale-ping': 'checks do not ping',
  'real-browser': 'checks have no browser; one of the page may look for a text (`contains`)',
  postgres: 'name the database in `datasources`, and check it with `database`',
  mysql: 'name the database in `datasources`, and check it with `database`',
  sqlserver: 'there is no driver for SQL Server; check its port (`tcp`)',
  mongodb: 'there is no driver for MongoDB; check its port (`tcp`)',
  redis: 'add it as a connector, or check its port (`tcp`)',
}

const askers: ReadonlySet<string> = new Set(['http', 'keyword', 'json-query'])

function monitorOf(one: Members, group: string | null): Monitor {
  const type = one.text('type')
  const about = { name: one.text('name'), group, type, where: pathText(one.path) }
  if (type === '') return refuse([...one.path, 'type'], 'expected the type of a monitor', one.at('type'))
  const other = Object.hasOwn(others, type) ? others[type] : undefined
  if (other !== undefined) return leftOut(about, other)
  if (!one.flag('active', true)) return leftOut(about, 'it is paused there')
  if (one.flag('upsideDown', false))
    return leftOut(about, 'it is upside down: healthy while nothing answers, which no check here is')
  const { draft, notes } = timing(one)
  if (type === 'port') return ofPort(about, one, draft, notes)
  if (type === 'docker') return ofContainer(about, one, draft, notes)
  if (askers.has(type)) return ofHttp(about, one, draft, notes)
  return leftOut(about, 'its type is not known here')
}

type About = Parameters<typeof leftOut>[0]

function timing(one: Members): { readonly draft: Draft; readonly notes: readonly string[] } {
  const interval = positive(one, 'interval') ?? 60
  const again = positive(one, 'retryInterval') ?? interval
  const retries = one.number('maxretries') ?? 0
  // Versions before 1.23 give an answer eight tenths of the interval, and so does a newer one that names no time.
  const timeout = positive(one, 'timeout') ?? interval * 0.8
  const notes = [
    ...(retries > 0 && again !== interval
      ? [`it is asked again every ${again} s when it failed; here it is every ${interval} s always`]
      : []),
    ...(one.number('proxyId') === null ? [] : ['it is asked through a proxy there, and directly here']),
    ...(one.flag('cacheBust', false) ? ['it gets a new parameter in its address each time there'] : []),
  ]
  const failures = Math.min(mostFailures, Math.round(retries) + 1)
  const draft = timingDraft({
    intervalMs: interval * 1000,
    timeoutMs: Math.max(1, timeout * 1000),
    failures,
    successes: 1,
  })
  return { draft, notes }
}

/** In seconds; null where nothing is said, or nothing that can be. */
function positive(one: Members, key: string): number | null {
  const value = one.number(key)
  return value === null || value <= 0 ? null : value
}

const mapped = (
  about: About,
  draft: Draft,
  headers: readonly Header[],
  notes: readonly string[],
): Monitor => ({
  ...about,
  draft,
  headers,
  partly: notes.length > 0,
  notes,
})

function ofPort(about: About, one: Members, draft: Draft, notes: readonly string[]): Monitor {
  const host = one.text('hostname').trim()
  const port = one.number('port')
  if (host === '' || port === null) return leftOut(about, 'it names no host and port')
  return mapped(about, { tcp: `${host.includes(':') ? `[${host}]` : host}:${port}`, ...draft }, [], notes)
}

function ofContainer(about: About, one: Members, draft: Draft, notes: readonly string[]): Monitor {
  const container = one.text('docker_container')
  if (container === '') return leftOut(about, 'it names no container')
  const engine = 'the container is looked for on this machine, wherever its Docker host is'
  // A container has no answer that could take long.
  const { timeout: _, ...rest } = draft
  return mapped(about, { container, ...rest }, [], [...notes, engine])
}

function ofHttp(about: About, one: Members, draft: Draft, notes: readonly string[]): Monitor {
  const method = one.text('method').toUpperCase() || 'GET'
  const { url, header } = withoutCredentials(one.text('url').trim())
  const fault = askFault(url, method)
  if (fault !== null) return leftOut(about, fault)
  if (looksSecret(url))
    return leftOut(
      about,
      'its address holds what looks like a secret, which no file should; check a header instead',
    )
  const auth = authOf(one)
  if (typeof auth === 'string') return leftOut(about, auth)
  const headers = headersOf(one)
  if (typeof headers === 'string') return leftOut(about, headers)
  const body = one.text('body')
  if (looksSecret(body))
    return leftOut(about, 'its body holds what looks like a secret, and a body takes none')
  const wanted = wantedOf(about.type, one)
  if (typeof wanted === 'string') return leftOut(about, wanted)
  const redirects = Math.min(mostRedirects, one.number('maxredirects') ?? 10)
  const expect = acceptedOf(one, redirects > 0)
  if (expect.length === 0) return leftOut(about, 'it accepts no status that is an answer')
  const asked = askedDraft({
    url,
    method,
    body,
    expect,
    contains: wanted.contains,
    json: wanted.json,
    redirects,
    verifyCertificate: !one.flag('ignoreTls', false),
    certificateWarningMs: one.flag('expiryNotification', false) ? certificateWarningMs : 0,
  })
  const all = [...headers, ...(header === null ? auth : [header])]
  return mapped(about, { ...asked, ...draft }, withContentType(all, one, body), notes)
}

/** Kuma says of what kind a body is, unless a header does. */
function withContentType(headers: readonly Header[], one: Members, body: string): readonly Header[] {
  const types: Readonly<Record<string, string>> = {
    '': 'application/json',
    json: 'application/json',
    xml: 'text/xml; charset=utf-8',
    form: 'application/x-www-form-urlencoded',
  }
  const type = types[one.text('httpBodyEncoding')]
  const isSaid = headers.some(({ name }) => name.toLowerCase() === 'content-type')
  return body === '' || type === undefined || isSaid
    ? headers
    : [...headers, plainHeader('Content-Type', type)]
}

/** The headers that log in, or in words why there are none. */
function authOf(one: Members): readonly Header[] | string {
  const method = one.text('authMethod') || one.text('auth_method')
  const hasUser = one.text('basic_auth_user') !== '' || one.text('basic_auth_pass') !== ''
  if (method === 'basic' || (method === '' && hasUser)) return hasUser ? [basicHeader] : []
  if (method === '' || method === 'null' || method === 'none') return []
  if (method === 'bearer') return [{ ...basicHeader, holds: '`Bearer ` and the token' }]
  return `it logs in with ${method.slice(0, 40)}, which checks do not`
}

function headersOf(one: Members): readonly Header[] | string {
  const written = one.at('headers')
  if (written === undefined || written === '') return []
  let said: unknown = written
  try {
    if (typeof written === 'string') said = JSON.parse(written)
  } catch {
    return 'its headers are not JSON'
  }
  if (typeof said !== 'object' || said === null || Array.isArray(said)) return 'its headers are no mapping'
  return Object.entries(said).map(([name, value]) => plainHeader(name, String(value)))
}

/** `200-299` and `204`. */
function acceptedOf(one: Members, follows: boolean) {
  const written = one.at('accepted_statuscodes_json')
  const list =
    one.at('accepted_statuscodes') === undefined && typeof written === 'string'
      ? new Members({ list: parsed(written) }, one.path).texts('list')
      : one.texts('accepted_statuscodes')
  const ranges = (list.length === 0 ? ['200-299'] : list).map((text, index) => {
    const [, first = '', last = first] = /^([1-9]\d\d)(?:-([1-9]\d\d))?$/.exec(text.trim()) ?? []
    return first === ''
      ? refuse([...one.path, 'accepted_statuscodes', index], 'expected a status or a range of them', text)
      : ([Number(first), Number(last)] as const)
  })
  const all = statusesWhere((status) => isWithin(ranges, status))
  return follows ? withoutRedirects(all) : all
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

interface Wanted {
  readonly contains: string | null
  readonly json: readonly string[]
}

/** What has to be in the answer, or in words why that cannot be said. */
function wantedOf(type: string, one: Members): Wanted | string {
  if (type === 'keyword') {
    const keyword = one.text('keyword')
    if (keyword === '') return 'it looks for no text'
    if (one.flag('invertKeyword', false))
      return 'it is well while a text is missing, which no check can ask for'
    return { contains: keyword, json: [] }
  }
  return type === 'json-query' ? jsonOf(one) : { contains: null, json: [] }
}

/** Of JSONata the plain paths, compared with a value. */
function jsonOf(one: Members): Wanted | string {
  const query = one.text('jsonPath').trim()
  const steps =
    /^\$?\.?((?:[A-Za-z_]\w*|`[^`"\\]{1,200}`|\[\d{1,9}\])(?:\.[A-Za-z_]\w*|\.?`[^`"\\]{1,200}`|\[\d{1,9}\])*)?$/.exec(
      query,
    )
  if (steps === null || query === '')
    return `its query ${JSON.stringify(query.slice(0, 60))} is more than a path`
  const path = [...(steps[1] ?? '').matchAll(/`([^`]+)`|\[(\d+)\]|(\w+)/g)]
    .map(([, quoted, place, name]) =>
      place !== undefined ? `[${place}]` : quoted !== undefined ? `["${quoted}"]` : `.${name}`,
    )
    .join('')
  const operator = one.text('jsonPathOperator') || '=='
  if (!['==', '!=', '<', '<=', '>', '>='].includes(operator))
    return `it compares by ${operator.slice(0, 20)}, which no check does`
  return {
    contains: null,
    json: [`${path === '' ? '.' : path} ${operator} ${literal(one.text('expectedValue'))}`],
  }
}
