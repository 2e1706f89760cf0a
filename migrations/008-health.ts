import { sql, type Kysely } from 'kysely'

/**
 * What checks came to, which of them a person has paused, and incidents. Results are many and small: they are told apart
 * by a number in the order they came, because clocks may be put back between them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('health_checks')
    .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('paused_at', 'text')
    .addColumn('paused_until', 'text')
    .addColumn('paused_by', 'text')
    .addUniqueConstraint('health_checks_key', ['app', 'environment', 'name'])
    .execute()
  await db.schema
    .createTable('health_results')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('check_id', 'integer', (column) => column.notNull())
    .addColumn('at', 'integer', (column) => column.notNull())
    .addColumn('grade', 'integer', (column) => column.notNull())
    .addColumn('latency_ms', 'real')
    .addColumn('reason', 'text')
    .execute()
  // With the sequence that every index of SQLite ends with, in order.
  await db.schema.createIndex('health_results_of').on('health_results').columns(['check_id']).execute()
  await sql`create table incidents (
    number integer primary key autoincrement not null,
    app text not null,
    environment text not null,
    check_name text not null,
    severity text not null,
    cause text not null,
    started_at text not null,
    acknowledged_at text,
    acknowledged_by text,
    resolved_at text,
    resolution text
  )`.execute(db)
  await sql`create unique index incidents_open on incidents (app, environment) where resolved_at is null`.execute(
    db,
  )
  await db.schema
    .createTable('incident_notes')
    .addColumn('incident', 'integer', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('text', 'text', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('incident_notes_of').on('incident_notes').columns(['incident']).execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['incident_notes', 'incidents', 'health_results', 'health_checks'])
    await db.schema.dropTable(table).execute()
}
