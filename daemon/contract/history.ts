import * as z from 'zod/mini'
import { appName } from './app-param.ts'
import { query, type } from './method.ts'

/**
 * What was seen to happen although nobody told the daemon of it: what people do through the daemon is on the audit trail.
 * `config`: keys of a configuration. `files`: other files of an app's folder. `git`: what is checked out is another. `end`:
 * an app ended by itself. `port`: a process began or ceased to listen. `disk`: one that an app's folder is on.
 */
export type HistoryKind = 'config' | 'files' | 'git' | 'end' | 'port' | 'container' | 'disk'

/** What became of it; `data`: what programs write by themselves (a database) or only people read was written to. */
export type HistoryTurn =
  | 'added'
  | 'changed'
  | 'removed'
  | 'permissions'
  | 'data'
  | 'started'
  | 'ended'
  | 'full'
  | 'freed'

export interface HistoryRow {
  readonly id: number
  readonly kind: HistoryKind
  readonly turn: HistoryTurn
  /** When it happened, or was seen. ISO 8601 UTC with milliseconds, as are all times here. */
  readonly at: string
  /** It had not happened yet then; null where `at` is the very time. */
  readonly after: string | null
  /** Whose it is; null for nobody's. */
  readonly app: string | null
  /** In words, such as `quantum.config.yaml: admin.run.port changed`. No value is ever told. */
  readonly title: string
  readonly detail: string | null
  /** Absolute. */
  readonly file: string | null
  /** Counted from 1. */
  readonly line: number | null
  /** By what an error message would name it: paths, keys, ports, names. */
  readonly names: readonly string[]
}

const moment = z.iso.datetime({ error: 'expected a time such as 2026-11-22T08:00:00.000Z' })

export const historyMethods = {
  /** Newest first; of one app also what is nobody's. `since` defaults to a day before `until`, and that to now. */
  'history.list': query({
    params: z.strictObject({
      app: z.optional(appName),
      since: z.optional(moment),
      until: z.optional(moment),
      limit: z._default(z.int().check(z.gte(1), z.lte(1000)), 100),
    }),
    result: type<readonly HistoryRow[]>(),
    role: 'viewer',
  }),
}
