import { sql, type Kysely } from 'kysely'

/**
 * What was measured. A row holds all numbers of one subject in one stretch of time, packed
 * (capabilities/metrics/packing.ts); a stretch is as long as its level says (base/metric-levels.ts). Rows of one time
 * lie together, because they are written together; a subject's own are found one by one.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('metric_subjects')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('check', 'text', (column) => column.notNull())
    .addColumn('serves', 'integer', (column) => column.notNull())
    .addUniqueConstraint('metric_subjects_named', ['app', 'check'])
    .execute()
  await sql`create table metric_rollups (
    level integer not null, at integer not null, subject integer not null, data blob not null,
    primary key (level, at, subject)) without rowid`.execute(db)
  await db.schema
    .createTable('metric_cursors')
    .addColumn('source', 'text', (column) => column.primaryKey().notNull())
    .addColumn('through', 'integer', (column) => column.notNull())
    .execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['metric_cursors', 'metric_rollups', 'metric_subjects'])
    await db.schema.dropTable(table).execute()
}
