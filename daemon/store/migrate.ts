import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { Failure } from '#base/failure.ts'
import * as audit from '../../migrations/001-audit.ts'
import * as leases from '../../migrations/002-leases.ts'
import * as users from '../../migrations/003-users.ts'
import * as apps from '../../migrations/004-apps.ts'
import * as jobs from '../../migrations/005-jobs.ts'
import * as connectors from '../../migrations/006-connectors.ts'
import * as appStarts from '../../migrations/007-app-starts.ts'
import * as health from '../../migrations/008-health.ts'
import * as metrics from '../../migrations/009-metrics.ts'
import * as history from '../../migrations/010-history.ts'
import * as incidentNotices from '../../migrations/011-incident-notices.ts'
import type { Database } from './database.ts'

/** In the order they are applied. A number is never reused and a released migration never changed. */
export const migrations: Readonly<Record<string, Migration>> = {
  '001-audit': audit,
  '002-leases': leases,
  '003-users': users,
  '004-apps': apps,
  '005-jobs': jobs,
  '006-connectors': connectors,
  '007-app-starts': appStarts,
  '008-health': health,
  '009-metrics': metrics,
  '010-history': history,
  '011-incident-notices': incidentNotices,
}

/** The schema this build writes. */
export const schemaVersion = Object.keys(migrations).at(-1) ?? ''

/**
 * Applies what is missing, all in one transaction.
 * @throws Failure `store-newer` when a newer build has been here; the store is left as it was.
 */
export async function migrate(kysely: Kysely<Database>, file: string): Promise<void> {
  const applied = await appliedMigrations(kysely)
  const unknown = applied.filter((name) => !Object.hasOwn(migrations, name))
  if (unknown.length > 0) {
    throw new Failure(
      'store-newer',
      `The store ${file} is at version ${unknown.at(-1)}; this build knows versions up to ${schemaVersion}`,
    )
  }
  // Most starts have nothing to migrate and need not load the migrator.
  if (applied.length === Object.keys(migrations).length) return
  const { Migrator } = await import('kysely/migration')
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: () => Promise.resolve({ ...migrations }) },
  })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
}

async function appliedMigrations(kysely: Kysely<Database>): Promise<readonly string[]> {
  const { rows: tables } = await sql<{ name: string }>`
    select name from sqlite_master where type = 'table' and name = 'kysely_migration'`.execute(kysely)
  if (tables.length === 0) return []
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(
    kysely,
  )
  return rows.map((row) => row.name)
}
