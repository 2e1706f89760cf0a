import type { QueryProblem } from '#contract/log-query.ts'
import { Failure } from '#base/failure.ts'
import { printable } from '#base/printable.ts'
import { measureFor } from './width.ts'

/** A query that cannot be read, and how its place is shown to a person. */
export class QueryFailure extends Failure {
  /** The query, and below it a caret under what is wrong. */
  readonly shown: readonly string[]

  constructor(message: string, shown: readonly string[]) {
    super('log-query-invalid', message)
    this.shown = shown
  }
}

/** What stands before the place, and the place itself: more of either would not fit beside the other. */
const longestPart = 40

/** @param option - which of the command line's options holds the query. */
export async function queryFailure(
  option: string,
  query: string,
  { message, from, to }: QueryProblem,
): Promise<QueryFailure> {
  const before = lastOf(shown(query.slice(0, from)))
  const place = firstOf(shown(query.slice(from, to)))
  const after = firstOf(shown(query.slice(to)))
  const measure = await measureFor([before, place])
  return new QueryFailure(`${option} cannot be read: ${message}`, [
    `  ${before}${place}${after}`,
    `  ${' '.repeat(measure(before))}${'^'.repeat(Math.max(1, measure(place)))}`,
  ])
}

const shown = (text: string): string => printable(text, Number.POSITIVE_INFINITY)

function firstOf(text: string): string {
  const characters = Array.from(text)
  return characters.length <= longestPart ? text : `${characters.slice(0, longestPart).join('')}…`
}

function lastOf(text: string): string {
  const characters = Array.from(text)
  return characters.length <= longestPart ? text : `…${characters.slice(-longestPart).join('')}`
}
