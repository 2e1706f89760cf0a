import { setImmediate as nextTurn } from 'node:timers/promises'
import type Sqlite from 'better-sqlite3'
import type { Kysely } from 'kysely'
import type { Database } from './database.ts'
import { storeFailure } from './failures.ts'
import { Inserts, type Value } from './inserts.ts'
import type { LogSync } from './log-sync.ts'

/** Adds rows, all or none, and settles when they are durable. Each row holds the columns in the given order. */
export type Appender = (rows: readonly (readonly Value[])[]) => Promise<void>

/** So many rows go in before others get their turn on the event loop. */
const rowsInTurn = 1000

/**
 * Many rows in one transaction. They go in while no transaction of Kysely is open, because both use the same
 * connection: until all are in, whoever else wants it waits.
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
  const inserts = new Inserts(deps)
  const begin = sqlite.prepare('begin immediate')
  const commit = sqlite.prepare('commit')
  const rollback = sqlite.prepare('rollback')

  const append = async (rows: readonly (readonly Value[])[]) => {
    try {
      begin.run()
      let left = rowsInTurn
      for (const row of rows) {
        if (left-- === 0) {
          await nextTurn()
          left = rowsInTurn - 1
        }
        inserts.run(row)
      }
      commit.run()
    } catch (error) {
      if (sqlite.inTransaction) rollback.run()
      throw storeFailure(error, file)
    }
  }
  if (log === undefined) return (rows) => kysely.connection().execute(() => append(rows))

  const appendUnsynced = async (rows: readonly (readonly Value[])[]) => {
    sqlite.exec('pragma synchronous = NORMAL')
    try {
      await append(rows)
    } finally {
      sqlite.exec('pragma synchronous = FULL')
    }
  }
  return async (rows) => {
    await kysely.connection().execute(() => appendUnsynced(rows))
    await log.settled()
  }
}
