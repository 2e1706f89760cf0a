import { logKinds, logLevels, longestLogQuery, type LogKind, type LogLevel } from '#contract/log-words.ts'
import { either, exactly, listOf, oneOf, shape, shapeWith, text, whole, type Check } from '../ui/check.ts'

/** The sub-tabs. */
export const tabs = ['all', ...logKinds, 'errors'] as const
export type Tab = (typeof tabs)[number]

/** What a level filter may name: lines that say no level are `none`. */
export const levelWords = [...logLevels, 'none'] as const
export type LevelWord = LogLevel | 'none'

/** Which time is looked at. */
export type Range =
  | { readonly kind: 'all' }
  | { readonly kind: 'last'; readonly minutes: number }
  /** ISO 8601; null for an open end. */
  | { readonly kind: 'between'; readonly since: string | null; readonly until: string | null }

/** What a person has set: kept per app, and under names. */
export interface LogView {
  readonly tab: Tab
  readonly query: string
  /** None for all. */
  readonly levels: readonly LevelWord[]
  /** None for all. */
  readonly sources: readonly string[]
  readonly range: Range
}

/** A view under a name. */
export interface SavedView {
  readonly name: string
  readonly view: LogView
}

/** What the page may narrow lines down by; which apps they are of is the extension's to say. */
export interface PageFilter {
  readonly sources?: string[] | undefined
  readonly levels?: LevelWord[] | undefined
  readonly kinds?: LogKind[] | undefined
  readonly query?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
}

export const plainView: LogView = { tab: 'all', query: '', levels: [], sources: [], range: { kind: 'all' } }

/** A time as the contract takes it. */
const moment: Check<string> = (value): value is string =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/.test(value)

const sources = listOf(text(4096), 200)
const levels = listOf(oneOf(levelWords), levelWords.length)

const isRange: Check<Range> = either(
  shape({ kind: exactly('all') }),
  either(
    shape({ kind: exactly('last'), minutes: whole(1, 60 * 24 * 366) }),
    shape({
      kind: exactly('between'),
      since: either(moment, exactly(null)),
      until: either(moment, exactly(null)),
    }),
  ),
)

export const isView: Check<LogView> = shape({
  tab: oneOf(tabs),
  query: text(longestLogQuery),
  levels,
  sources,
  range: isRange,
})

export const isFilter: Check<PageFilter> = shapeWith(
  {},
  {
    sources,
    levels,
    kinds: listOf(oneOf(logKinds), logKinds.length),
    query: text(longestLogQuery),
    since: moment,
    until: moment,
  },
)

/** A record that somebody was at. */
export interface Place {
  readonly id: string
  /** Of the record, by which it is found again. */
  readonly time: string
}

/** UTF-16 units of the id of a record. */
export const longestId = 400
export const isPlace: Check<Place> = shape({ id: text(longestId), time: moment })

/** Name of a saved view. */
export const viewName = text(80)
export const isSaved: Check<SavedView> = shape({ name: viewName, view: isView })

/** Whether anything but the tab is narrowed down. */
export const isNarrowed = (view: LogView): boolean =>
  view.query.trim() !== '' || view.levels.length > 0 || view.sources.length > 0 || view.range.kind !== 'all'

/** What is asked for, at this moment. */
export function filterOf(view: LogView, now: number): PageFilter {
  const { tab, query, range } = view
  const levels: readonly LevelWord[] = tab === 'errors' ? ['error', 'fatal'] : view.levels
  const last = range.kind === 'last' ? new Date(now - range.minutes * 60_000).toISOString() : null
  const since = range.kind === 'between' ? range.since : last
  const until = range.kind === 'between' ? range.until : null
  return {
    ...(tab === 'all' || tab === 'errors' ? {} : { kinds: [tab] }),
    ...(levels.length === 0 ? {} : { levels: [...levels] }),
    ...(view.sources.length === 0 ? {} : { sources: [...view.sources] }),
    ...(query.trim() === '' ? {} : { query }),
    ...(since === null ? {} : { since }),
    ...(until === null ? {} : { until }),
  }
}

/** A query with one more condition: that a field has this value, or has not. */
export function withCondition(query: string, name: string, value: string, not: boolean): string {
  // What a text field cannot hold, and what is too long to read, is left open.
  // oxlint-disable-next-line no-control-regex -- a line end and its like are looked for.
  const line = /^[^\u0000-\u001f\u007f]*/.exec(value)?.[0] ?? ''
  const start = line.length > 300 ? line.slice(0, 300) : line
  const shown = start === value ? value : `${start}*`
  const quoted = /^[\w./@:+-]+$/.test(shown) ? shown : `"${shown.replaceAll(/["\\]/g, '\\$&')}"`
  const condition = `${not ? '-' : ''}${name}:${quoted}`
  const words = query.trim()
  if (` ${words} `.includes(` ${condition} `)) return words
  return words === '' ? condition : `${words} ${condition}`
}

/** Whether a field of this name can stand in a query. */
export const isFieldName = (name: string): boolean => /^[A-Za-z_@][\w.@/-]*$/.test(name)
