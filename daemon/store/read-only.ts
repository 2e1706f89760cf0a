import Sqlite from 'better-sqlite3'
import { storeFailure } from './failures.ts'

/** One look at a table as it was at one moment, while others may go on writing. */
export interface Snapshot {
  /** Rows as arrays of the given columns, in pages, in the order of the first column. */
  pages(table: string, columns: readonly string[]): Iterable<readonly (readonly unknown[])[]>
  /** Compares a table's indexes with its rows. @returns what is wrong first, or null. */
  damage(table: string): string | null
  close(): void
}

const pageRows = 5000
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/**
 * Opens a store without being able to change it. Paging by key costs less than stepping a cursor, because each
 * step of a cursor crosses into native code.
 * @throws Failure `store-damaged`, `store-unavailable`; so do the pages.
 */
export function openSnapshot(file: string): Snapshot {
  const guard = <T>(run: () => T): T => {
    try {
      return run()
    } catch (error) {
      throw storeFailure(error, file)
    }
  }
  const sqlite = guard(() => new Sqlite(file, { readonly: true, fileMustExist: true, timeout: 5000 }))
  const pages = function* (table: string, columns: readonly string[]) {
    const key = quoted(columns[0] ?? '')
    const list = columns.map(quoted).join(', ')
    const next = guard(() =>
      sqlite
        .prepare<unknown[], readonly unknown[]>(
          `select ${list} from ${quoted(table)} where ${key} > ? order by ${key} limit ${pageRows}`,
        )
        .raw(),
    )
    for (let from: unknown = Number.MIN_SAFE_INTEGER; ;) {
      const rows = guard(() => next.all(from))
      if (rows.length === 0) return
      yield rows
      from = rows.at(-1)?.[0]
    }
  }
  const damage = (table: string): string | null => {
    const answer = guard(() => sqlite.pragma(`integrity_check(${quoted(table)})`, { simple: true }))
    return answer === 'ok' ? null : String(answer)
  }
  try {
    guard(() => sqlite.exec('pragma trusted_schema = off; begin'))
    return { pages, damage, close: () => void sqlite.close() }
  } catch (error) {
    sqlite.close()
    throw error
  }
}
