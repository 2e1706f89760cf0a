import * as z from 'zod/mini'
import en from 'zod/v4/locales/en.js'

// The small zod knows no words for what it finds wrong; these are the library's own.
z.config(en())

/** Roles in rising order: each may do all that the ones before it may. */
export const roles = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof roles)[number]

/** What a client must ask before it sends a command: nothing, yes or no, or the target's name typed out. */
export type Danger = 'none' | 'confirm' | 'typed'

/** Carries a result type without a value: results are ours, so they are not parsed again. */
export interface ResultType<T> {
  readonly phantom?: (value: T) => T
}

/** States a method's result type. */
export const type = <T>(): ResultType<T> => ({})

/** What the audit trail calls the kinds of change; new ones are added here, never made up at run time. */
export type AuditAction =
  | 'create'
  | 'update'
  | 'delete'
  | 'start'
  | 'stop'
  | 'restart'
  | 'test'
  | 'signal'
  | 'export'
  | 'login'
  | 'checkpoint'
  | 'handover'
  | 'pause'
  | 'resume'
  | 'acknowledge'

/** What a command is about to touch, written to the audit trail before it runs. */
export interface AuditTarget {
  readonly action: AuditAction
  readonly resource: { readonly type: string; readonly id: string; readonly name: string }
  /** The app it belongs to, where there is one. */
  readonly project?: string
  /** JSON-safe; secrets are redacted before it is stored. */
  readonly details?: Readonly<Record<string, unknown>>
}

export interface Query<P extends z.ZodMiniType = z.ZodMiniType, R = unknown> {
  readonly kind: 'query'
  readonly params: P
  readonly result: ResultType<R>
  /** The least role that may call it. */
  readonly role: Role
}

export interface Command<P extends z.ZodMiniType = z.ZodMiniType, R = unknown> {
  readonly kind: 'command'
  readonly params: P
  readonly result: ResultType<R>
  readonly role: Role
  readonly danger: Danger
  audit(params: z.output<P>): AuditTarget
}

/** Declares a method that changes nothing. */
export const query = <P extends z.ZodMiniType, R>(method: Omit<Query<P, R>, 'kind'>): Query<P, R> => ({
  kind: 'query',
  ...method,
})

/** Declares a method that changes something: it does not compile without saying what is audited. */
export const command = <P extends z.ZodMiniType, R>(method: Omit<Command<P, R>, 'kind'>): Command<P, R> => ({
  kind: 'command',
  ...method,
})
