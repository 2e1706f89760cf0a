import * as z from 'zod/mini'
import { appName } from './app-param.ts'
import {
  logKinds,
  logLevels,
  longestLogQuery,
  mostLogLines,
  type ForwardKind,
  type LogKind,
  type LogLevel,
} from './log-words.ts'
import { query, type } from './method.ts'

/** One record of a log: a line, or the lines that belong together, such as a stack trace. */
export interface LogLine {
  /** Where it stands for ever: the app, a slash, its number in the app's log. */
  readonly id: string
  readonly app: string
  /** Who wrote it: `output`, a file, a container, a job. */
  readonly source: string
  /** ISO 8601 UTC with milliseconds. */
  readonly time: string
  /** Whether the line says its time itself, or it is when we first saw it. */
  readonly timeFrom: 'line' | 'arrival'
  /** Null when the line does not say. */
  readonly level: LogLevel | null
  readonly kind: LogKind
  /** As it was written, colours included, lines joined by `\n`; bytes that are no UTF-8 as U+FFFD. Not yet safe to show. */
  readonly text: string
  /** Its message alone: `text` from this UTF-16 unit on, without a time and level that stand before it. */
  readonly messageAt: number
}

/** One record, with all that is understood of it. */
export interface LogDetail extends LogLine {
  /** The name of the format that it was understood by; `plain` when by none. */
  readonly format: string
  /** Its members by path (`user.id`), as text; for a plain line none. */
  readonly fields: Readonly<Record<string, string>>
}

export interface LogPage {
  /** In the order of time, the newest last. */
  readonly lines: readonly LogLine[]
  /** What `before` continues with; null when nothing older is left. A page may hold few lines and still go on. */
  readonly older: string | null
  /** What `after` continues with. */
  readonly newer: string
  /** How far back was looked, ISO 8601; null when everything was. */
  readonly searchedTo: string | null
}

export interface LogBucket {
  readonly from: string
  /** Records by level; those that say none under `none`. */
  readonly counts: Readonly<Partial<Record<LogLevel | 'none', number>>>
}

export interface LogHistogram {
  readonly from: string
  readonly to: string
  /** Milliseconds that each bucket spans. */
  readonly bucketMs: number
  /** In the order of time, without those that are empty. */
  readonly buckets: readonly LogBucket[]
  /** All that match in that time. */
  readonly total: number
}

/** Where lines come from. */
export interface LogSourceRow {
  readonly app: string
  readonly source: string
  readonly kind: LogKind
  /** Why nothing of it is read, in words; null when it is. */
  readonly problem: string | null
  /** Records and bytes that are kept of it. */
  readonly lines: number
  readonly bytes: number
  /** ISO 8601 of the newest; null without any. */
  readonly newest: string | null
}

/** How far the records of an app were forwarded. */
export interface LogForwardRow {
  readonly app: string
  readonly kind: ForwardKind
  readonly url: string
  /**
   * `current`: everything was sent. `sending`: it goes on. `retrying`: it is tried again by itself. `stopped`: a person has
   * to do something; it is tried rarely.
   */
  readonly state: 'current' | 'sending' | 'retrying' | 'stopped'
  /** Records that are still to be sent. */
  readonly behind: number
  /** Since forwarding began: records that were taken. */
  readonly sent: number
  /** Records that were not taken, and are never sent again. */
  readonly refused: number
  /** Records that were gone before they were sent. */
  readonly lost: number
  /** ISO 8601: the time of the newest record that was taken; null before any. */
  readonly sentTo: string | null
  /** What last went wrong, and when; null when nothing did in this start of the daemon. */
  readonly error: { readonly at: string; readonly message: string } | null
  /** When it is tried again; null while nothing is in the way. */
  readonly nextAt: string | null
}

/** How many errors an app wrote in a time. */
export interface LogErrorsRow {
  readonly app: string
  /** Records of the levels `error` and `fatal`; never 0. */
  readonly errors: number
  /** The newest of them; null when it was not found soon enough. */
  readonly newest: {
    /** ISO 8601. */
    readonly time: string
    /** The first line of its message, shortened. Not yet safe to show. */
    readonly message: string
  } | null
}
export interface LogErrors {
  readonly since: string
  /** Of apps that wrote errors since then, and of no others. */
  readonly rows: readonly LogErrorsRow[]
}

const moment = z.iso.datetime({ error: 'expected a time such as 2026-11-22T08:00:00.000Z' })
const cursor = z.string().check(z.maxLength(400))

/** What narrows lines down; all of it holds at once. */
const filter = {
  apps: z.optional(z.array(appName).check(z.maxLength(200))),
  sources: z.optional(z.array(z.string().check(z.maxLength(4096))).check(z.maxLength(200))),
  levels: z.optional(z.array(z.enum([...logLevels, 'none'])).check(z.maxLength(logLevels.length + 1))),
  kinds: z.optional(z.array(z.enum(logKinds)).check(z.maxLength(logKinds.length))),
  /** As people type it: log-query.ts. */
  query: z.optional(z.string().check(z.maxLength(longestLogQuery))),
  since: z.optional(moment),
  until: z.optional(moment),
}
/** What a client sends to narrow lines down. */
export interface LogFilter {
  readonly apps?: string[] | undefined
  readonly sources?: string[] | undefined
  readonly levels?: (LogLevel | 'none')[] | undefined
  readonly kinds?: LogKind[] | undefined
  readonly query?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
}

export const logsMethods = {
  /**
   * A page of what matches: the newest, those before a cursor or those after one. It answers after a while also when it
   * has found little, so that whoever asks can show it, go on or stop. `log-query-invalid` when the query cannot be read.
   */
  'logs.search': query({
    params: z.strictObject({
      ...filter,
      before: z.optional(cursor),
      after: z.optional(cursor),
      limit: z._default(z.int().check(z.gte(1), z.lte(mostLogLines)), 200),
    }),
    result: type<LogPage>(),
    role: 'viewer',
  }),
  /** What stands around a record in its app's log, itself included, whatever matches. `not-found` when it is kept no more. */
  'logs.around': query({
    params: z.strictObject({
      id: z.string().check(z.maxLength(400)),
      before: z._default(z.int().check(z.gte(0), z.lte(500)), 5),
      after: z._default(z.int().check(z.gte(0), z.lte(500)), 5),
    }),
    result: type<readonly LogLine[]>(),
    role: 'viewer',
  }),
  'logs.show': query({
    params: z.strictObject({ id: z.string().check(z.maxLength(400)) }),
    result: type<LogDetail>(),
    role: 'viewer',
  }),
  /** How many match, over time and by level. `since` defaults to the oldest that is kept, `until` to now. */
  'logs.histogram': query({
    params: z.strictObject({ ...filter, buckets: z._default(z.int().check(z.gte(1), z.lte(500)), 60) }),
    result: type<LogHistogram>(),
    role: 'viewer',
  }),
  /** How many errors there were since a moment, an hour ago where none is named: counted from tables, not by reading. */
  'logs.errors': query({
    params: z.strictObject({ apps: filter.apps, since: z.optional(moment) }),
    result: type<LogErrors>(),
    role: 'viewer',
  }),
  'logs.sources': query({
    params: z.strictObject({ apps: filter.apps }),
    result: type<{ readonly revision: string; readonly rows: readonly LogSourceRow[] }>(),
    role: 'viewer',
  }),
  /** Apps that do not forward are not among them. */
  'logs.forwarding': query({
    params: z.strictObject({ apps: filter.apps }),
    result: type<readonly LogForwardRow[]>(),
    role: 'viewer',
  }),
}
