import type { HistoryKind, HistoryRow, HistoryTurn } from '#contract/history.ts'
import { isoTime } from '#base/clock.ts'
import type { Store } from '../../store/open.ts'
import type { KeptFolder } from './app-folder.ts'
import type { Seen } from './seen.ts'

/** So many rows are kept, and for so long. */
const mostRows = 20_000
const mostAgeMs = 30 * 86_400_000
/** SQLite takes some 32,000 values in a statement. */
const rowsAtOnce = 500

/**
 * What was seen to happen, as rows. Nobody changed anything by seeing it, so no change is asked for; a loss of power may
 * take the last of it away.
 */
export class HistoryStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** What is there already stays as it is. */
  async add(seen: readonly Seen[], now: number): Promise<void> {
    await this.#store.passing(async (db) => {
      for (let at = 0; at < seen.length; at += rowsAtOnce)
        await db
          .insertInto('history')
          .values(
            // The number is the row's own, which SQLite gives.
            seen
              .slice(at, at + rowsAtOnce)
              .map(({ names, ...one }) => ({ ...one, names: JSON.stringify(names) }) as never),
          )
          .onConflict((conflict) => conflict.doNothing())
          .execute()
      await db
        .deleteFrom('history')
        .where((where) =>
          where.or([
            where('at', '<', now - mostAgeMs),
            where(
              'id',
              '<=',
              where.selectFrom('history').select('id').orderBy('id', 'desc').offset(mostRows).limit(1),
            ),
          ]),
        )
        .execute()
    })
  }

  /** Newest first. @param app - with what is nobody's; undefined for all. */
  async list(
    app: string | undefined,
    since: number,
    until: number,
    limit: number,
  ): Promise<readonly HistoryRow[]> {
    let query = this.#store.kysely
      .selectFrom('history')
      .selectAll()
      .where('at', '>=', since)
      .where('at', '<=', until)
    if (app !== undefined)
      query = query.where((where) => where.or([where('app', '=', app), where('app', 'is', null)]))
    const rows = await query.orderBy('at', 'desc').orderBy('id', 'desc').limit(limit).execute()
    return rows.map(({ key: _key, id, kind, turn, at, after, names, ...row }) => ({
      id,
      kind: kind as HistoryKind,
      turn: turn as HistoryTurn,
      at: isoTime(at),
      after: after === null ? null : isoTime(after),
      ...row,
      names: JSON.parse(names) as readonly string[],
    }))
  }

  async folder(folder: string): Promise<KeptFolder | null> {
    const row = await this.#store.kysely
      .selectFrom('history_folders')
      .selectAll()
      .where('folder', '=', folder)
      .executeTakeFirst()
    if (row === undefined) return null
    const said = JSON.parse(row.said) as Omit<KeptFolder, 'lookedAt'>
    return { ...said, lookedAt: row.looked_at }
  }

  async saveFolder(folder: string, { lookedAt, ...said }: KeptFolder): Promise<void> {
    await this.#store.passing((db) =>
      db
        .replaceInto('history_folders')
        .values({ folder, looked_at: lookedAt, said: JSON.stringify(said) })
        .execute(),
    )
  }
}
