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
  /** Conditions of which one must hold, each on columns of one index. Null: the entries are `known`. */
  readonly alternatives: readonly Readonly<Partial<Record<Column, string>>>[]
  readonly source: 'intent' | 'outcome' | 'known'
  readonly known: () => ReadonlySet<number>
  readonly matches: RawBuilder<boolean>
}

type Column =
  | 'actor_id'
  | 'actor_name'
  | 'action'
  | 'resource_type'
  | 'resource_id'
  | 'resource_name'
  | 'project'
  | 'outcome'

const none: () => ReadonlySet<number> = () => new Set()

/** @param open - the intents that have no outcome. */
export function facetsOf(filter: AuditFilter, open: () => ReadonlySet<number>): readonly Facet[] {
  const facets: Facet[] = []
  const { actor, action, resource, project, outcome } = filter
  if (actor !== undefined) facets.push(facet([{ actor_id: actor }, { actor_name: actor }]))
  if (resource !== undefined) facets.push(facet(resourceAlternatives(resource)))
  if (project !== undefined) facets.push(facet([{ project }]))
  if (action !== undefined) facets.push(facet([{ action }]))
  if (outcome === 'pending') {
    facets.push({ alternatives: [], source: 'known', known: open, matches: sql`outcome.sequence is null` })
  } else if (outcome !== undefined) {
    const matches = sql<boolean>`outcome.outcome = ${outcome}`
    facets.push({ alternatives: [{ outcome }], source: 'outcome', known: none, matches })
  }
  return facets
}

/** A type, an id, a name, or `type:name`; a name may hold colons itself. */
function resourceAlternatives(resource: string): Facet['alternatives'] {
  const colon = resource.indexOf(':')
  const whole = [{ resource_type: resource }, { resource_id: resource }, { resource_name: resource }]
  if (colon === -1) return whole
  return [...whole, { resource_type: resource.slice(0, colon), resource_name: resource.slice(colon + 1) }]
}

function facet(alternatives: Facet['alternatives']): Facet {
  const conditions = alternatives.map((alternative) => {
    const terms = Object.entries(alternative).map(
      ([column, value]) => sql`${sql.ref(`intent.${column}`)} = ${value}`,
    )
    return sql`(${sql.join(terms, sql` and `)})`
  })
  const matches = sql<boolean>`(${sql.join(conditions, sql` or `)})`
  return { alternatives, source: 'intent', known: none, matches }
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
  if (by?.source === 'known') {
    return [...by.known()]
      .filter((sequence) => sequence >= range.low && sequence <= range.high)
      .sort((a, b) => b - a)
      .slice(0, limit)
  }
  const alternatives = by?.alternatives ?? [{}]
  const column = by?.source === 'outcome' ? 'intent' : 'sequence'
  const lists: number[][] = []
  for (const alternative of alternatives) {
    let query = kysely
      .selectFrom('audit_records')
      .select(`${column} as found`)
      .where(column, '>=', range.low)
      .where(column, '<=', range.high)
    for (const [name, value] of Object.entries(alternative)) query = query.where(name as Column, '=', value)
    if (by === null) query = query.where('kind', '=', 'intent')
    const rows = await query.orderBy(column, 'desc').limit(limit).execute()
    lists.push(rows.flatMap(({ found }) => (found === null ? [] : [found])))
  }
  const [only, ...more] = lists
  if (more.length === 0) return only ?? []
  return [...new Set(lists.flat())].sort((a, b) => b - a).slice(0, limit)
}
