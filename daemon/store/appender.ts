import type Sqlite from 'better-sqlite3'
import { sql, type Kysely } from 'kysely'
import type { Database } from './database.ts'
import { storeFailure } from './failures.ts'
import type { LogSync } from './log-sync.ts'

/** What a column can hold. */
export type Value = string | number | null | Uint8Array

/** Adds rows, all or none, and settles when they are durable. Each row holds the columns in the given order. */
export type Appender = (rows: readonly (readonly Value[])[]) => Promise<void>

/**
 * Kysely compiles at each call, which costs more than the insert itself; here the statement is compiled once.
 * The rows go in while no transaction of Kysely is open, because both use the same connection.
 */
export function createAppender(deps: {
  readonly sqlite: Sqlite.Database
  readonly kysely: Kysely<Database>
  readonly file: string
  readonly table: string
  readonly columns: readonly string[]
  /** Syncs what was committed beside the event loop. Without it the commit does so itself, and fails as a whole. */
  readonly log?: LogSync | undefined
}): Appender {
  const { sqlite, kysely, file, log } = deps
  const columns = sql.join(deps.columns.map((column) => sql.ref(column)))
  const values = sql.join(deps.columns.map(() => null))
  const insert = sqlite.prepare(
    sql`insert into ${sql.table(deps.table)} (${columns}) values (${values})`.compile(kysely).sql,
  )
  const begin = sqlite.prepare('begin immediate')
  const commit = sqlite.prepare('commit')
  const rollback = sqlite.prepare('rollback')

  const append = (rows: readonly (readonly Value[])[]) => {
    try {
      begin.run()
      for (const row of rows) insert.run(...row)
      commit.run()
    } catch (error) {
      if (sqlite.inTransaction) rollback.run()
      throw storeFailure(error, file)
    }
  }
  if (log === undefined) return (rows) => kysely.connection().execute(() => Promise.resolve(append(rows)))

  const appendUnsynced = (rows: readonly (readonly Value[])[]) => {
    sqlite.exec('pragma synchronous = NORMAL')
    try {
      append(rows)
    } finally {
      sqlite.exec('pragma synchronous = FULL')
    }
  }
  return async (rows) => {
    await kysely.connection().execute(() => Promise.resolve(appendUnsynced(rows)))
    await log.settled()
  }
}
