import { sql } from 'kysely'
import type { Appender } from '../../store/appender.ts'
import type { Store } from '../../store/open.ts'
import { recordColumns, recordValues, type AuditRecord } from './audit-record.ts'

/**
 * Rows of the audit trail in and out. Its writes take no `Change`: they are what a `Change` proves.
 * Every method throws `store-unavailable` or `store-damaged` where the database does.
 */
export class AuditStore {
  readonly #store: Store
  readonly #append: Appender

  constructor(store: Store) {
    this.#store = store
    this.#append = store.appender('audit_records', recordColumns, 'beside')
  }

  /** All or none; durable when it settles. After an error they may be there all the same. */
  append(records: readonly AuditRecord[]): Promise<void> {
    return this.#append(records.map(recordValues))
  }

  /** Makes all that can be read here durable, also what a crash or a failed commit left in doubt. */
  settle(): Promise<void> {
    return this.#store.settle()
  }

  async last(): Promise<AuditRecord | undefined> {
    return this.#records().orderBy('sequence', 'desc').limit(1).executeTakeFirst()
  }

  async at(sequence: number): Promise<AuditRecord | undefined> {
    return this.#records().where('sequence', '=', sequence).executeTakeFirst()
  }

  /** Records after a sequence, in order. */
  async after(sequence: number, limit: number): Promise<readonly AuditRecord[]> {
    return this.#records().where('sequence', '>', sequence).orderBy('sequence').limit(limit).execute()
  }

  /** Chain hashes after a sequence, in order. */
  async hashesAfter(
    sequence: number,
    limit: number,
  ): Promise<readonly Pick<AuditRecord, 'sequence' | 'hash'>[]> {
    return this.#store.kysely
      .selectFrom('audit_records')
      .select(['sequence', 'hash'])
      .where('sequence', '>', sequence)
      .orderBy('sequence')
      .limit(limit)
      .execute()
  }

  /** The records of these intents and their outcomes, in order. */
  async ofIntents(intents: readonly number[]): Promise<readonly AuditRecord[]> {
    const list = sql`(select value from json_each(${JSON.stringify(intents)}))`
    return this.#records()
      .where((where) => where.or([sql<boolean>`sequence in ${list}`, sql<boolean>`intent in ${list}`]))
      .orderBy('sequence')
      .execute()
  }

  /** Sequences of the intents after a sequence that have no outcome, in order. */
  async openIntents(after: number): Promise<readonly number[]> {
    const rows = await this.#store.kysely
      .selectFrom('audit_records as intent')
      .leftJoin('audit_records as outcome', (join) =>
        join
          .onRef('outcome.intent', '=', 'intent.sequence')
          .onRef('outcome.sequence', '>', 'intent.sequence'),
      )
      .select('intent.sequence')
      .where('intent.sequence', '>', after)
      .where('intent.kind', '=', 'intent')
      .where('outcome.sequence', 'is', null)
      .orderBy('intent.sequence')
      .execute()
    return rows.map((row) => row.sequence)
  }

  #records() {
    return this.#store.kysely.selectFrom('audit_records').selectAll()
  }
}
