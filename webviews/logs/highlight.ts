import { parseLogQuery } from '#contract/log-query.ts'
import type { Span } from './ansi.ts'

/** Finds where a text matches, as pairs of first and after the last. */
export type Matcher = (text: string) => readonly (readonly [number, number])[]

const noMatches: Matcher = () => []

/** Further into a line nothing is marked by a pattern: a browser's patterns may take long where the daemon's do not. */
const mostForPattern = 2000

/** What a query finds in a message. A query that cannot be read marks nothing. */
export function matcherOf(query: string): Matcher {
  const parsed = parseLogQuery(query)
  if ('problem' in parsed) return noMatches
  const words: string[] = []
  const patterns: RegExp[] = []
  for (const condition of parsed.conditions) {
    if (condition.not) continue
    if (condition.kind === 'text') words.push(condition.text)
    else if (condition.kind === 'field' && (condition.operator === '~' || condition.operator === '='))
      words.push(...condition.value.split('*'))
    else if (condition.kind === 'regex') {
      const pattern = patternOf(condition.pattern)
      if (pattern !== null) patterns.push(pattern)
    }
  }
  const wanted = words.filter((word) => word !== '').map((word) => new RegExp(escaped(word), 'gi'))
  if (wanted.length + patterns.length === 0) return noMatches
  return (text) =>
    merged([
      ...wanted.flatMap((word) => rangesOf(word, text)),
      ...patterns.flatMap((pattern) => rangesOf(pattern, text.slice(0, mostForPattern))),
    ])
}

/** A pattern that a browser can look for in little time: at most one part repeats without end, and not inside another. */
function patternOf(pattern: string): RegExp | null {
  const bare = pattern.replaceAll(/\\./g, 'x').replaceAll(/\[[^\]]*\]/g, 'x')
  if ((bare.match(/[*+]|\{\d*,\d*\}/g) ?? []).length > 1 || /\)[*+{]/.test(bare)) return null
  const insensitive = pattern.startsWith('(?i)')
  try {
    return new RegExp(insensitive ? pattern.slice(4) : pattern, insensitive ? 'gi' : 'g')
  } catch {
    // RE2 knows some that a browser does not.
    return null
  }
}

const escaped = (word: string): string => word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

const rangesOf = (pattern: RegExp, text: string): readonly (readonly [number, number])[] =>
  [...text.matchAll(pattern)].flatMap(({ index, 0: found }) =>
    found === '' ? [] : [[index, index + found.length] as const],
  )

function merged(ranges: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const out: [number, number][] = []
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = out.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else out.push([from, to])
  }
  return out
}

/** A piece that may be marked as found. */
export interface MarkedSpan extends Span {
  readonly found: boolean
}

/** Cuts pieces where what was found begins and ends. */
export function marked(
  spans: readonly Span[],
  ranges: readonly (readonly [number, number])[],
): readonly MarkedSpan[] {
  if (ranges.length === 0) return spans.map((span) => ({ ...span, found: false }))
  const cuts = ranges.flat()
  const out: MarkedSpan[] = []
  let at = 0
  for (const { text, classes } of spans) {
    const end = at + text.length
    const edges = [at, ...cuts.filter((cut) => cut > at && cut < end), end]
    for (let i = 0; i + 1 < edges.length; i++) {
      const [from = 0, to = 0] = [edges[i], edges[i + 1]]
      const found = ranges.some(([first, after]) => from >= first && to <= after)
      if (to > from) out.push({ text: text.slice(from - at, to - at), classes, found })
    }
    at = end
  }
  return out
}
