import { sql, type Kysely } from 'kysely'

/**
 * Runs of jobs and tests. A run is there before its process is; whether it still goes on is asked of the machine until
 * its end is recorded. They belong to no row of `apps`: what ran stays to be read when the app is removed. A firing is
 * written together with its run, so that its key keeps any time of a schedule from being run twice, whatever clocks do.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('job_runs')
    .addColumn('run', 'text', (column) => column.primaryKey().notNull())
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('job', 'text', (column) => column.notNull())
    .addColumn('command', 'text', (column) => column.notNull())
    .addColumn('folder', 'text', (column) => column.notNull())
    .addColumn('trigger', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('scheduled_for', 'text')
    .addColumn('pid', 'integer')
    .addColumn('start_key', 'text')
    .addColumn('timeout_ms', 'integer')
    .addColumn('report', 'text')
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('ended_at', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('exit_code', 'integer')
    .addColumn('signal', 'text')
    .addColumn('tests', 'text')
    .execute()
  await db.schema.createIndex('job_runs_of').on('job_runs').columns(['app', 'job']).execute()
  await db.schema
    .createTable('job_firings')
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('job', 'text', (column) => column.notNull())
    .addColumn('time', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('job_firings_key', ['app', 'job', 'time'])
    .execute()
  await db.schema
    .createTable('job_schedules')
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('job', 'text', (column) => column.notNull())
    .addColumn('pattern', 'text', (column) => column.notNull())
    .addColumn('zone', 'text', (column) => column.notNull())
    .addColumn('until', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('job_schedules_key', ['app', 'job'])
    .execute()
  // Those that have not ended are looked for at every start.
  await sql`create index job_runs_live on job_runs (run) where ended_at is null`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['job_schedules', 'job_firings', 'job_runs']) await db.schema.dropTable(table).execute()
}
