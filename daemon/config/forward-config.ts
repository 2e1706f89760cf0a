import type { ForwardKind, LogLevel } from '#contract/log-words.ts'
import type { ParsedConfig } from './config-schema.ts'

/** Where logs are sent. Values that let us in may be names of secrets, as `secret:NAME`. */
export interface ForwardConfig {
  readonly kind: ForwardKind
  /** What is posted to, as a whole. */
  readonly url: string
  readonly tenant: string | null
  readonly token: string | null
  readonly user: string | null
  readonly password: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly level: LogLevel | null
}

type Admin = NonNullable<ParsedConfig['admin']>
export type ParsedForward = NonNullable<NonNullable<Admin['logs']>['forward']>

/** What the protocols name their paths. */
const paths: Readonly<Record<ForwardKind, string>> = { loki: '/loki/api/v1/push', otlp: '/v1/logs' }

/** @returns null where nothing is to be sent. The address was found to be one. */
export function forwardOf(forward: ParsedForward | null): ForwardConfig | null {
  if (forward === null) return null
  const { kind, url, tenant, token, user, password, headers, labels, level } = forward
  return {
    kind,
    url: addressOf(kind, url),
    tenant: tenant ?? null,
    token: token ?? null,
    user: user ?? null,
    password: password ?? null,
    headers: headers ?? {},
    labels: labels ?? {},
    level: level ?? null,
  }
}

function addressOf(kind: ForwardKind, url: string): string {
  const at = new URL(url)
  const given = at.pathname.replace(/\/+$/, '')
  at.pathname = given.endsWith(paths[kind]) ? given : `${given}${paths[kind]}`
  return at.href
}
