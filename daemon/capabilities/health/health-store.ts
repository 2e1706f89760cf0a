import { sql } from 'kysely'
import type { CheckResult, IncidentNote, Severity } from '#contract/health.ts'
import type { IncidentTimeline } from '#contract/incident-timeline.ts'
import { isoTime } from '#base/clock.ts'
import type { Change } from '../../kernel/execute.ts'
import type { IncidentTable } from '../../store/database.ts'
import type { Store } from '../../store/open.ts'

/** Which check: `environment` is empty for this machine. */
export interface CheckName {
  readonly app: string
  readonly environment: string
  readonly name: string
}

export interface StoredCheck extends CheckName {
  readonly id: number
  readonly pausedAt: string | null
  readonly pausedUntil: string | null
  readonly pausedBy: string | null
}

export interface StoredResult {
  readonly check: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly grade: CheckResult['grade']
  readonly latencyMs: number | null
  readonly reason: string | null
}

export interface StoredIncident {
  readonly number: number
  readonly app: string
  /** Empty for this machine. */
  readonly environment: string
  readonly check: string
  readonly severity: Severity
  readonly cause: string
  readonly startedAt: string
  readonly acknowledgedAt: string | null
  readonly acknowledgedBy: string | null
  readonly resolvedAt: string | null
  readonly resolution: string | null
}

/** What is kept of results. */
export interface Retention {
  readonly ageMs: number
  readonly count: number
}

const grades = ['good', 'soft', 'bad'] as const
/** SQLite takes some 32,000 values in a statement. */
const rowsAtOnce = 1000
/** Checks whose results are looked at together. */
const mostChecks = 500
/** So many incidents that are resolved are kept. */
const keptIncidents = 1000

/** Checks, their results and incidents as rows. Each method throws what the store does. */
export class HealthStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  async checks(): Promise<readonly StoredCheck[]> {
    const rows = await this.#store.kysely.selectFrom('health_checks').selectAll().execute()
    return rows.map(({ paused_at, paused_until, paused_by, ...row }) => ({
      ...row,
      pausedAt: paused_at,
      pausedUntil: paused_until,
      pausedBy: paused_by,
    }))
  }

  /** Gives numbers to checks that have none. */
  async addChecks(_change: Change, checks: readonly CheckName[]): Promise<void> {
    for (let at = 0; at < checks.length; at += rowsAtOnce)
      await this.#store.kysely
        .insertInto('health_checks')
        .columns(['app', 'environment', 'name'])
        // The number is the row's own, which SQLite gives.
        .values(
          checks
            .slice(at, at + rowsAtOnce)
            .map(({ app, environment, name }) => ({ app, environment, name }) as never),
        )
        .onConflict((conflict) => conflict.doNothing())
        .execute()
  }

  async savePause(_change: Change, { id, pausedAt, pausedUntil, pausedBy }: StoredCheck): Promise<void> {
    await this.#store.kysely
      .updateTable('health_checks')
      .set({ paused_at: pausedAt, paused_until: pausedUntil, paused_by: pausedBy })
      .where('id', '=', id)
      .execute()
  }

  /** Adds results. They are told of again soon, so nobody waits for the disk. */
  async addResults(_change: Change, results: readonly StoredResult[]): Promise<void> {
    await this.#store.passing(async (db) => {
      for (let at = 0; at < results.length; at += rowsAtOnce)
        await db
          .insertInto('health_results')
          .values(
            results.slice(at, at + rowsAtOnce).map(({ check, at: time, grade, latencyMs, reason }) => ({
              check_id: check,
              at: time,
              grade: grades.indexOf(grade),
              latency_ms: latencyMs,
              reason,
            })),
          )
          .execute()
    })
  }

  /** Forgets results that are old or too many, and checks that nobody makes and nothing is kept of. */
  async prune(
    _change: Change,
    now: number,
    { ageMs, count }: Retention,
    wanted: readonly number[],
  ): Promise<void> {
    await this.#store.passing(async (db) => {
      await sql`delete from health_results where sequence <= (select max(sequence) from health_results) - ${count}`.execute(
        db,
      )
      // The first that is young enough, in the order they came: a clock that was put back keeps nothing from going.
      await sql`delete from health_results where sequence < coalesce(
        (select sequence from health_results where at >= ${now - ageMs} order by sequence limit 1),
        (select max(sequence) + 1 from health_results))`.execute(db)
      await db
        .deleteFrom('health_checks')
        .where('id', 'not in', wanted.length === 0 ? [0] : [...wanted].slice(0, 30_000))
        .where('paused_at', 'is', null)
        .where((where) =>
          where.not(
            where.exists(
              where
                .selectFrom('health_results')
                .select('sequence')
                .whereRef('check_id', '=', 'health_checks.id'),
            ),
          ),
        )
        .execute()
    })
  }

  /** Newest first. */
  async results(check: number, limit: number): Promise<readonly CheckResult[]> {
    const rows = await this.#store.kysely
      .selectFrom('health_results')
      .select(['at', 'grade', 'latency_ms', 'reason'])
      .where('check_id', '=', check)
      .orderBy('sequence', 'desc')
      .limit(limit)
      .execute()
    return rows.map(resultOf)
  }

  /** What the checks of some apps came to, oldest first, at most so many of the newest. Of this machine: `''`. */
  async resultsBetween(
    apps: readonly string[],
    environment: string,
    since: number,
    until: number,
    most: number,
  ): Promise<readonly (CheckResult & { readonly app: string; readonly check: string })[]> {
    const { kysely } = this.#store
    const checks = await kysely
      .selectFrom('health_checks')
      .select(['id', 'app', 'name'])
      .where('app', 'in', [...apps])
      .where('environment', '=', environment)
      .limit(mostChecks)
      .execute()
    const byId = new Map(checks.map((check) => [check.id, check]))
    if (byId.size === 0) return []
    const rows = await kysely
      .selectFrom('health_results')
      .select(['check_id', 'at', 'grade', 'latency_ms', 'reason'])
      .where('check_id', 'in', [...byId.keys()])
      .where('sequence', '>=', await this.#firstSince(since))
      .where('at', '<=', until)
      .orderBy('sequence', 'desc')
      .limit(most)
      .execute()
    return rows.toReversed().flatMap((row) => {
      const check = byId.get(row.check_id)
      return check === undefined ? [] : [{ app: check.app, check: check.name, ...resultOf(row) }]
    })
  }

  /** The first result since a time, by halves: they are in the order in which they came, and have no index of times. */
  async #firstSince(time: number): Promise<number> {
    const { kysely } = this.#store
    const ends = await kysely
      .selectFrom('health_results')
      .select(({ fn }) => [fn.min('sequence').as('first'), fn.max('sequence').as('last')])
      .executeTakeFirst()
    let [low, high] = [ends?.first ?? 0, ends?.last ?? 0]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const row = await kysely
        .selectFrom('health_results')
        .select('at')
        .where('sequence', '>=', middle)
        .orderBy('sequence')
        .limit(1)
        .executeTakeFirst()
      if (row !== undefined && row.at < time) low = middle + 1
      else high = middle
    }
    return low
  }

  /** What was told of an incident when it was resolved; null when nothing was kept. */
  async timeline(number: number): Promise<IncidentTimeline | null> {
    const row = await this.#store.kysely
      .selectFrom('incident_timelines')
      .select('told')
      .where('incident', '=', number)
      .executeTakeFirst()
    return row === undefined ? null : (JSON.parse(row.told) as IncidentTimeline)
  }

  async saveTimeline(_change: Change, timeline: IncidentTimeline): Promise<void> {
    const row = { incident: timeline.number, told: JSON.stringify(timeline) }
    await this.#store.passing((db) => db.replaceInto('incident_timelines').values(row).execute())
  }

  /** Opens one. @returns its number. @throws Failure `conflict` when one of that app is open. */
  async openIncident(
    _change: Change,
    incident: Pick<StoredIncident, 'app' | 'environment' | 'check' | 'severity' | 'cause' | 'startedAt'>,
  ): Promise<number> {
    const { insertId } = await this.#store.kysely
      .insertInto('incidents')
      .values({
        app: incident.app,
        environment: incident.environment,
        check_name: incident.check,
        severity: incident.severity,
        cause: incident.cause,
        started_at: incident.startedAt,
        acknowledged_at: null,
        acknowledged_by: null,
        resolved_at: null,
        resolution: null,
      })
      .executeTakeFirstOrThrow()
    await this.#forgetOld()
    return Number(insertId)
  }

  async saveIncident(_change: Change, incident: StoredIncident): Promise<void> {
    await this.#store.kysely
      .updateTable('incidents')
      .set({
        severity: incident.severity,
        acknowledged_at: incident.acknowledgedAt,
        acknowledged_by: incident.acknowledgedBy,
        resolved_at: incident.resolvedAt,
        resolution: incident.resolution,
      })
      .where('number', '=', incident.number)
      .execute()
  }

  async openIncidents(): Promise<readonly StoredIncident[]> {
    const rows = await this.#store.kysely
      .selectFrom('incidents')
      .selectAll()
      .where('resolved_at', 'is', null)
      .orderBy('number', 'desc')
      .execute()
    return rows.map(incidentOf)
  }

  async incident(number: number): Promise<StoredIncident | null> {
    const row = await this.#store.kysely
      .selectFrom('incidents')
      .selectAll()
      .where('number', '=', number)
      .executeTakeFirst()
    return row === undefined ? null : incidentOf(row)
  }

  /** Newest first. */
  async incidents(app: string | undefined, open: boolean, limit: number): Promise<readonly StoredIncident[]> {
    let query = this.#store.kysely.selectFrom('incidents').selectAll()
    if (app !== undefined) query = query.where('app', '=', app)
    if (open) query = query.where('resolved_at', 'is', null)
    return (await query.orderBy('number', 'desc').limit(limit).execute()).map(incidentOf)
  }

  async addNote(_change: Change, number: number, { at, by, text }: IncidentNote): Promise<void> {
    await this.#store.kysely
      .insertInto('incident_notes')
      .values({ incident: number, at, actor: by, text })
      .execute()
  }

  /** Oldest first. */
  async notes(number: number, most: number): Promise<readonly IncidentNote[]> {
    const rows = await this.#store.kysely
      .selectFrom('incident_notes')
      .select(['at', 'actor', 'text'])
      .where('incident', '=', number)
      .orderBy(sql`rowid`)
      .limit(most)
      .execute()
    return rows.map(({ at, actor, text }) => ({ at, by: actor, text }))
  }

  async #forgetOld(): Promise<void> {
    const { kysely } = this.#store
    await sql`delete from incidents where resolved_at is not null and number <= (select number from incidents
      order by number desc limit 1 offset ${keptIncidents})`.execute(kysely)
    await sql`delete from incident_notes where incident not in (select number from incidents)`.execute(kysely)
    await sql`delete from incident_timelines where incident not in (select number from incidents)`.execute(
      kysely,
    )
  }
}

const resultOf = (row: {
  readonly at: number
  readonly grade: number
  readonly latency_ms: number | null
  readonly reason: string | null
}): CheckResult => ({
  at: isoTime(row.at),
  grade: grades[row.grade] ?? 'bad',
  latencyMs: row.latency_ms,
  reason: row.reason,
})

const incidentOf = (row: {
  readonly [K in keyof IncidentTable]: K extends 'number' ? number : IncidentTable[K]
}): StoredIncident => ({
  number: row.number,
  app: row.app,
  environment: row.environment,
  check: row.check_name,
  severity: row.severity,
  cause: row.cause,
  startedAt: row.started_at,
  acknowledgedAt: row.acknowledged_at,
  acknowledgedBy: row.acknowledged_by,
  resolvedAt: row.resolved_at,
  resolution: row.resolution,
})
