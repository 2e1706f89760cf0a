import { sql } from 'kysely'
import type { Store } from '../../store/open.ts'

/** A row of the roll-ups. `at` counts stretches of its level since the epoch. */
export interface Rollup {
  readonly level: number
  readonly at: number
  readonly subject: number
  readonly data: Uint8Array
}

export interface StoredSubject {
  readonly id: number
  readonly app: string
  readonly check: string
  readonly serves: number
}

/** What is written at once: all of it, or nothing. */
export interface MetricsBatch {
  readonly subjects: readonly StoredSubject[]
  readonly rollups: readonly Rollup[]
  readonly cursors: readonly (readonly [source: string, through: number])[]
}

/** Rows in one statement, far below what SQLite can bind. */
const rowsAtOnce = 500
/** What a row takes beside its data: its key, its length and its place in a page. */
const rowBytes = 20

/**
 * Rows of what was measured. Nobody changed anything by measuring it, so no change is asked for; a loss of power may take
 * the last minutes away.
 */
export class MetricsStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  async subjects(): Promise<readonly StoredSubject[]> {
    return this.#store.kysely.selectFrom('metric_subjects').selectAll().execute()
  }

  /** Up to where something was counted; 0 when it never was. */
  async cursor(source: string): Promise<number> {
    const row = await this.#store.kysely
      .selectFrom('metric_cursors')
      .select('through')
      .where('source', '=', source)
      .executeTakeFirst()
    return row?.through ?? 0
  }

  /** What is there of some stretches of one level, by stretch and subject. */
  async at(level: number, stretches: readonly number[]): Promise<readonly Rollup[]> {
    return this.#store.kysely
      .selectFrom('metric_rollups')
      .selectAll()
      .where('level', '=', level)
      .where('at', 'in', stretches)
      .execute()
  }

  /** The rows of one subject from one stretch to another, both included: each is looked for, no other is passed over. */
  async of(level: number, subject: number, from: number, to: number): Promise<readonly Rollup[]> {
    const { rows } = await sql<Rollup>`
      with recursive wanted(at) as (select ${from} union all select at + 1 from wanted where at < ${to})
      select r.level, r.at, r.subject, r.data from wanted cross join metric_rollups r
      on r.level = ${level} and r.at = wanted.at and r.subject = ${subject} where wanted.at <= ${to}`.execute(
      this.#store.kysely,
    )
    return rows
  }

  /** Rows of all subjects from one stretch on. */
  async since(level: number, from: number): Promise<readonly Rollup[]> {
    return this.#store.kysely
      .selectFrom('metric_rollups')
      .selectAll()
      .where('level', '=', level)
      .where('at', '>=', from)
      .execute()
  }

  /** Writes a batch, in the place of rows that are there. @throws what the store does; then nothing was written. */
  async write({ subjects, rollups, cursors }: MetricsBatch): Promise<void> {
    await this.#store.passing((connection) =>
      connection.transaction().execute(async (kysely) => {
        for (const subject of subjects) await kysely.replaceInto('metric_subjects').values(subject).execute()
        for (let at = 0; at < rollups.length; at += rowsAtOnce)
          await kysely
            .replaceInto('metric_rollups')
            .values(rollups.slice(at, at + rowsAtOnce))
            .execute()
        for (const [source, through] of cursors)
          await kysely.replaceInto('metric_cursors').values({ source, through }).execute()
      }),
    )
  }

  /** About the bytes that the rows of a level take. */
  async bytes(level: number): Promise<number> {
    const { rows } = await sql<{ bytes: number | null }>`
      select sum(length(data) + ${rowBytes}) as bytes from metric_rollups where level = ${level}`.execute(
      this.#store.kysely,
    )
    return rows[0]?.bytes ?? 0
  }

  /** The oldest stretch of a level; null without one. */
  async oldest(level: number): Promise<number | null> {
    const row = await this.#store.kysely
      .selectFrom('metric_rollups')
      .select('at')
      .where('level', '=', level)
      .orderBy('at')
      .limit(1)
      .executeTakeFirst()
    return row?.at ?? null
  }

  /** Removes the rows of a level before one stretch. */
  async forget(level: number, before: number): Promise<void> {
    await this.#store.passing((kysely) =>
      kysely.deleteFrom('metric_rollups').where('level', '=', level).where('at', '<', before).execute(),
    )
  }

  /** The stretch up to which a level's oldest rows take so many bytes; null when it has none. */
  async endOf(level: number, bytes: number): Promise<number | null> {
    const { rows } = await sql<{ at: number }>`
      select at from (select at, sum(length(data) + ${rowBytes}) over (order by at, subject) as sum
      from metric_rollups where level = ${level}) where sum >= ${bytes} order by at limit 1`.execute(
      this.#store.kysely,
    )
    return rows[0]?.at ?? null
  }
}
