import { sql, type Kysely, type RawBuilder } from 'kysely'
import type { AuditFilter } from '#contract/audit.ts'
import type { Database } from '../../store/database.ts'

/** Sequences from low to high, both included. */
export interface Range {
  readonly low: number
  readonly high: number
}

/** One filter: how its entries are found by index, and how one is told that was found otherwise. */
export interface Facet {
  /** Conditions of which one must hold. Each is answered in order by one index of migrations/001-audit.ts. */
  readonly alternatives: readonly RawBuilder<boolean>[]
  /** The column that names the intent. Null: the entries are `known`. */
  readonly column: 'sequence' | 'intent' | null
  readonly known: () => ReadonlySet<number>
  /** The same condition on the joined rows `intent` and `outcome`. */
  readonly matches: RawBuilder<boolean>
}

const none: () => ReadonlySet<number> = () => new Set()

const facet = (matches: RawBuilder<boolean>, ...alternatives: readonly RawBuilder<boolean>[]): Facet => ({
  alternatives,
  column: 'sequence',
  known: none,
  matches,
})

/** @param open - the intents that have no outcome. */
export function facetsOf(filter: AuditFilter, open: () => ReadonlySet<number>): readonly Facet[] {
  const { actor, action, resource, project, outcome } = filter
  const facets: Facet[] = []
  if (actor !== undefined) facets.push(actorFacet(actor))
  if (resource !== undefined) facets.push(resourceFacet(resource))
  if (project !== undefined) facets.push(facet(sql`intent.project = ${project}`, sql`project = ${project}`))
  if (action !== undefined) facets.push(facet(sql`intent.action = ${action}`, sql`action = ${action}`))
  if (outcome === 'pending') {
    facets.push({ alternatives: [], column: null, known: open, matches: sql`outcome.sequence is null` })
  } else if (outcome !== undefined) {
    const byOutcome = facet(sql`outcome.outcome = ${outcome}`, sql`outcome = ${outcome}`)
    facets.push({ ...byOutcome, column: 'intent' })
  }
  return facets
}

const actorFacet = (actor: string): Facet =>
  facet(
    sql`(intent.actor_id = ${actor} or intent.actor_name = ${actor})`,
    sql`actor_id = ${actor}`,
    sql`actor_name = ${actor} and actor_name is not actor_id`,
  )

/** A type, an id, a name, or `type:name`; a name may hold colons itself. */
function resourceFacet(resource: string): Facet {
  const whole = sql<boolean>`intent.resource_type = ${resource}
    or intent.resource_id = ${resource} or intent.resource_name = ${resource}`
  const alternatives = [
    sql<boolean>`resource_type = ${resource}`,
    sql<boolean>`resource_id = ${resource}`,
    sql<boolean>`resource_name = ${resource} and resource_name is not resource_id`,
  ]
  const colon = resource.indexOf(':')
  if (colon === -1) return facet(sql`(${whole})`, ...alternatives)
  const type = resource.slice(0, colon)
  const name = resource.slice(colon + 1)
  return facet(
    sql`(${whole} or (intent.resource_type = ${type} and intent.resource_name = ${name}))`,
    ...alternatives,
    // The plus keeps the index of the type out of it, which would lead to far more records than the name's.
    sql<boolean>`+resource_type = ${type} and resource_id = ${name} and resource_name = resource_id`,
    sql<boolean>`+resource_type = ${type} and resource_name = ${name} and resource_name is not resource_id`,
  )
}

/**
 * Sequences of intents in a range that pass one filter, falling, at most `limit`. Each alternative is read
 * from its own index, which holds them in order; SQLite would sort all of them for an OR.
 */
export async function candidates(
  kysely: Kysely<Database>,
  by: Facet | null,
  range: Range,
  limit: number,
): Promise<readonly number[]> {
  if (by?.column === null) {
    return [...by.known()]
      .filter((sequence) => sequence >= range.low && sequence <= range.high)
      .sort((a, b) => b - a)
      .slice(0, limit)
  }
  const alternatives = by?.alternatives ?? [sql<boolean>`kind = 'intent'`]
  const column = by?.column ?? 'sequence'
  const lists: number[][] = []
  for (const alternative of alternatives) {
    const rows = await kysely
      .selectFrom('audit_records')
      .select(`${column} as found`)
      .where(column, '>=', range.low)
      .where(column, '<=', range.high)
      .where(alternative)
      .orderBy(column, 'desc')
      .limit(limit)
      .execute()
    lists.push(rows.flatMap(({ found }) => (found === null ? [] : [found])))
  }
  const [only, ...more] = lists
  if (more.length === 0) return only ?? []
  return [...new Set(lists.flat())].sort((a, b) => b - a).slice(0, limit)
}
