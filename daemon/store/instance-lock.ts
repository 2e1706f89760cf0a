import Database from 'better-sqlite3'
import { Failure, messageOf } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'

/**
 * Takes the lock that makes a daemon the only one of its state folder. It is a POSIX (or Windows) file lock
 * held by SQLite, so the kernel frees it at any end of the process, kill -9 included.
 * @returns null when another process holds it.
 */
export function takeInstanceLock(file: string): Owned | null {
  let database: Database.Database | undefined
  try {
    database = new Database(file, { timeout: 0 })
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return null
    throw new Failure('store-unavailable', `The lock ${file} cannot be taken: ${messageOf(error)}`, {
      cause: error,
    })
  }
  const held = database
  return { dispose: () => void held.close() }
}
