import { sql } from 'kysely'
import type { RunRow, RunState, TestCounts } from '#contract/jobs.ts'
import type { Change } from '../../kernel/execute.ts'
import type { JobRunTable } from '../../store/database.ts'
import type { Store } from '../../store/open.ts'

/** A run as it is kept. */
export interface StoredRun {
  readonly run: string
  readonly app: string
  /** Null for a run of its tests. */
  readonly job: string | null
  readonly command: string
  readonly folder: string
  readonly trigger: RunRow['trigger']
  readonly by: string
  /** ISO 8601 UTC with milliseconds, as are all times here that are text. */
  readonly scheduledFor: string | null
  /** Of the leader; null until it is known. */
  readonly pid: number | null
  readonly startKey: string | null
  readonly timeoutMs: number | null
  /** Where tests write a JUnit XML file, as a path within the folder. */
  readonly report: string | null
  readonly startedAt: string
  /** Null until its end is recorded. */
  readonly endedAt: string | null
  readonly state: RunState
  readonly reason: string | null
  readonly exitCode: number | null
  readonly signal: string | null
  readonly tests: TestCounts | null
}

/** A schedule that counts, and until when it was seen to, in milliseconds since the epoch. */
export interface StoredSchedule {
  readonly app: string
  readonly job: string
  readonly pattern: string
  readonly zone: string
  readonly until: number
}

/** A time of a schedule, in milliseconds since the epoch. */
export interface Firing {
  readonly app: string
  readonly job: string
  readonly time: number
}

/** Which runs are asked for. */
export interface RunFilter {
  readonly app?: string | undefined
  /** Null: runs of tests; left out: of all jobs. */
  readonly job?: string | null | undefined
}

/** So many firings of a job are remembered: clocks that are put back further than these repeat what is older. */
const keptFirings = 2000

/** Runs, schedules and their firings as rows. Every method settles when it is durable; each throws what the store does. */
export class JobsStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** Those whose end is not recorded. */
  async live(): Promise<readonly StoredRun[]> {
    const rows = await this.#store.kysely
      .selectFrom('job_runs')
      .selectAll()
      .where('ended_at', 'is', null)
      .execute()
    return rows.map(storedOf)
  }

  async run(run: string): Promise<StoredRun | null> {
    const row = await this.#store.kysely
      .selectFrom('job_runs')
      .selectAll()
      .where('run', '=', run)
      .executeTakeFirst()
    return row === undefined ? null : storedOf(row)
  }

  /** Newest first, in the order they were begun: clocks may have been put back between them. */
  async history({ app, job }: RunFilter, limit: number): Promise<readonly StoredRun[]> {
    let query = this.#store.kysely.selectFrom('job_runs').selectAll()
    if (app !== undefined) query = query.where('app', '=', app)
    if (job === null) query = query.where('job', '=', '')
    else query = job === undefined ? query.where('job', '!=', '') : query.where('job', '=', job)
    const rows = await query
      .orderBy(sql`rowid`, 'desc')
      .limit(limit)
      .execute()
    return rows.map(storedOf)
  }

  async schedules(): Promise<readonly StoredSchedule[]> {
    return this.#store.kysely.selectFrom('job_schedules').selectAll().execute()
  }

  /** The run that a time of a schedule was given; null when it was given none. */
  async fired({ app, job, time }: Firing): Promise<boolean> {
    const row = await this.#store.kysely
      .selectFrom('job_firings')
      .select('time')
      .where('app', '=', app)
      .where('job', '=', job)
      .where('time', '=', time)
      .executeTakeFirst()
    return row !== undefined
  }

  /** From now on this schedule counts. */
  async saveSchedule(_change: Change, schedule: StoredSchedule): Promise<void> {
    await this.#store.kysely
      .insertInto('job_schedules')
      .values(schedule)
      .onConflict((conflict) => conflict.columns(['app', 'job']).doUpdateSet(schedule))
      .execute()
  }

  /** This schedule counts no longer. */
  async dropSchedule(_change: Change, { app, job }: Pick<StoredSchedule, 'app' | 'job'>): Promise<void> {
    await this.#store.kysely
      .deleteFrom('job_schedules')
      .where('app', '=', app)
      .where('job', '=', job)
      .execute()
  }

  /**
   * A run that is about to begin and, where it is for a time of a schedule, that this time was seen to: both or none.
   * @throws Failure `conflict` when that time was seen to before.
   */
  async begin(_change: Change, run: StoredRun, firing: Firing | null): Promise<void> {
    await this.#store.kysely.transaction().execute(async (db) => {
      if (firing !== null) {
        const { app, job, time } = firing
        await db.insertInto('job_firings').values({ app, job, time }).execute()
        await db
          .updateTable('job_schedules')
          .set({ until: time })
          .where('app', '=', app)
          .where('job', '=', job)
          .execute()
        // In the order they were written: clocks may have been put back between them.
        await sql`delete from job_firings where app = ${app} and job = ${job} and rowid <= (select rowid
          from job_firings where app = ${app} and job = ${job} order by rowid desc limit 1 offset ${keptFirings})`.execute(
          db,
        )
      }
      await db.insertInto('job_runs').values(rowOf(run)).execute()
    })
  }

  /** What is known of a run by now. */
  async save(_change: Change, run: StoredRun): Promise<void> {
    await this.#store.kysely.updateTable('job_runs').set(rowOf(run)).where('run', '=', run.run).execute()
  }

  /** Forgets runs that have ended. */
  async forget(_change: Change, runs: readonly string[]): Promise<void> {
    await this.#store.kysely
      .deleteFrom('job_runs')
      .where('run', 'in', [...runs])
      .where('ended_at', 'is not', null)
      .execute()
  }
}

function storedOf(row: JobRunTable): StoredRun {
  return {
    run: row.run,
    app: row.app,
    job: row.job === '' ? null : row.job,
    command: row.command,
    folder: row.folder,
    trigger: row.trigger,
    by: row.actor,
    scheduledFor: row.scheduled_for,
    pid: row.pid,
    startKey: row.start_key,
    timeoutMs: row.timeout_ms,
    report: row.report,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    // Only what `rowOf` made of a state and of counts stands there.
    state: row.state as RunState,
    reason: row.reason,
    exitCode: row.exit_code,
    signal: row.signal,
    tests: row.tests === null ? null : (JSON.parse(row.tests) as TestCounts),
  }
}

const rowOf = (run: StoredRun): JobRunTable => ({
  run: run.run,
  app: run.app,
  job: run.job ?? '',
  command: run.command,
  folder: run.folder,
  trigger: run.trigger,
  actor: run.by,
  scheduled_for: run.scheduledFor,
  pid: run.pid,
  start_key: run.startKey,
  timeout_ms: run.timeoutMs,
  report: run.report,
  started_at: run.startedAt,
  ended_at: run.endedAt,
  state: run.state,
  reason: run.reason,
  exit_code: run.exitCode,
  signal: run.signal,
  tests: run.tests === null ? null : JSON.stringify(run.tests),
})
