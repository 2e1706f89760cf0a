import type Sqlite from 'better-sqlite3'
import { sql, type Kysely } from 'kysely'
import type { Database } from './database.ts'

/** What a column can hold. */
export type Value = string | number | null | Uint8Array

/** A bit for each fits into what JavaScript can shift. */
const mostColumns = 31
/** Rows of one table have their nulls in the same few places. */
const keptStatements = 64

/**
 * Inserts rows of one table with statements that are compiled once, which Kysely does at each call. A null is not
 * named, because to bind one costs as much as to write it into an index; so no column may have a default, and each
 * row must hold something.
 */
export class Inserts {
  readonly #deps: {
    readonly sqlite: Sqlite.Database
    readonly kysely: Kysely<Database>
    readonly table: string
    readonly columns: readonly string[]
  }
  /** By the columns that hold something, a bit for each. */
  readonly #statements = new Map<number, Sqlite.Statement>()

  constructor(deps: {
    readonly sqlite: Sqlite.Database
    readonly kysely: Kysely<Database>
    readonly table: string
    readonly columns: readonly string[]
  }) {
    if (deps.columns.length > mostColumns) throw new Error(`More than ${mostColumns} columns`)
    this.#deps = deps
  }

  /** @param row - a value for each column, in their order. */
  run(row: readonly Value[]): void {
    const { columns } = this.#deps
    if (row.length !== columns.length)
      throw new Error(`A row of ${row.length} values for ${columns.length} columns`)
    let held = 0
    const values: Value[] = []
    for (let n = 0; n < row.length; n++) {
      const value = row[n] ?? null
      if (value === null) continue
      held |= 1 << n
      values.push(value)
    }
    this.#statement(held).run(...values)
  }

  #statement(held: number): Sqlite.Statement {
    const known = this.#statements.get(held)
    if (known !== undefined) return known
    const { sqlite, kysely, table, columns } = this.#deps
    const named = columns.filter((_, n) => (held & (1 << n)) !== 0)
    const names = sql.join(named.map((column) => sql.ref(column)))
    const places = sql.join(named.map(() => null))
    const statement = sqlite.prepare(
      sql`insert into ${sql.table(table)} (${names}) values (${places})`.compile(kysely).sql,
    )
    if (this.#statements.size === keptStatements) this.#statements.clear()
    this.#statements.set(held, statement)
    return statement
  }
}
