import { sql, type RawBuilder } from 'kysely'
import type { AuditEntry, AuditFilter, AuditOutcome } from '#contract/audit.ts'
import type { Store } from '../../store/open.ts'
import { candidates, facetsOf, type Range } from './audit-facets.ts'
import { actionColumns, type AuditRecord } from './audit-record.ts'

/** A page of entries, newest first. */
export interface Page {
  readonly entries: readonly AuditEntry[]
  /** Sequence below which the following page begins; null at the end. */
  readonly next: number | null
}

/** How many candidates are looked at before others get their turn on the event loop. */
const chunk = { first: 250, largest: 4000 }

/** Reads intents and outcomes joined to entries. Every filter has an index, and pages begin where one ended. */
export class AuditEntries {
  readonly #store: Store
  readonly #open: () => ReadonlySet<number>

  /** @param open - the intents that have no outcome. */
  constructor(store: Store, open: () => ReadonlySet<number>) {
    this.#store = store
    this.#open = open
  }

  async show(sequence: number): Promise<AuditEntry | undefined> {
    const [entry] = await this.#read([sequence], {})
    return entry
  }

  /** @param before - only entries with a lower sequence. */
  async list(filter: AuditFilter, limit: number, before: number): Promise<Page> {
    const entries: AuditEntry[] = []
    for await (const entry of this.#walk(filter, limit + 1, before)) {
      entries.push(entry)
      if (entries.length > limit) break
    }
    const page = entries.slice(0, limit)
    return { entries: page, next: entries.length > limit ? (page.at(-1)?.sequence ?? null) : null }
  }

  async *#walk(filter: AuditFilter, wanted: number, before: number): AsyncGenerator<AuditEntry> {
    const facets = facetsOf(filter, this.#open)
    const filtered = facets.length > 1 || filter.text !== undefined
    for (const range of await this.#ranges(filter, before)) {
      const driver = await this.#cheapest(facets, range)
      let size = filtered ? chunk.first : wanted
      for (let below = range.high + 1; below > range.low;) {
        const found = await candidates(this.#store.kysely, driver, { low: range.low, high: below - 1 }, size)
        yield* await this.#read(found, filter)
        const last = found.at(-1)
        if (last === undefined || found.length < size) break
        below = last
        size = Math.min(size * 2, chunk.largest)
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
  }

  /** Of several filters the one with the fewest entries leads; the others are checked on what it finds. */
  async #cheapest(
    facets: ReturnType<typeof facetsOf>,
    range: Range,
  ): Promise<(typeof facets)[number] | null> {
    if (facets.length < 2) return facets[0] ?? null
    const counts = await Promise.all(
      facets.map(async (facet) => (await candidates(this.#store.kysely, facet, range, 1000)).length),
    )
    return facets[counts.indexOf(Math.min(...counts))] ?? null
  }

  /** Ranges of sequences that a filter by time allows, newest first: at most one for each run of the clock. */
  async #ranges(filter: AuditFilter, before: number): Promise<readonly Range[]> {
    if (filter.since === undefined && filter.until === undefined) return [{ low: 1, high: before - 1 }]
    const since = filter.since === undefined ? '' : new Date(filter.since).toISOString()
    const until = filter.until === undefined ? '~' : new Date(filter.until).toISOString()
    const { rows } = await sql<Range>`
      with recursive
        ends(last, run) as (select sequence, clock_run from audit_records order by sequence desc limit 1),
        runs(last, run) as (select last, run from ends union all select last, run - 1 from runs where run > 0)
      select
        ${firstWhere(sql`(clock_run, timestamp) >= (run, ${since})`)} as low,
        ${firstWhere(sql`(clock_run, timestamp) > (run, ${until})`)} - 1 as high
      from runs`.execute(this.#store.kysely)
    return rows
      .map(({ low, high }) => ({ low, high: Math.min(high, before - 1) }))
      .filter(({ low, high }) => low <= high)
  }

  /** The entries of these intents that pass the whole filter, in the given order of falling sequence. */
  async #read(sequences: readonly number[], filter: AuditFilter): Promise<readonly AuditEntry[]> {
    if (sequences.length === 0) return []
    let query = this.#store.kysely
      .selectFrom('audit_records as intent')
      .leftJoin('audit_records as outcome', (join) =>
        join
          .onRef('outcome.intent', '=', 'intent.sequence')
          .onRef('outcome.sequence', '>', 'intent.sequence'),
      )
      .select(shown.map((column) => `intent.${column}` as const))
      .select([
        'outcome.outcome as result',
        'outcome.error_code as result_error',
        'outcome.duration_ms as result_duration',
        'outcome.details as result_details',
      ])
      // One parameter however many they are: SQLite allows 32,766.
      .where(sql<boolean>`intent.sequence in (select value from json_each(${JSON.stringify(sequences)}))`)
      .where('intent.kind', '=', 'intent')
    for (const facet of facetsOf(filter, this.#open)) query = query.where(facet.matches)
    if (filter.text !== undefined) {
      const needle = filter.text.toLowerCase()
      query = query.where(
        sql<boolean>`contains_text(${needle}, intent.action, intent.actor_id, intent.actor_name,
          intent.actor_client, intent.actor_address, intent.resource_type, intent.resource_id,
          intent.resource_name, intent.project, intent.details, outcome.details, outcome.error_code)`,
      )
    }
    const rows = await query.orderBy('intent.sequence', 'desc').execute()
    return rows.map(entryOf)
  }
}

/**
 * The first sequence for which a condition holds, one after the last for none. Run and time of the clock only rise
 * with the sequence, so it is found by halving, and needs no index that every record would have to be put into.
 */
const firstWhere = (condition: RawBuilder<unknown>): RawBuilder<number> => {
  const middle = sql`(select ${condition} from audit_records where sequence >= (low + high) / 2
    order by sequence limit 1)`
  return sql`(
    with recursive search(low, high) as (
      select 1, last + 1
      union all
      select iif(${middle}, low, (low + high) / 2 + 1), iif(${middle}, (low + high) / 2, high)
      from search where low < high
    )
    select low from search where low = high)`
}

/** What of an intent is in an entry. Its hash, seal and signature are long and are no part of it. */
const shown = ['sequence', 'timestamp', 'id', ...actionColumns] as const

type Row = Readonly<Pick<AuditRecord, (typeof shown)[number]>> & {
  readonly result: string | null
  readonly result_error: string | null
  readonly result_duration: number | null
  readonly result_details: string | null
}

const entryOf = (row: Row): AuditEntry => ({
  id: row.id ?? '',
  sequence: row.sequence,
  timestamp: row.timestamp,
  actor: {
    id: row.actor_id ?? '',
    name: row.actor_name ?? '',
    client: row.actor_client ?? '',
    address: row.actor_address ?? '',
  },
  action: row.action ?? '',
  resource: { type: row.resource_type ?? '', id: row.resource_id ?? '', name: row.resource_name ?? '' },
  project: row.project,
  details: { ...parseDetails(row.details), ...parseDetails(row.result_details) },
  // What is in the column was written by us as one of these.
  outcome: (row.result ?? 'pending') as AuditOutcome,
  errorCode: row.result_error,
  durationMs: row.result_duration,
})

/** Details that somebody spoilt from outside are shown as they are rather than break the whole list. */
function parseDetails(text: string | null): Readonly<Record<string, unknown>> {
  if (text === null || text === '{}') return {}
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return { unreadable: text }
  }
}
