import type { ErrorCode } from '#contract/errors.ts'
import type { LogContainers } from './containers/log-container.ts'
import type { ForwardTarget, LogAside, LogInput, LogPattern, Retention } from './log-engine.ts'
import type { StoreLimits } from './segments/log-store.ts'

/** What the thread is made with. */
export interface LogThreadData {
  readonly folder: string
  readonly instance: string
  readonly limits: StoreLimits
  readonly aside: LogAside
}

/** What the thread itself knows besides. */
export interface LogThreadStart extends LogThreadData {
  /** The daemon's own program, which threads run. */
  readonly script: string
}

/** What can be asked of the thread; the arguments are those of the engine, without a signal. */
export type LogQuestion = 'search' | 'around' | 'show' | 'histogram' | 'sources' | 'forwarding' | 'requests'

export type ToLogThread =
  | {
      readonly kind: 'ask'
      readonly id: number
      readonly question: LogQuestion
      readonly params: readonly unknown[]
    }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'read'; readonly inputs: readonly LogInput[]; readonly patterns: readonly LogPattern[] }
  | { readonly kind: 'follow'; readonly containers: LogContainers }
  | { readonly kind: 'hide'; readonly forms: readonly string[] }
  | { readonly kind: 'keep'; readonly retention: Readonly<Record<string, Partial<Retention>>> }
  | { readonly kind: 'forward'; readonly targets: Readonly<Record<string, ForwardTarget | null>> }
  | { readonly kind: 'end' }

export type FromLogThread =
  | { readonly kind: 'answer'; readonly id: number; readonly result: unknown }
  | {
      readonly kind: 'failure'
      readonly id: number
      /** Null for a bug. */
      readonly code: ErrorCode | null
      readonly message: string
      readonly hint: string
    }
  | { readonly kind: 'changed'; readonly revision: string }
  /** For the daemon's own log. */
  | { readonly kind: 'told'; readonly message: string }
  | { readonly kind: 'ended' }
