import type { HistoryKind } from './history.ts'

/**
 * What a thing of a timeline is: what was seen ({@link HistoryKind}), what people and rules did through the daemon (`start`,
 * `stop`, `secret`, `action`), and what checks, logs, jobs and the machine tell.
 */
export type TimelineKind =
  | HistoryKind
  | 'check'
  | 'log'
  | 'start'
  | 'stop'
  | 'secret'
  | 'action'
  | 'job'
  | 'certificate'
  | 'machine'
  | 'incident'

/** Where more of it is to be seen. */
export type TimelineLink =
  | { readonly type: 'audit'; readonly sequence: number }
  | { readonly type: 'log'; readonly id: string }
  | { readonly type: 'file'; readonly file: string; readonly line: number | null }
  | { readonly type: 'run'; readonly run: string }
  | { readonly type: 'check'; readonly app: string; readonly check: string }

export interface TimelineEvent {
  readonly at: string
  /** It had not happened yet then; null where `at` is the very time. */
  readonly after: string | null
  readonly kind: TimelineKind
  /** Whose it is; null for nobody's. */
  readonly app: string | null
  /** In words. No value is told that may be a secret. */
  readonly title: string
  readonly detail: string | null
  readonly opens: TimelineLink | null
}

/** What may have caused an incident. */
export interface IncidentCause {
  readonly text: string
  /** Why it is believed to be, in words. */
  readonly reason: string
  /** Which of the events it is, counted from 0. */
  readonly event: number
}

export interface IncidentTimeline {
  readonly number: number
  readonly app: string
  /** When the first result was that failed. */
  readonly onset: string
  /** The likeliest first, at most three. None: nothing changed that is known here. */
  readonly causes: readonly IncidentCause[]
  /** In the order of time. */
  readonly events: readonly TimelineEvent[]
  /** Events that were left out because there are too many. */
  readonly left: number
}
