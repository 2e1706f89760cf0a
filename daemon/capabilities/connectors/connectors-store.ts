import type { ConnectorFault, ConnectorStatus, ConnectorTls } from '#contract/connectors.ts'
import type { Change } from '../../kernel/execute.ts'
import type { Store } from '../../store/open.ts'

/** A connector that a person added. */
export interface AddedConnector {
  readonly name: string
  readonly url: string
  /** Where the password comes from. */
  readonly password: string | null
  readonly tls: ConnectorTls
  readonly ca: string | null
  /** ISO 8601 UTC with milliseconds, as are all times here. */
  readonly addedAt: string
}

/** How a test of a connector went. */
export interface StoredTest {
  /** Empty for a person's own. */
  readonly app: string
  readonly name: string
  /** Of what was tested: another one means that something was changed since. */
  readonly fingerprint: string
  readonly status: Exclude<ConnectorStatus, 'unknown'>
  readonly fault: ConnectorFault | null
  readonly reason: string | null
  readonly advice: string | null
  readonly latencyMs: number | null
  readonly version: string | null
  readonly testedAt: string
}

/** Connectors and their last tests as rows. Every method settles when it is durable; each throws what the store does. */
export class ConnectorsStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  async list(): Promise<readonly AddedConnector[]> {
    const rows = await this.#store.kysely.selectFrom('connectors').selectAll().orderBy('name').execute()
    return rows.map(({ added_at, ...row }) => ({ ...row, addedAt: added_at }))
  }

  async tests(): Promise<readonly StoredTest[]> {
    const rows = await this.#store.kysely.selectFrom('connector_tests').selectAll().execute()
    return rows.map(({ latency_ms, tested_at, ...row }) => ({
      ...row,
      latencyMs: latency_ms,
      testedAt: tested_at,
    }))
  }

  /** @throws Failure `conflict` when the name is taken. */
  async add(_change: Change, { addedAt, ...connector }: AddedConnector): Promise<void> {
    await this.#store.kysely
      .insertInto('connectors')
      .values({ ...connector, added_at: addedAt })
      .execute()
  }

  /** With its test. */
  async remove(_change: Change, name: string): Promise<void> {
    await this.#store.kysely.transaction().execute(async (transaction) => {
      await transaction.deleteFrom('connectors').where('name', '=', name).execute()
      await transaction.deleteFrom('connector_tests').where('app', '=', '').where('name', '=', name).execute()
    })
  }

  /** In place of the test before. */
  async saveTest(_change: Change, { latencyMs, testedAt, ...test }: StoredTest): Promise<void> {
    const row = { ...test, latency_ms: latencyMs, tested_at: testedAt }
    await this.#store.kysely
      .insertInto('connector_tests')
      .values(row)
      .onConflict((conflict) => conflict.columns(['app', 'name']).doUpdateSet(row))
      .execute()
  }
}
