import * as path from 'node:path'
import Sqlite from 'better-sqlite3'
import { Kysely, type SqliteDatabase } from 'kysely'
import { Failure } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import { AtomicSqliteDialect } from './dialect.ts'
import { createAppender, type Appender } from './appender.ts'
import { systemClock, type Clock } from '#base/clock.ts'
import type { Database } from './database.ts'
import { sqliteCode, storeFailure } from './failures.ts'
import { isLogLeft, LogSync, notDurable, type SyncFile } from './log-sync.ts'
import { migrate } from './migrate.ts'
import { claimFile, quarantine, refuseIfQuarantined, setAsideOrphans } from './store-file.ts'
import { syncFolder } from '#base/sync-folder.ts'

/** Where the daemon keeps its rows. Only the daemon opens it for writing. */
export interface Store extends Owned {
  readonly file: string
  /** Errors that can be explained come as `Failure`: `store-unavailable`, `store-damaged`, `conflict`. */
  readonly kysely: Kysely<Database>
  /**
   * Prepares the fast way to add many rows to one table: statements that are kept, one transaction for all of them.
   * `beside` waits for the disk beside the event loop: when that fails, whether the rows are there is not known.
   */
  appender<T extends keyof Database>(
    table: T,
    columns: readonly (keyof Database[T] & string)[],
    sync?: 'beside',
  ): Appender
  /**
   * Runs writes that have to outlive the daemon and not the machine, because what they tell of ends with it: they are
   * committed without waiting for the disk. Throws as `kysely` does.
   */
  passing<T>(write: (kysely: Kysely<Database>) => Promise<T>): Promise<T>
  /** Makes all that can be read durable, also what a crash or a failed sync left in doubt. Throws as `kysely` does. */
  settle(): Promise<void>
}

export interface StoreOptions {
  readonly file: string
  readonly clock?: Clock
  /** How a file is made durable beside the event loop; fdatasync(2) when left out. */
  readonly syncFile?: SyncFile
}

/** Above this a check of every page takes longer than a start may; `audit verify` and every read still check. */
const checkedAtStart = 16 * 1024 * 1024

/**
 * Opens the store, brings it to this build's schema and makes every commit durable (WAL, `synchronous=FULL`).
 * @throws Failure `store-newer`, `store-damaged` (the file was renamed, never deleted), `store-unavailable`,
 * `unsafe-state-folder`.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { file, clock = systemClock } = options
  setAsideOrphans(file, clock)
  refuseIfQuarantined(file)
  const size = claimFile(file)
  const inDoubt = isLogLeft(file)
  let sqlite: Sqlite.Database | undefined
  try {
    if (size > 0 && size <= checkedAtStart) checkPages(file)
    sqlite = connect(file)
    const kysely = new Kysely<Database>({
      dialect: new AtomicSqliteDialect({ database: mapped(sqlite, file) }),
    })
    await migrate(kysely, file)
    syncNames(path.dirname(file))
    const log = new LogSync(file, { inDoubt, sync: options.syncFile })
    return storeOf({ sqlite, kysely, log, file })
  } catch (error) {
    sqlite?.close()
    const failure = storeFailure(error, file)
    if (failure instanceof Failure && failure.code === 'store-damaged') throw quarantine(file, clock, failure)
    throw failure
  }
}

/** How long a statement waits for another program's lock, in milliseconds. */
const lockMs = 250

/** SQLite made the log, and syncs its name only together with a commit of its own. */
function syncNames(folder: string): void {
  try {
    syncFolder(folder)
  } catch (error) {
    throw notDurable(folder, error)
  }
}

function connect(file: string): Sqlite.Database {
  const sqlite = new Sqlite(file, { timeout: lockMs })
  try {
    sqlite.pragma('trusted_schema = OFF')
    sqlite.pragma('journal_mode = WAL')
    sqlite.pragma('synchronous = FULL')
    sqlite.pragma('foreign_keys = ON')
    sqlite.pragma('recursive_triggers = ON')
    sqlite.pragma('cache_size = -8000')
    sqlite.function('contains_text', { deterministic: true, varargs: true }, containsText)
    return sqlite
  } catch (error) {
    sqlite.close()
    throw error
  }
}

/** `contains_text(needle, ...texts)`: SQLite's own LIKE knows case in ASCII only and stops at NUL. */
function containsText(needle: unknown, ...texts: unknown[]): number {
  if (typeof needle !== 'string') return 0
  return texts.some((text) => typeof text === 'string' && text.toLowerCase().includes(needle)) ? 1 : 0
}

/**
 * Looks through a connection that can only read: one that can write would on closing move its log into the
 * damaged file, and what is set aside is to be as it was found.
 */
function checkPages(file: string): void {
  const sqlite = new Sqlite(file, { readonly: true, timeout: 250 })
  try {
    const answer = sqlite.pragma('quick_check(1)', { simple: true })
    if (answer !== 'ok') throw new Failure('store-damaged', `The store ${file} is damaged: ${String(answer)}`)
  } catch (error) {
    // A crash in a store's first moments leaves a journal that only a writer may roll back; then it is as it was.
    if (sqliteCode(error) !== 'SQLITE_READONLY') throw error
  } finally {
    sqlite.close()
  }
}

/** Preparing costs more than a short query; this many are kept, the longest unused is let go. */
const keptStatements = 200

/** What Kysely needs of the driver, with its errors turned into ours and its statements kept. */
function mapped(sqlite: Sqlite.Database, file: string): SqliteDatabase {
  const guard = <T>(run: () => T): T => {
    try {
      return run()
    } catch (error) {
      throw storeFailure(error, file)
    }
  }
  const kept = new Map<string, Sqlite.Statement>()
  const prepare = (text: string): Sqlite.Statement => {
    const known = kept.get(text)
    // A statement that somebody still steps through cannot be run a second time meanwhile.
    const statement = known === undefined || known.busy ? guard(() => sqlite.prepare(text)) : known
    kept.delete(text)
    kept.set(text, statement)
    const [oldest] = kept.size > keptStatements ? kept.keys() : []
    if (oldest !== undefined) kept.delete(oldest)
    return statement
  }
  return {
    close: () => void sqlite.close(),
    prepare: (text) => {
      // After a full disk or a failed write SQLite has rolled back by itself; to be told so would hide the cause.
      const rolledBack = text === 'rollback' && !sqlite.inTransaction
      const statement = prepare(rolledBack ? 'select 1 where false' : text)
      return {
        reader: statement.reader,
        all: (parameters) => guard(() => statement.all(...parameters)),
        run: (parameters) => guard(() => statement.run(...parameters)),
        iterate: (parameters) => guard(() => statement.iterate(...parameters)),
      }
    },
  }
}

interface Opened {
  readonly sqlite: Sqlite.Database
  readonly kysely: Kysely<Database>
  readonly log: LogSync
  readonly file: string
}

function storeOf({ sqlite, kysely, log, file }: Opened): Store {
  const close = async () => {
    await log.close()
    // What is being appended goes in; the connection is not taken away between two of its rows.
    await kysely.connection().execute(() => Promise.resolve())
    await kysely.destroy()
    // Kysely closes only what it has used; closing twice is harmless.
    sqlite.close()
  }
  let closed: Promise<void> | undefined
  const rewrite = () => kysely.connection().execute(() => Promise.resolve(rewriteLog(sqlite, file)))
  return {
    file,
    kysely,
    appender: (table, columns, sync) =>
      createAppender({ sqlite, kysely, file, table, columns, log: sync === 'beside' ? log : undefined }),
    passing: (write) =>
      kysely.connection().execute(async (connection) => {
        sqlite.exec('pragma synchronous = NORMAL')
        try {
          return await write(connection)
        } finally {
          sqlite.exec('pragma synchronous = FULL')
        }
      }),
    settle: () => log.settle(rewrite),
    dispose: () => (closed ??= close()),
  }
}

/** Moves the log into the store's file, which is synced, and empties it. Does not wait for whoever reads it. */
function rewriteLog(sqlite: Sqlite.Database, file: string): void {
  sqlite.pragma('busy_timeout = 0')
  try {
    const [result] = sqlite.pragma('wal_checkpoint(TRUNCATE)') as readonly { readonly busy: number }[]
    if (result?.busy !== 0) throw new Sqlite.SqliteError('the log is being read', 'SQLITE_BUSY')
  } catch (error) {
    if (sqliteCode(error) !== 'SQLITE_BUSY') throw storeFailure(error, file)
    const reason =
      'what a crash or a failed write left in doubt cannot be settled while another program reads it; it goes on by itself when that one is done'
    throw new Failure('store-unavailable', `The store ${file} cannot be used: ${reason}`, { cause: error })
  } finally {
    sqlite.pragma(`busy_timeout = ${lockMs}`)
  }
}
