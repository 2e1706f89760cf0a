import type { Severity } from '#contract/health.ts'
import type { ExportedCheck } from '../../exchange/gatus-export.ts'
import type {
  CheckTarget,
  CheckTiming,
  HealthConfig,
  HttpTarget,
  PauseConfig,
} from '../../config/health-config.ts'
import type { AppHealth } from './app-health.ts'
import type { EvidenceRule } from './check-machine.ts'

/** What is asked; `container` without a name means all of the app. */
export type PlannedTarget =
  | Exclude<CheckTarget, { kind: 'container' }>
  | { readonly kind: 'container'; readonly container: string | null }

/** One check as it is made: nothing is left open. Times in ms. */
export interface PlannedCheck {
  /** Unlike that of any other check. */
  readonly key: string
  readonly app: string
  /** Null for this machine. */
  readonly environment: string | null
  readonly check: string
  readonly source: 'config' | 'found'
  readonly target: PlannedTarget
  readonly rule: EvidenceRule
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly retries: number
  readonly jitterMs: number
  readonly degradedAboveMs: number | null
  readonly severity: Severity
  /** Where heartbeats are sent: a URL, or `secret:NAME`; null: nowhere. */
  readonly push: string | null
  /** It is made also while the app does not run: it names an address of its own. */
  readonly always: boolean
  readonly pauses: readonly PauseWindow[]
}

/** When it is not made, again and again. */
export type PauseWindow = Omit<PauseConfig, 'checks'>

export const keyOf = (app: string, environment: string | null, check: string): string =>
  `${app}\n${environment ?? ''}\n${check}`

const usual = { intervalMs: 10_000, timeoutMs: 2000, failures: 3, successes: 2 } as const
/** What costs a process is not done as often. */
const intervals: Readonly<Partial<Record<CheckTarget['kind'], number>>> = { process: 5000, database: 60_000 }
const timeouts: Readonly<Partial<Record<CheckTarget['kind'], number>>> = { database: 10_000, command: 10_000 }
/** What the system or an engine says of a process or container is sure, and needs no second look. */
const sure: ReadonlySet<CheckTarget['kind']> = new Set(['process', 'container'])

type Named = Pick<PlannedCheck, 'app' | 'environment' | 'check' | 'source' | 'target'> &
  Partial<Pick<PlannedCheck, 'push'>>

/** What is checked of an app: what its configuration names, and what goes without saying. Pure. */
export function planChecks(app: AppHealth): readonly PlannedCheck[] {
  if (app.broken) return []
  const own = app.health?.enabled === false ? [] : ownChecks(app)
  return [
    ...own.map((check) => withPauses(check, app.health)),
    ...app.environments.flatMap((one) =>
      elsewhere(app.app, one).map((check) => withPauses(check, one.health)),
    ),
  ]
}

const withPauses = (check: PlannedCheck, health: HealthConfig | null): PlannedCheck => ({
  ...check,
  pauses: (health?.pauses ?? []).flatMap(({ checks, ...window }) =>
    checks === null || checks.includes(check.check) ? [window] : [],
  ),
})

function ownChecks(app: AppHealth): readonly PlannedCheck[] {
  const { health } = app
  const named = (health?.checks ?? []).map((one) =>
    planned(
      {
        app: app.app,
        environment: null,
        check: one.name,
        source: 'config',
        target: one.target,
        push: one.push,
      },
      one,
      health,
    ),
  )
  const names = new Set(named.map(({ check }) => check))
  const own = found(app)
  const all = [...own.filter(({ check }) => !names.has(check)), ...named]
  // What the app itself has to push is what its foremost check finds.
  return all.map((one) =>
    one.check === own[0]?.check ? { ...one, push: one.push ?? health?.push ?? null } : one,
  )
}

/** What goes without saying. */
function found(app: AppHealth): readonly PlannedCheck[] {
  const { health, path, composed, takesPort, containers } = app
  const of = (check: string, target: PlannedTarget, source: 'config' | 'found'): PlannedCheck =>
    planned({ app: app.app, environment: null, check, source, target }, health, null)
  const address = health?.http.url ?? null
  const http: HttpTarget | null =
    address !== null || path !== null ? { ...(health?.http ?? plainHttp), path: path?.value ?? null } : null
  return [
    ...(http === null
      ? []
      : [
          of(
            'http',
            { kind: 'http', ...http, ...(address === null ? {} : { path: null }) },
            address !== null || path?.source === 'config' ? 'config' : 'found',
          ),
        ]),
    ...(http === null && takesPort && !composed ? [of('port', { kind: 'port' }, 'found')] : []),
    ...(composed ? [] : [of('process', { kind: 'process' }, 'found')]),
    ...(composed || containers.length > 0
      ? [of('containers', { kind: 'container', container: null }, 'found')]
      : []),
  ]
}

const plainHttp: HttpTarget = {
  path: null,
  url: null,
  method: 'GET',
  headers: {},
  body: null,
  expect: null,
  contains: null,
  json: [],
  redirects: 5,
  verifyCertificate: true,
  certificateWarningMs: 14 * 86_400_000,
}

/** Of an environment, what names an address: where else it runs is not known here. */
function elsewhere(
  app: string,
  { name: environment, health }: { readonly name: string; readonly health: HealthConfig },
): readonly PlannedCheck[] {
  if (!health.enabled) return []
  const named = health.checks.map((one) =>
    planned(
      { app, environment, check: one.name, source: 'config', target: one.target, push: one.push },
      one,
      health,
    ),
  )
  const http: PlannedTarget = { kind: 'http', ...health.http }
  const own =
    health.http.url === null
      ? []
      : [
          planned(
            { app, environment, check: 'http', source: 'config', target: http, push: health.push },
            health,
            null,
          ),
        ]
  return [...own, ...named].filter(({ always }) => always)
}

const inARow = (count: number) => ({ count, of: count })

/** @param otherwise - what counts where the check itself says nothing. */
function planned(named: Named, said: CheckTiming | null, otherwise: CheckTiming | null): PlannedCheck {
  const { kind } = named.target
  const or = <K extends keyof CheckTiming>(key: K): CheckTiming[K] | null =>
    said?.[key] ?? otherwise?.[key] ?? null
  // What was said for pages is not said for the processes and containers that are found beside them.
  const isSure = sure.has(kind) && named.source === 'found'
  const intervalMs =
    (kind === 'process' && isSure ? null : or('intervalMs')) ?? intervals[kind] ?? usual.intervalMs
  return {
    key: keyOf(named.app, named.environment, named.check),
    ...named,
    push: named.push ?? null,
    rule: {
      failures: (isSure ? null : or('failures')) ?? inARow(sure.has(kind) ? 1 : usual.failures),
      successes: or('successes') ?? inARow(usual.successes),
    },
    intervalMs,
    timeoutMs: or('timeoutMs') ?? timeouts[kind] ?? usual.timeoutMs,
    retries: or('retries') ?? 0,
    jitterMs: or('jitterMs') ?? intervalMs / 10,
    degradedAboveMs: or('degradedAboveMs'),
    severity: or('severity') ?? 'critical',
    always: (named.target.kind === 'http' && named.target.url !== null) || named.target.kind === 'tcp',
    pauses: [],
  }
}

/** Whom it is asked of, and how many at once. */
export function laneOf({ target, app }: PlannedCheck): { readonly lane: string; readonly most: number } {
  switch (target.kind) {
    case 'http':
      return { lane: target.url === null ? `app ${app}` : new URL(target.url).hostname, most: 32 }
    case 'tcp':
      return { lane: target.host, most: 32 }
    case 'port':
      return { lane: `app ${app}`, most: 32 }
    case 'database':
      return { lane: 'database', most: 2 }
    case 'command':
      return { lane: 'command', most: 4 }
    case 'process':
    case 'container':
      return { lane: 'machine', most: 32 }
  }
}

/** What is checked, for a person; without queries, which may hold what is nobody's business. @param port - of the app. */
export function targetText({ target, app }: PlannedCheck, port: number | null): string {
  switch (target.kind) {
    case 'http':
      return `${target.method} ${withoutQuery(addressOf(target, port) ?? target.path ?? '/')}`
    case 'tcp':
      return `TCP ${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`
    case 'port':
      return port === null ? `the port of ${app}` : `TCP localhost:${port}`
    case 'process':
      return `the process of ${app}`
    case 'container':
      return target.container === null ? `the containers of ${app}` : `the container ${target.container}`
    case 'database':
      return `the datasource ${target.database}`
    case 'command':
      return `the command ${target.command.split('\n', 1)[0]?.slice(0, 200) ?? ''}`
  }
}

/** What is checked that is not the app itself; null of its own pages, port and processes. */
export const foreignTarget = (plan: PlannedCheck): string | null => {
  const { target } = plan
  const isOwn =
    target.kind === 'process' || target.kind === 'port' || (target.kind === 'http' && target.url === null)
  return isOwn ? null : targetText(plan, null)
}

/** Where it is asked; null while nobody knows. */
export function addressOf({ url, path }: HttpTarget, port: number | null): string | null {
  if (url !== null) return url
  return port === null || path === null ? null : `http://localhost:${port}${path}`
}

export const withoutQuery = (address: string): string => address.replace(/[?#].*$/s, '')

/** As it is told to others. @param port - of the app. */
export function exportedCheck(plan: PlannedCheck, port: number | null): ExportedCheck {
  const { target } = plan
  const host = target.kind === 'tcp' && target.host.includes(':') ? `[${target.host}]` : null
  const address =
    target.kind === 'http'
      ? addressOf(target, port)
      : target.kind === 'tcp'
        ? `tcp://${host ?? target.host}:${target.port}`
        : target.kind === 'port' && port !== null
          ? `tcp://localhost:${port}`
          : null
  return { ...plan, target: target.kind === 'container' ? { kind: 'container' } : target, address }
}
