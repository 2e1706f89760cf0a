import type { HookKind } from '#contract/health.ts'
import type { Change } from '../../kernel/execute.ts'
import type { Store } from '../../store/open.ts'
import type { HookEvent } from './hook-message.ts'

/** Something that is still to be told of an incident, to one hook. */
export interface StoredNotice {
  /** The order in which it happened. */
  readonly sequence: number
  readonly incident: number
  readonly event: Exclude<HookEvent, 'test'>
  readonly hook: HookKind
  readonly waitedMs: number
  /** Null when the incident is gone. */
  readonly app: string | null
  /** Empty for this machine. */
  readonly environment: string | null
}

/**
 * What is still to be told, which the store itself adds to as incidents change (migrations/011-incident-notices.ts). Nobody
 * waits for the disk: what a loss of power takes back is told again.
 */
export class HookStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** Oldest first. @param after - the last sequence that is known. */
  async notices(after: number, most: number): Promise<readonly StoredNotice[]> {
    const rows = await this.#store.kysely
      .selectFrom('incident_notices')
      .leftJoin('incidents', 'incidents.number', 'incident_notices.incident')
      .select(['sequence', 'incident', 'event', 'hook', 'waited_ms', 'app', 'environment'])
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(most)
      .execute()
    return rows.map(({ waited_ms, ...row }) => ({ ...row, waitedMs: waited_ms }))
  }

  async waited(_change: Change, sequence: number, waitedMs: number): Promise<void> {
    await this.#store.passing((db) =>
      db
        .updateTable('incident_notices')
        .set({ waited_ms: waitedMs })
        .where('sequence', '=', sequence)
        .execute(),
    )
  }

  /** Nothing more is to be done for it. */
  async done(_change: Change, sequence: number): Promise<void> {
    await this.#store.passing((db) =>
      db.deleteFrom('incident_notices').where('sequence', '=', sequence).execute(),
    )
  }
}
