import type { Change } from '../../kernel/execute.ts'
import type { Store } from '../../store/open.ts'
import { readStartedWith, type StartedWith } from './started-with.ts'

/** An app that was added. */
export interface AddedApp {
  readonly name: string
  readonly folder: string
  /** ISO 8601 UTC with milliseconds, as are all times here. */
  readonly addedAt: string
}

/** The newest run of an app. */
export interface StoredRun {
  readonly app: string
  /** Names the run; its processes carry it in their environment. */
  readonly run: string
  /** Of the leader; null until it is known. */
  readonly pid: number | null
  readonly startKey: string | null
  readonly port: number | null
  readonly startedAt: string
  /** What a person or a rule wants of it. */
  readonly wanted: 'running' | 'stopped'
  /** How often it was started again by itself. */
  readonly restarts: number
}

/**
 * Apps and their newest runs as rows. Every method settles when it is durable; each throws what the store does. What
 * tells of a run is there for the next daemon, and may be gone when the machine goes down: so is the run.
 */
export class AppsStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  async list(): Promise<readonly AddedApp[]> {
    const rows = await this.#store.kysely.selectFrom('apps').selectAll().orderBy('name').execute()
    return rows.map(({ name, folder, added_at }) => ({ name, folder, addedAt: added_at }))
  }

  async runs(): Promise<readonly StoredRun[]> {
    const rows = await this.#store.kysely.selectFrom('app_runs').selectAll().execute()
    return rows.map(({ start_key, started_at, ...row }) => ({
      ...row,
      startKey: start_key,
      startedAt: started_at,
    }))
  }

  /** What each app was last started with. */
  async starts(): Promise<ReadonlyMap<string, StartedWith>> {
    const rows = await this.#store.kysely.selectFrom('app_starts').selectAll().execute()
    return new Map(rows.map(({ app, started_with }) => [app, readStartedWith(started_with)]))
  }

  /** All or none. @throws Failure `conflict` when a name or folder is there already. */
  async add(_change: Change, apps: readonly AddedApp[]): Promise<void> {
    const rows = apps.map(({ name, folder, addedAt }) => ({ name, folder, added_at: addedAt }))
    await this.#store.kysely.insertInto('apps').values(rows).execute()
  }

  /** With its run. */
  async remove(_change: Change, name: string): Promise<void> {
    await this.#store.kysely.deleteFrom('apps').where('name', '=', name).execute()
  }

  /** In place of the run before. */
  async saveRun(_change: Change, { startKey, startedAt, ...run }: StoredRun): Promise<void> {
    const row = { ...run, start_key: startKey, started_at: startedAt }
    await this.#store.passing((kysely) =>
      kysely
        .insertInto('app_runs')
        .values(row)
        .onConflict((conflict) => conflict.column('app').doUpdateSet(row))
        .execute(),
    )
  }

  /** In place of what it was started with before. */
  async saveStart(_change: Change, app: string, startedWith: StartedWith): Promise<void> {
    const row = { app, started_with: JSON.stringify(startedWith) }
    await this.#store.passing((kysely) =>
      kysely
        .insertInto('app_starts')
        .values(row)
        .onConflict((conflict) => conflict.column('app').doUpdateSet(row))
        .execute(),
    )
  }
}
