import type { Kysely } from 'kysely'

/** The connectors that people added, and how each connector, also one of an app's file, was when it was last tested. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('connectors')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('password', 'text')
    .addColumn('tls', 'text', (column) => column.notNull())
    .addColumn('ca', 'text')
    .addColumn('added_at', 'text', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('connector_tests')
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('fault', 'text')
    .addColumn('reason', 'text')
    .addColumn('advice', 'text')
    .addColumn('latency_ms', 'real')
    .addColumn('version', 'text')
    .addColumn('tested_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('connector_tests_key', ['app', 'name'])
    .execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('connector_tests').execute()
  await db.schema.dropTable('connectors').execute()
}
