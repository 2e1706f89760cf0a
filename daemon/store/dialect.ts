import { SqliteAdapter, SqliteDialect } from 'kysely'

/**
 * Kysely holds that SQLite cannot change a schema within a transaction and would run migrations without one;
 * SQLite can, and a crash in the middle must not leave half a migration.
 */
class AtomicSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

export class AtomicSqliteDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new AtomicSqliteAdapter()
  }
}
