import type { ConnectorDetail, ConnectorRow } from '#contract/connectors.ts'
import type { StoredTest } from './connectors-store.ts'
import { addressOf, referenceOf, type Definition } from './definition.ts'

/** @param test - how the last test of exactly this went; null when it was never tested like this. */
export const connectorRow = (definition: Definition, test: StoredTest | null): ConnectorRow => ({
  name: definition.name,
  type: definition.type,
  scope: definition.app === null ? 'user' : 'app',
  app: definition.app,
  file: definition.file,
  line: definition.line,
  address: addressOf(definition),
  status: test?.status ?? 'unknown',
  testedAt: test?.testedAt ?? null,
  latencyMs: test?.latencyMs ?? null,
  fault: test?.fault ?? null,
  reason: test?.reason ?? null,
  advice: test?.advice ?? null,
  version: test?.version ?? null,
})

export const connectorDetail = (definition: Definition, row: ConnectorRow): ConnectorDetail => ({
  ...row,
  host: definition.host,
  port: definition.port,
  database: definition.type === 'http' ? null : definition.database,
  user: definition.user,
  password: referenceOf(definition.password),
  tls: definition.tls,
})
