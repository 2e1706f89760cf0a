import { sql, type Kysely } from 'kysely'

const events = [
  ['opened', 'insert on incidents', ''],
  [
    'acknowledged',
    'update of acknowledged_at on incidents',
    'when old.acknowledged_at is null and new.acknowledged_at is not null',
  ],
  [
    'resolved',
    'update of resolved_at on incidents',
    'when old.resolved_at is null and new.resolved_at is not null',
  ],
] as const

/**
 * What is still to be told of incidents, a row for each hook there can be. Triggers write it, so that it is there exactly
 * when what it tells of is, whenever the daemon is killed. Numbers are never used again: they are the order.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table incident_notices (
    sequence integer primary key autoincrement not null,
    incident integer not null,
    event text not null,
    hook text not null,
    waited_ms integer not null
  )`.execute(db)
  for (const [event, when, only] of events)
    await sql`create trigger ${sql.ref(`incident_${event}`)} after ${sql.raw(when)} ${sql.raw(only)} begin
      insert into incident_notices (incident, event, hook, waited_ms)
      values (new.number, ${sql.lit(event)}, 'webhook', 0), (new.number, ${sql.lit(event)}, 'command', 0);
    end`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const [event] of events) await sql`drop trigger ${sql.ref(`incident_${event}`)}`.execute(db)
  await db.schema.dropTable('incident_notices').execute()
}
