import { sql, type Kysely } from 'kysely'

/** Columns that lists are filtered by. Outcome rows have null there, so they cost these indexes nothing. */
const filters = {
  audit_by_actor_id: ['actor_id'],
  audit_by_actor_name: ['actor_name'],
  audit_by_action: ['action'],
  audit_by_resource_type: ['resource_type'],
  audit_by_resource: ['resource_type', 'resource_name'],
  audit_by_resource_id: ['resource_id'],
  audit_by_resource_name: ['resource_name'],
  audit_by_project: ['project'],
  audit_by_outcome: ['outcome', 'intent'],
  audit_by_time: ['clock_run', 'timestamp'],
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
  for (const [name, columns] of Object.entries(filters)) {
    await db.schema
      .createIndex(name)
      .on('audit_records')
      .columns([...columns])
      .where(sql.ref(columns[0]), 'is not', null)
      .execute()
  }
  await db.schema
    .createIndex('audit_outcome_of')
    .unique()
    .on('audit_records')
    .column('intent')
    .where(sql.ref('intent'), 'is not', null)
    .execute()
  for (const [name, change] of [
    ['audit_no_update', sql`before update on audit_records`],
    ['audit_no_delete', sql`before delete on audit_records`],
    // INSERT OR REPLACE deletes without a delete trigger, so a sequence must be new as well as next.
    [
      'audit_in_sequence',
      sql`before insert on audit_records
          when new.sequence is not (select coalesce(max(sequence), 0) + 1 from audit_records)`,
    ],
  ] as const) {
    await sql`create trigger ${sql.ref(name)} ${change}
      begin select raise(abort, 'audit records can only be appended'); end`.execute(db)
  }
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('audit_records').execute()
}
