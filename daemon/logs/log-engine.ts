import type { Emitter } from '#base/emitter.ts'
import type { Owned } from '#base/lifetime.ts'
import type {
  LogDetail,
  LogFilter,
  LogForwardRow,
  LogHistogram,
  LogLine,
  LogPage,
  LogSourceRow,
} from '#contract/logs.ts'
import type { ForwardKind, LogKind, LogLevel } from '#contract/log-words.ts'
import type { LogContainers } from './containers/log-container.ts'
import type { RequestCounts } from './metering.ts'

/** Something that lines come from, for as long as it is told to be read. */
export interface LogInput {
  readonly app: string
  /** Its name among the sources of its app. */
  readonly source: string
  readonly kind: LogKind
  /** A file that grows, by its absolute path. It may not be there yet. */
  readonly file: string
  /**
   * Of one run among many of the same source; null for a source that goes on. What is known of how far a run was read is
   * forgotten when it is no longer named.
   */
  readonly run: string | null
  /** Whether more may be written to it; else what is there is all of it, and a last line may lack its end. */
  readonly live: boolean
}

/** Files of an app that are read whenever they are there. */
export interface LogPattern {
  readonly app: string
  /** What their names are told from. */
  readonly folder: string
  /** Absolute; `*` stands for any name. */
  readonly file: string
  readonly kind: LogKind
}

/** A source that is no part of all: it is found only by its app or its name. */
export interface LogAside {
  readonly app: string
  readonly source: string
}

/** What is kept of the logs of an app. */
export interface Retention {
  readonly days: number
  readonly bytes: number
}

/** Where the records of an app are sent, besides being kept. */
export interface ForwardTarget {
  readonly kind: ForwardKind
  /** What is posted to, as a whole. */
  readonly url: string
  /** What lets us in is among them. */
  readonly headers: Readonly<Record<string, string>>
  /** What of this must never be shown. */
  readonly secrets: readonly string[]
  /** By name: what is said of every record. */
  readonly labels: Readonly<Record<string, string>>
  /** The least grave level that is sent; null: everything, also what says none. */
  readonly level: LogLevel | null
  /** Why nothing can be sent before a person does something; null when it can. */
  readonly problem: string | null
}

export interface LogSearch extends LogFilter {
  readonly before?: string | undefined
  readonly after?: string | undefined
  readonly limit: number
}

/** Reads logs, keeps them, and finds what is in them. */
export interface LogEngine extends Owned {
  /** Somebody who asks again may hear of something new. */
  readonly changed: Emitter<void>
  /** Opaque; equal revisions mean that nothing was added. */
  readonly revision: string
  /** How much is kept of apps of which that is said; of the others as much as of any. */
  keep(retention: Readonly<Record<string, Partial<Retention>>>): void
  /** From now on these are read and no others. Where each was read up to is kept, for when it is named again. */
  read(inputs: readonly LogInput[], patterns: readonly LogPattern[]): void
  /** From now on the output of these containers is read, and of no others. */
  follow(containers: LogContainers): void
  /** From now on these spellings of secrets are taken out of what is kept. @param forms - longest first. */
  hide(forms: readonly string[]): void
  /**
   * From now on records of these apps are sent there, beginning with the next one. With null that is over; what is not
   * named goes on from where it was once it is named again.
   */
  forward(targets: Readonly<Record<string, ForwardTarget | null>>): void
  /** @throws Failure `log-query-invalid`, `invalid-params` for a cursor that is none. */
  search(search: LogSearch, signal: AbortSignal): Promise<LogPage>
  /** @throws Failure `not-found`. */
  around(id: string, before: number, after: number): Promise<readonly LogLine[]>
  /** @throws Failure `not-found`. */
  show(id: string): Promise<LogDetail>
  histogram(filter: LogFilter, buckets: number, signal: AbortSignal): Promise<LogHistogram>
  sources(apps: readonly string[] | undefined): Promise<readonly LogSourceRow[]>
  /** How far what is forwarded was sent. */
  forwarding(apps: readonly string[] | undefined): Promise<readonly LogForwardRow[]>
  /** The requests that lines of servers tell of: metering.ts. Null while nothing is read. */
  requests(after: number): Promise<RequestCounts | null>
}

export type { RequestCount, RequestCounts } from './metering.ts'
