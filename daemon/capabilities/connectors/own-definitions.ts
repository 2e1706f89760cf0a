import { isAbsolute } from 'node:path'
import type { ConnectorTls, ConnectorType } from '#contract/connectors.ts'
import { Failure } from '#base/failure.ts'
import { tlsOf } from './app-definitions.ts'
import { defaultPorts, type Definition } from './definition.ts'

/** What a person says of a connector of their own. */
export interface OwnConnector {
  readonly name: string
  readonly url: string
  readonly password: string | null
  readonly tls: ConnectorTls
  readonly ca: string | null
}

const types: Readonly<Record<string, readonly [type: ConnectorType, withTls: boolean]>> = {
  'sqlite:': ['sqlite', false],
  'file:': ['sqlite', false],
  'postgres:': ['postgresql', false],
  'postgresql:': ['postgresql', false],
  'mysql:': ['mysql', false],
  'mariadb:': ['mysql', false],
  'redis:': ['redis', false],
  'rediss:': ['redis', true],
  'http:': ['http', false],
  'https:': ['http', true],
  'amqp:': ['rabbitmq', false],
  'amqps:': ['rabbitmq', true],
}
const tlsPorts: Readonly<Partial<Record<ConnectorType, number>>> = { http: 443, rabbitmq: 5671 }

/** How TLS is to be spoken: as it is asked for, else as the address says. @throws Failure `invalid-params`. */
export function ownTls(address: string, asked: ConnectorTls | null): ConnectorTls {
  const { url, type, withTls } = parse(address)
  if (asked === null) return withTls ? 'on' : tlsOf(url.searchParams.get('sslmode'))
  if (withTls && asked === 'off') throw wrong(`${url.protocol} always speaks TLS`)
  if (type === 'http' && !withTls && asked !== 'off') throw wrong('HTTP with TLS is written https:')
  if (type === 'sqlite' && asked !== 'off') throw wrong('a file is not spoken to with TLS')
  return asked
}

/** @throws Failure `invalid-params` when the address is none. */
export function ownDefinition(connector: OwnConnector, variables: Definition['variables']): Definition {
  const { name, password, tls, ca } = connector
  const { url, type, withTls } = parse(connector.url)
  const common = {
    name,
    app: null,
    type,
    password,
    tls,
    ca,
    variables,
    problem: null,
    file: null,
    line: null,
  }
  if (type === 'sqlite') {
    const path = decode(url.pathname.replace(/^\/\/+/, '/').replace(/^\/(?=[A-Za-z]:)/, ''))
    if (!isAbsolute(path))
      throw wrong('expected the absolute path of a file, such as sqlite:/srv/shop/data.db')
    return { ...common, host: null, port: null, database: path, user: null }
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (host === '') throw wrong('it names no host')
  const usual = (withTls ? tlsPorts[type] : undefined) ?? defaultPorts[type]
  return {
    ...common,
    host: decode(host),
    port: url.port === '' ? usual : Number(url.port),
    database: type === 'http' ? `${url.pathname}${url.search}` : decode(url.pathname.slice(1)) || null,
    user: decode(url.username) || null,
  }
}

function parse(address: string): {
  readonly url: URL
  readonly type: ConnectorType
  readonly withTls: boolean
} {
  if (!URL.canParse(address)) throw wrong('it cannot be read as a URL')
  const url = new URL(address)
  const [type, withTls] = types[url.protocol] ?? []
  if (type === undefined || withTls === undefined) throw wrong(`${url.protocol} is not known`)
  if (url.password !== '') throw wrong('a password must not stand in it: keep it as a secret')
  return { url, type, withTls }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong('a % in it is not followed by two hexadecimal digits')
  }
}

const wrong = (what: string): Failure => new Failure('invalid-params', `The address cannot be used: ${what}`)
