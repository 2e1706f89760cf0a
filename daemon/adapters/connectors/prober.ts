import type { ConnectorFault, ConnectorTls, ConnectorType } from '#contract/connectors.ts'
import type { Change } from '../../kernel/execute.ts'

/** What to connect to, complete: variables and secrets are put in. It is never logged and never leaves the daemon. */
export interface ProbeTarget {
  readonly type: ConnectorType
  /** Null for a file. */
  readonly host: string | null
  readonly port: number | null
  /** The database; the virtual host of RabbitMQ, the number of Redis', the path of an HTTP address, SQLite's file. */
  readonly database: string | null
  readonly user: string | null
  readonly password: string | null
  readonly tls: ConnectorTls
  /** PEM of certificates that are trusted besides the usual ones. */
  readonly ca: string | null
  /** Milliseconds for all of it. */
  readonly limitMs: number
  /** Refuses addresses of this machine's cloud and link, after names were looked up. */
  readonly guarded: boolean
}

/** How it went. Nothing here comes from the server but `version` and `status`. */
export type ProbeResult =
  | { readonly ok: true; readonly latencyMs: number; readonly version: string | null }
  | {
      readonly ok: false
      readonly fault: ConnectorFault
      /** What answered instead, where its first bytes tell: `an HTTP server`. */
      readonly speaks: string | null
      /** A code of the system, the driver or the protocol, such as `EHOSTUNREACH`, `28P01` or `503`. */
      readonly code: string | null
    }

/** Connects, logs in and leaves again. */
export interface Prober {
  /** @throws Failure `cancelled` when the signal aborts; whatever the server does is an answer. */
  probe(change: Change, target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult>
}
