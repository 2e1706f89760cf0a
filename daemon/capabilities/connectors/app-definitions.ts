import { resolve } from 'node:path'
import type { ConnectorTls } from '#contract/connectors.ts'
import { substitute } from '../../config/config-variables.ts'
import type { DatasourceConfig } from '../../config/datasources.ts'
import { defaultPorts, type Definition } from './definition.ts'

/** What one app's configuration says of databases. */
export interface AppDatasources {
  readonly app: string
  readonly folder: string
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly datasources: readonly DatasourceConfig[]
}

/** The connectors that an app's datasources make. */
export const appDefinitions = (of: AppDatasources): readonly Definition[] =>
  of.datasources.map((datasource) => definitionOf(of, datasource))

function definitionOf({ app, folder, variables }: AppDatasources, datasource: DatasourceConfig): Definition {
  const { name, driver, password, file, line } = datasource
  const problems: string[] = []
  const value = (key: 'host' | 'port' | 'database' | 'user' | 'sslmode'): string | null => {
    const written = datasource[key]
    if (written === null) return null
    const { text, problems: found } = substitute(written, variables, false)
    problems.push(...found.map(({ message }) => `${key}: ${message}`))
    return text === '' ? null : text
  }
  const common = { name, app, password, variables, file, line, ca: null }
  const database = value('database')
  if (driver === 'sqlite') {
    if (database === null) problems.push('database: expected the path of a file')
    const path = database === null || database === ':memory:' ? database : resolve(folder, database)
    const nothing = { host: null, port: null, user: null, tls: 'off' } as const
    return { ...common, ...nothing, type: driver, database: path, problem: problems[0] ?? null }
  }
  const port = value('port') ?? String(defaultPorts[driver])
  if (problems.length === 0 && !isPort(port)) problems.push('port: expected a number from 1 to 65535')
  return {
    ...common,
    type: driver,
    host: value('host') ?? 'localhost',
    port: isPort(port) ? Number(port) : null,
    database,
    user: value('user'),
    tls: tlsOf(value('sslmode')),
    problem: problems[0] ?? null,
  }
}

const isPort = (text: string): boolean =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535

/** As PostgreSQL's own clients understand it: `require` asks for TLS and checks nobody's certificate. */
export function tlsOf(sslmode: string | null): ConnectorTls {
  if (sslmode === 'require') return 'unverified'
  return sslmode === 'verify-ca' || sslmode === 'verify-full' ? 'on' : 'off'
}
