import type { MethodName, Params, Result } from '#contract/index.ts'
import type { ChangedEvent, Topic } from '#contract/system.ts'
import type { Failure } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'

/** What the client is doing, in words a person can be shown. */
export type ConnectionState =
  | { readonly state: 'connecting'; readonly waitingFor: string }
  | { readonly state: 'connected'; readonly daemon: DaemonIdentity }
  /** Will try again at `retryAt` (milliseconds since the epoch). */
  | { readonly state: 'waiting'; readonly failure: Failure; readonly retryAt: number }
  | { readonly state: 'closed'; readonly failure: Failure | null }

/** Who answered the handshake. */
export interface DaemonIdentity {
  readonly pid: number
  readonly version: string
  readonly build: string
  readonly protocol: number
}

export interface CallOptions {
  /** Aborting cancels the call in the daemon too. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: { readonly message: string; readonly percent: number | null }) => void
  /** Receives each streamed piece, in order. While a promise it returns is pending, hardly more is read. */
  readonly onPiece?: (piece: unknown) => unknown
}

/** The typed client that the extension and the command line share. */
export interface Client extends Owned {
  /**
   * Calls one method. While not connected it waits for the connection, within the call's signal.
   * @throws Failure with the daemon's code, or `daemon-unreachable`, `cancelled`.
   */
  call<M extends MethodName>(name: M, params: Params<M>, options?: CallOptions): Promise<Result<M>>
  /** Watches topics until disposed; after a reconnect only what really changed is reported again. */
  watch(topics: readonly Topic[], listener: (event: ChangedEvent) => void): Owned
  /**
   * Asks where each watched topic stands, and reports those whose last change was not heard of: for whoever cannot wait
   * for the next change to learn of one that was lost.
   */
  revisions(): Promise<Readonly<Partial<Record<Topic, string>>>>
  readonly state: ConnectionState
  onState(listener: (state: ConnectionState) => void): Owned
  /** Tries again now instead of at `retryAt`. */
  reconnect(): void
}
