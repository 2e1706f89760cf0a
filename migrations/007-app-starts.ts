import type { Kysely } from 'kysely'

/** What each app was last started with, so that a change of its configuration since then is seen by the next daemon too. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('app_starts')
    .addColumn('app', 'text', (column) =>
      column.primaryKey().notNull().references('apps.name').onDelete('cascade'),
    )
    .addColumn('started_with', 'text', (column) => column.notNull())
    .execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('app_starts').execute()
}
