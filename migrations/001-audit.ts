import { sql, type Kysely } from 'kysely'

/**
 * Columns that lists are filtered by, and the records an index holds. Each index costs every record that is in
 * it, so outcomes are in those of outcomes only, and a name that equals the id is found by the id.
 */
const filters = {
  audit_by_actor_id: [['actor_id'], sql`actor_id is not null`],
  audit_by_actor_name: [['actor_name'], sql`actor_name is not actor_id`],
  audit_by_action: [['action'], sql`action is not null`],
  audit_by_resource_type: [['resource_type'], sql`resource_type is not null`],
  audit_by_resource_id: [['resource_id'], sql`resource_id is not null`],
  audit_by_resource_name: [['resource_name'], sql`resource_name is not resource_id`],
  audit_by_project: [['project'], sql`project is not null`],
  // Not unique: an outcome that somebody forged for a sequence to come must not keep the real one out.
  audit_outcome_of: [['intent'], sql`intent is not null`],
  audit_by_outcome: [['outcome', 'intent'], sql`outcome is not null`],
} as const

/**
 * The audit trail: intents and outcomes as rows of their own, in one sequence without gaps.
 *
 * `clock_run` grows by one whenever the wall clock was seen to go back, so that within a run time rises with
 * the sequence and a range of time is a range of sequences. `hash`, `seal` and `signature` are explained in
 * docs/audit.md.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('audit_records')
    .addColumn('sequence', 'integer', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull().check(sql`kind in ('intent', 'outcome')`))
    .addColumn('timestamp', 'text', (column) => column.notNull())
    .addColumn('clock_run', 'integer', (column) => column.notNull())
    .addColumn('id', 'text')
    .addColumn('intent', 'integer')
    .addColumn('actor_id', 'text')
    .addColumn('actor_name', 'text')
    .addColumn('actor_client', 'text')
    .addColumn('actor_address', 'text')
    .addColumn('action', 'text')
    .addColumn('resource_type', 'text')
    .addColumn('resource_id', 'text')
    .addColumn('resource_name', 'text')
    .addColumn('project', 'text')
    .addColumn('details', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text')
    .addColumn('error_code', 'text')
    .addColumn('duration_ms', 'integer')
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('seal', 'text', (column) => column.notNull())
    .addColumn('signature', 'text')
    .modifyEnd(sql`strict`)
    .execute()
  for (const [name, [columns, held]] of Object.entries(filters)) {
    await db.schema
      .createIndex(name)
      .on('audit_records')
      .columns([...columns])
      .where(sql<boolean>`${held}`)
      .execute()
  }
  // No trigger guards INSERT: one of any kind halves the speed of all inserts. INSERT OR REPLACE deletes, which
  // is refused because the store opens with recursive triggers.
  for (const change of ['update', 'delete']) {
    await sql`create trigger ${sql.ref(`audit_no_${change}`)} before ${sql.raw(change)} on audit_records
      begin select raise(abort, 'audit records can only be appended'); end`.execute(db)
  }
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('audit_records').execute()
}
