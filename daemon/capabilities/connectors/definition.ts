import { createHash } from 'node:crypto'
import type { ConnectorTls, ConnectorType } from '#contract/connectors.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** A connector as it is configured, whoever did so. The password is not resolved, and may be one itself. */
export interface Definition {
  readonly name: string
  /** Null for a person's own. */
  readonly app: string | null
  readonly type: ConnectorType
  readonly host: string | null
  readonly port: number | null
  /** As adapters/connectors/prober.ts has it. */
  readonly database: string | null
  readonly user: string | null
  readonly password: string | null
  readonly tls: ConnectorTls
  readonly ca: string | null
  /** What the password's variable is taken from. */
  readonly variables: Variables
  /** What keeps it from being tested at all, for a person. */
  readonly problem: string | null
  readonly file: string | null
  readonly line: number | null
}

export const defaultPorts: Readonly<Record<Exclude<ConnectorType, 'sqlite'>, number>> = {
  postgresql: 5432,
  mysql: 3306,
  redis: 6379,
  http: 80,
  rabbitmq: 5672,
}

/** Where a connector is found among the others. */
export const keyOf = ({ app, name }: Pick<Definition, 'app' | 'name'>): string =>
  JSON.stringify([app ?? '', name])

const schemes: Readonly<Record<ConnectorType, readonly [plain: string, tls: string]>> = {
  sqlite: ['sqlite', 'sqlite'],
  postgresql: ['postgresql', 'postgresql'],
  mysql: ['mysql', 'mysql'],
  redis: ['redis', 'rediss'],
  http: ['http', 'https'],
  rabbitmq: ['amqp', 'amqps'],
}

/** As a URL without what may be secret in it. */
export function addressOf({ type, host, port, database, user, tls }: Definition): string {
  const scheme = schemes[type][tls === 'off' ? 0 : 1]
  if (type === 'sqlite') return `${scheme}:${database ?? ''}`
  const shownUser = user === null ? '' : `${encodeURIComponent(user)}@`
  const path =
    type === 'http' ? (database ?? '/').replace(/[?#].*$/s, '') : database === null ? '' : `/${database}`
  return `${scheme}://${shownUser}${placeText(host, port)}${path}`
}

/** `localhost:5432`, `[::1]:5432`. */
export function placeText(host: string | null, port: number | null): string {
  const shown = host?.includes(':') === true ? `[${host}]` : (host ?? '?')
  return port === null ? shown : `${shown}:${port}`
}

/** A name of what is tested, in which no password stands: it is stored. */
export function fingerprintOf(definition: Definition, secretChangedAt: string | null): string {
  const { type, host, port, database, user, password, tls, ca, problem } = definition
  const from = referenceOf(password)
  return hash([type, host, port, database, user, from, tls, ca, problem, secretChangedAt])
}

/** What a password is, for comparing within one start of the daemon only: it never leaves the memory. */
export const passwordMark = (password: string | null): string => hash([password])

const hash = (parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url')

/** Where a password comes from, as it may be shown. */
export function referenceOf(password: string | null): string | null {
  if (password === null || password === '') return null
  if (/^secret:[\w.-]+$/.test(password)) return password
  const [variable] = /^\$\{[A-Za-z_]\w*\}$/.exec(password) ?? []
  return variable ?? (/\$\{/.test(password) ? 'a variable in the file' : 'the file itself')
}
