import type { Kysely } from 'kysely'

/**
 * What was seen to happen of apps and of the machine, what each app's folder was when it was last looked at, and what was
 * made of it for incidents.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('history')
    .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('key', 'text', (column) => column.notNull().unique())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('turn', 'text', (column) => column.notNull())
    .addColumn('at', 'integer', (column) => column.notNull())
    .addColumn('after', 'integer')
    .addColumn('app', 'text')
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('detail', 'text')
    .addColumn('file', 'text')
    .addColumn('line', 'integer')
    .addColumn('names', 'text', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('history_at').on('history').columns(['at']).execute()
  await db.schema
    .createTable('history_folders')
    .addColumn('folder', 'text', (column) => column.primaryKey().notNull())
    .addColumn('looked_at', 'integer', (column) => column.notNull())
    .addColumn('said', 'text', (column) => column.notNull())
    .execute()
  // As it was when the incident was resolved: what it is told from is not kept for as long.
  await db.schema
    .createTable('incident_timelines')
    .addColumn('incident', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('told', 'text', (column) => column.notNull())
    .execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['incident_timelines', 'history_folders', 'history'])
    await db.schema.dropTable(table).execute()
}
