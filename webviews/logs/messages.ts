import type { LogDetail, LogHistogram, LogLine, LogPage, LogSourceRow } from '#contract/logs.ts'
import { logKinds, logLevels, mostLogLines } from '#contract/log-words.ts'
import {
  either,
  exactly,
  flag,
  having,
  listOf,
  oneOf,
  shape,
  shapeWith,
  text,
  texts,
  whole,
  type Check,
} from '../ui/check.ts'
import { isFilter, isPlace, isSaved, isView, longestId, viewName } from './view.ts'

// What the page and the extension say to each other. Each believes the other only after these checks: the page shows
// lines that anybody may have written, and so the extension does no more for it than what is listed here.

const request = whole(0, Number.MAX_SAFE_INTEGER)
const cursor = text(400)
const record = text(longestId)
export const exportFormats = ['txt', 'jsonl', 'csv'] as const
export type ExportFormat = (typeof exportFormats)[number]

/** The most that may be copied at once, in UTF-16 units. */
export const mostCopied = 4 * 1024 * 1024

const fromPage = {
  ready: shape({ type: exactly('ready') }),
  search: shapeWith(
    { type: exactly('search'), request, filter: isFilter, limit: whole(1, mostLogLines) },
    { before: cursor, after: cursor },
  ),
  histogram: shape({ type: exactly('histogram'), request, filter: isFilter, buckets: whole(1, 500) }),
  around: shape({ type: exactly('around'), request, id: record, lines: whole(1, 500) }),
  show: shape({ type: exactly('show'), request, id: record }),
  sources: shape({ type: exactly('sources'), request }),
  /** What is asked for is wanted no more. */
  cancel: shape({ type: exactly('cancel'), request }),
  /** From now on tell what comes after a cursor, instead of what was told before. */
  tail: shape({ type: exactly('tail'), tail: request, filter: isFilter, after: cursor }),
  /** The last batch is on the screen. */
  drawn: shape({ type: exactly('drawn'), tail: request }),
  /** Tell no more of what arrives. */
  rest: shape({ type: exactly('rest') }),
  export: shape({ type: exactly('export'), format: oneOf(exportFormats), filter: isFilter }),
  openText: shape({ type: exactly('openText'), filter: isFilter }),
  openOutput: shape({ type: exactly('openOutput'), filter: isFilter }),
  openFrame: shape({
    type: exactly('openFrame'),
    app: text(200),
    file: text(4096),
    line: whole(1, 10_000_000),
    column: whole(1, 10_000_000),
  }),
  copy: shape({ type: exactly('copy'), text: text(mostCopied) }),
  save: shape({ type: exactly('save'), name: viewName, view: isView }),
  forget: shape({ type: exactly('forget'), name: viewName }),
  remember: shape({ type: exactly('remember'), view: isView }),
  /** Where somebody is, for when VS Code brings the page back; null: at the newest line. */
  place: shape({ type: exactly('place'), place: either(isPlace, exactly(null)) }),
  retry: shape({ type: exactly('retry') }),
  showApps: shape({ type: exactly('showApps') }),
} as const

type FromPageChecks = typeof fromPage
type Of<C> = C extends Check<infer T> ? T : never
export type FromPage = { [K in keyof FromPageChecks]: Of<FromPageChecks[K]> }[keyof FromPageChecks]

/** A message of the page; null when it is none that it may send. */
export function fromPageOf(value: unknown): FromPage | null {
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : null
  if (typeof type !== 'string' || !Object.hasOwn(fromPage, type)) return null
  const check: Check<FromPage> = fromPage[type as keyof FromPageChecks]
  return check(value) ? value : null
}

const long = text(Number.MAX_SAFE_INTEGER)
const line: Check<LogLine> = having({
  id: record,
  app: long,
  source: long,
  time: text(40),
  timeFrom: oneOf(['line', 'arrival']),
  level: either(oneOf(logLevels), exactly(null)),
  kind: oneOf(logKinds),
  text: long,
  messageAt: whole(0, Number.MAX_SAFE_INTEGER),
})
const lines: Check<readonly LogLine[]> = listOf(line, 5 * mostLogLines)

/** What the page asks for, by what the answer has to be. */
export const answers = {
  search: having({
    lines,
    older: either(cursor, exactly(null)),
    newer: cursor,
    searchedTo: either(text(40), exactly(null)),
  }) as Check<LogPage>,
  histogram: having({
    from: text(40),
    to: text(40),
    bucketMs: (value): value is number => typeof value === 'number' && value > 0,
    buckets: listOf(having({ from: text(40), counts: having({}) }), 1000),
    total: whole(0, Number.MAX_SAFE_INTEGER),
  }) as Check<LogHistogram>,
  around: lines,
  show: having({ format: long, fields: texts(100_000, Number.MAX_SAFE_INTEGER) }) as Check<LogDetail>,
  sources: listOf(having({ app: long, source: long, lines: request }), Number.MAX_SAFE_INTEGER) as Check<
    LogSourceRow[]
  >,
} as const
export type Question = keyof typeof answers

const status = shape({
  state: oneOf(['ok', 'starting', 'unreachable', 'older']),
  /** Since when it is so, ISO 8601. */
  since: text(40),
  /** Why, in words; empty when there is nothing to say. */
  message: long,
  hasApps: flag,
})
/** How it stands with the daemon. */
export type Status = Of<typeof status>

const batch = shape({
  type: exactly('batch'),
  tail: request,
  lines,
  older: either(cursor, exactly(null)),
  newer: cursor,
  /** Lines that came before these and were too many to be told. */
  skipped: request,
})
/** What has arrived. */
export type Batch = Of<typeof batch>

const toPage = {
  init: shape({
    type: exactly('init'),
    strings: texts(500, 500),
    /** Of one app, or of all. */
    title: long,
    everyApp: flag,
    view: either(isView, exactly(null)),
    /** Whether VS Code brings the page back after a restart, and where somebody was then. */
    restored: flag,
    place: either(isPlace, exactly(null)),
    saved: listOf(isSaved, 1000),
    status,
  }),
  status: shape({ type: exactly('status'), status }),
  /** Look at this. */
  view: shape({ type: exactly('view'), view: isView }),
  saved: shape({ type: exactly('saved'), saved: listOf(isSaved, 1000) }),
  answer: shape({
    type: exactly('answer'),
    request,
    value: (value): value is unknown => value !== undefined,
  }),
  failed: shape({ type: exactly('failed'), request, code: text(80), message: long }),
  batch,
} as const

type ToPageChecks = typeof toPage
export type ToPage = { [K in keyof ToPageChecks]: Of<ToPageChecks[K]> }[keyof ToPageChecks]

/** A message of the extension; null when it is none. */
export function toPageOf(value: unknown): ToPage | null {
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : null
  if (typeof type !== 'string' || !Object.hasOwn(toPage, type)) return null
  const check: Check<ToPage> = toPage[type as keyof ToPageChecks]
  return check(value) ? value : null
}
