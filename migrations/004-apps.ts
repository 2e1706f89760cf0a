import type { Kysely } from 'kysely'

/**
 * The apps that were added, each with its newest run. Whether it still runs is never stored: the machine is asked. A
 * run is there before its process is, so that one started just before a crash is found by the run in its environment.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('apps')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('folder', 'text', (column) => column.notNull().unique())
    .addColumn('added_at', 'text', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('app_runs')
    .addColumn('app', 'text', (column) =>
      column.primaryKey().notNull().references('apps.name').onDelete('cascade'),
    )
    .addColumn('run', 'text', (column) => column.notNull().unique())
    .addColumn('pid', 'integer')
    .addColumn('start_key', 'text')
    .addColumn('port', 'integer')
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('wanted', 'text', (column) => column.notNull())
    .addColumn('restarts', 'integer', (column) => column.notNull())
    .execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('app_runs').execute()
  await db.schema.dropTable('apps').execute()
}
