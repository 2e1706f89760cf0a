import type { StatusRange } from './config-shapes.ts'
import type { Evidence, ParsedCheck, ParsedHealth, TcpAddress } from './health-schema.ts'
import type { JsonCondition } from './json-condition.ts'

/** What `health` of an app or of an environment says; null where nothing is said. */
export interface HealthConfig extends CheckTiming {
  readonly enabled: boolean
  /** Of a check without a name of its own; its path or address is null when only other checks are named. */
  readonly http: HttpTarget
  readonly checks: readonly CheckConfig[]
  /** Where heartbeats of the app's own check are sent: a URL, or `secret:NAME`. */
  readonly push: string | null
  readonly kuma: KumaConfig | null
  readonly pauses: readonly PauseConfig[]
  /** Null where nothing is said of it. */
  readonly notify: NotifyConfig | null
}

/** An Uptime Kuma, of which monitors are shown. */
export interface KumaConfig {
  readonly url: string
  /** The slug of its status page; null when its metrics are read. */
  readonly statusPage: string | null
  /** `secret:NAME` of an API key, for its metrics. */
  readonly key: string | null
  /** Names of those that are shown; null: all. */
  readonly monitors: readonly string[] | null
  readonly intervalMs: number
}

/** When checks are not made, again and again. */
export interface PauseConfig {
  /** Five fields of cron: when one begins. */
  readonly schedule: string
  /** Of the IANA database; null: that of this machine. */
  readonly timezone: string | null
  readonly forMs: number
  /** Names of checks; null: all. */
  readonly checks: readonly string[] | null
}

/** What is called when an incident is opened, acknowledged or resolved. */
export interface NotifyConfig {
  readonly webhook: WebhookConfig | null
  readonly command: string | null
}

export interface WebhookConfig {
  /** An address, or `secret:NAME`. */
  readonly url: string
  /** A value may be `secret:NAME`. */
  readonly headers: Readonly<Record<string, string>>
  /** JSON with places such as `{{text}}`; null: all there is to say. */
  readonly body: string | null
}

/** One check that has a name. */
export interface CheckConfig extends CheckTiming {
  readonly name: string
  readonly target: CheckTarget
  /** Where its heartbeats are sent: a URL, or `secret:NAME`. */
  readonly push: string | null
}

/** When a check is made, and what counts as evidence; times in ms. */
export interface CheckTiming {
  readonly intervalMs: number | null
  readonly timeoutMs: number | null
  readonly retries: number | null
  readonly jitterMs: number | null
  readonly failures: Evidence | null
  readonly successes: Evidence | null
  readonly degradedAboveMs: number | null
  readonly severity: 'critical' | 'warning' | null
}

/** What is asked over HTTP. */
export interface HttpTarget {
  /** Of the app itself; null when there is an address, or neither. */
  readonly path: string | null
  readonly url: string | null
  readonly method: string
  /** A value may be `secret:NAME`. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  readonly expect: readonly StatusRange[] | null
  readonly contains: string | null
  readonly json: readonly JsonCondition[]
  /** How many are followed. */
  readonly redirects: number
  readonly verifyCertificate: boolean
  /** A certificate that ends within this time makes the check degraded. */
  readonly certificateWarningMs: number
}

export type CheckTarget =
  | ({ readonly kind: 'http' } & HttpTarget)
  | ({ readonly kind: 'tcp' } & TcpAddress)
  /** The port that the app was given. */
  | { readonly kind: 'port' }
  | { readonly kind: 'process' }
  | { readonly kind: 'container'; readonly container: string }
  | { readonly kind: 'database'; readonly database: string }
  | { readonly kind: 'command'; readonly command: string }

const usualKumaMs = 60_000
const usualRedirects = 5
const usualWarningMs = 14 * 86_400_000

/** @param health - as it was parsed; nothing of it where there is none. */
export const toHealth = (health: NonNullable<ParsedHealth>): HealthConfig => ({
  enabled: health.enabled ?? true,
  ...timingOf(health),
  http: httpOf(health),
  checks: Object.entries(health.checks ?? {}).map(([name, check]) => ({
    name,
    ...timingOf(check),
    target: targetOf(check),
    push: check.push ?? null,
  })),
  push: health.push ?? null,
  kuma: kumaOf(health.kuma ?? null),
  pauses: (health.pauses ?? []).map((pause) => ({
    schedule: pause.schedule,
    timezone: pause.timezone ?? null,
    forMs: pause.for,
    checks: pause.checks ?? null,
  })),
  notify: notifyOf(health.notify ?? null),
})

const kumaOf = (said: NonNullable<ParsedHealth['kuma']> | null): KumaConfig | null =>
  said && {
    url: said.url,
    statusPage: said.statusPage ?? null,
    key: said.key ?? null,
    monitors: said.monitors ?? null,
    intervalMs: said.interval ?? usualKumaMs,
  }

const notifyOf = (notify: NonNullable<ParsedHealth['notify']> | null): NotifyConfig | null =>
  notify === null
    ? null
    : {
        webhook: notify.webhook
          ? {
              url: notify.webhook.url,
              headers: notify.webhook.headers ?? {},
              body: notify.webhook.body ?? null,
            }
          : null,
        command: notify.command ?? null,
      }

const timingOf = (said: ParsedHealth | ParsedCheck): CheckTiming => ({
  intervalMs: said.interval ?? null,
  timeoutMs: said.timeout ?? null,
  retries: said.retries ?? null,
  jitterMs: said.jitter ?? null,
  failures: said.failures ?? null,
  successes: said.successes ?? null,
  degradedAboveMs: said.degradedAbove ?? null,
  severity: said.severity ?? null,
})

const httpOf = (said: ParsedHealth | ParsedCheck): HttpTarget => ({
  path: said.path ?? null,
  url: said.url ?? null,
  method: said.method ?? 'GET',
  headers: said.headers ?? {},
  body: said.body ?? null,
  expect: said.expect ?? null,
  contains: said.contains ?? null,
  json: said.json ?? [],
  redirects: said.redirects ?? usualRedirects,
  verifyCertificate: said.verifyCertificate ?? true,
  certificateWarningMs: said.certificateWarning ?? usualWarningMs,
})

/** The schema has seen to it that exactly one of these is there. */
function targetOf(check: ParsedCheck): CheckTarget {
  const { tcp, container, database, command } = check
  if (tcp) return { kind: 'tcp', ...tcp }
  if (container) return { kind: 'container', container }
  if (database) return { kind: 'database', database }
  if (command) return { kind: 'command', command }
  if (check.process) return { kind: 'process' }
  if (check.port) return { kind: 'port' }
  return { kind: 'http', ...httpOf(check) }
}
