import * as z from 'zod/mini'
import { appName } from './app-param.ts'
import { command, query, type } from './method.ts'
import { passwordReference, plainName } from './reference.ts'

export const connectorTypes = ['sqlite', 'postgresql', 'mysql', 'redis', 'http', 'rabbitmq'] as const
/** `mysql` is MariaDB too. */
export type ConnectorType = (typeof connectorTypes)[number]

/**
 * As of the last test. `disconnected`: nothing answered there. `error`: something answered and the test failed, or there
 * is no way to test it as it is configured. `unknown`: never tested, or changed since.
 */
export type ConnectorStatus = 'connected' | 'disconnected' | 'error' | 'unknown'

/** Why a test failed, for programs; `reason` says it to people. */
export type ConnectorFault =
  | 'nothing-listens'
  | 'host-not-found'
  | 'unreachable'
  | 'timed-out'
  /** The connection was made, and then nothing came. */
  | 'silent'
  | 'closed'
  | 'wrong-protocol'
  | 'too-much-data'
  | 'login-refused'
  | 'password-missing'
  | 'no-database'
  | 'access-refused'
  | 'busy'
  | 'not-ready'
  | 'bad-answer'
  | 'tls-required'
  | 'tls-unsupported'
  | 'tls-untrusted'
  | 'tls-expired'
  | 'tls-wrong-host'
  | 'tls-failed'
  | 'file-missing'
  | 'file-unreadable'
  | 'not-a-database'
  | 'file-busy'
  /** What is configured cannot be used: a variable or secret that is not there, a port that is none. */
  | 'misconfigured'
  /** The address belongs to the machine's cloud or link, and an app's file must not send us there. */
  | 'address-refused'
  | 'failed'

export interface ConnectorRow {
  /** Of its app's datasource, or the name that a person gave it. */
  readonly name: string
  readonly type: ConnectorType
  readonly scope: 'app' | 'user'
  /** Whose datasource it is; null for a person's own. */
  readonly app: string | null
  /** Where it is configured; null for a person's own. */
  readonly file: string | null
  readonly line: number | null
  /** As a URL, without password and query; variables that are not set stay as they are written. */
  readonly address: string
  readonly status: ConnectorStatus
  /** ISO 8601 UTC with milliseconds; null while unknown. */
  readonly testedAt: string | null
  /** From the beginning of the test to the answer that settled it; null unless connected. */
  readonly latencyMs: number | null
  readonly fault: ConnectorFault | null
  /** What is wrong and what to do, for a person; null when nothing is. */
  readonly reason: string | null
  readonly advice: string | null
  /** What the server calls itself, such as `PostgreSQL 16.2`. */
  readonly version: string | null
}

export type ConnectorTls = 'off' | 'on' | 'unverified'

export interface ConnectorDetail extends ConnectorRow {
  readonly host: string | null
  readonly port: number | null
  readonly database: string | null
  readonly user: string | null
  /** Where the password comes from, such as `secret:db` or `${DB_PASSWORD}`; what it is stays where it is. */
  readonly password: string | null
  readonly tls: ConnectorTls
}

const name = z.string().check(z.minLength(1), z.maxLength(200))
const app = z.nullish(appName)

/** Its schemes, and that nothing secret is in it: it is shown, stored and recorded. */
const url = z.string().check(
  z.maxLength(2000),
  z.regex(
    /^(?:sqlite|file|postgres|postgresql|mysql|mariadb|redis|rediss|https?|amqps?):/i,
    'expected an address that begins with sqlite:, postgresql:, mysql:, mariadb:, redis:, rediss:, http:, https:, amqp: or amqps:',
  ),
  z.refine(
    (text) => !/^[a-z]+:\/*[^/?#]*:[^/?#]*@/i.test(text),
    'expected an address without a password: keep it as a secret, and name that as the password',
  ),
)

const longestAuthority = 64 * 1024

const target = (
  action: 'create' | 'delete' | 'test',
  { name: shown, app: of }: { readonly name: string; readonly app?: string | null | undefined },
) => ({
  action,
  resource: { type: 'connector', id: of ? `${of}:${shown}` : shown, name: shown },
  ...(of ? { project: of } : {}),
})

export const connectorsMethods = {
  /** The datasources of all apps that were added, and a person's own. Nothing is tested for it. */
  'connectors.list': query({
    params: z.strictObject({}),
    result: type<{ readonly revision: string; readonly rows: readonly ConnectorRow[] }>(),
    role: 'viewer',
  }),
  'connectors.show': query({
    params: z.strictObject({ name, app }),
    result: type<ConnectorDetail>(),
    role: 'viewer',
  }),
  /**
   * Connects, logs in and disconnects. Answers how it went: a server that refuses is an answer, not an error. It sends
   * a password over the network, which is why it is on the trail and not for everybody.
   */
  'connectors.test': command({
    params: z.strictObject({
      name,
      app,
      /** Milliseconds, all in all. */
      timeoutMs: z.nullish(z.int().check(z.gte(100), z.lte(60_000))),
    }),
    result: type<ConnectorRow>(),
    role: 'operator',
    danger: 'none',
    audit: (params) => target('test', params),
  }),
  /** Who names an address and a secret sends the one to the other, so it takes an admin. */
  'connectors.add': command({
    params: z.strictObject({
      name: plainName,
      url,
      password: z.nullish(passwordReference),
      tls: z.nullish(z.enum(['off', 'on', 'unverified'])),
      /** Certificates that are trusted besides the usual ones, as PEM. */
      ca: z.nullish(
        z
          .string()
          .check(
            z.maxLength(longestAuthority),
            z.regex(/-----BEGIN CERTIFICATE-----/, 'expected certificates as PEM'),
          ),
      ),
    }),
    result: type<ConnectorRow>(),
    role: 'admin',
    danger: 'none',
    audit: ({ name: shown, password }) => ({
      ...target('create', { name: shown }),
      details: { passwordFrom: password ?? null },
    }),
  }),
  /** Forgets one that a person added. */
  'connectors.remove': command({
    params: z.strictObject({ name: plainName }),
    result: type<null>(),
    role: 'admin',
    danger: 'confirm',
    audit: (params) => target('delete', params),
  }),
}
