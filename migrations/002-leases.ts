import type { Kysely } from 'kysely'

/** Ports that belong to a name until released. The database itself refuses to give one twice. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('leases')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('port', 'integer', (column) => column.notNull().unique())
    .addColumn('app', 'text')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('leases').execute()
}
