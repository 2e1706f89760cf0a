import * as z from 'zod/mini'
import { command, query, type } from './method.ts'

export interface Actor {
  readonly id: string
  readonly name: string
  /** The program that spoke, such as `cli/0.1.0`. */
  readonly client: string
  /** An IP address, or `local` for the daemon's own socket. */
  readonly address: string
}

export type AuditOutcome = 'pending' | 'ok' | 'failed' | 'refused' | 'interrupted'

/** An intent and its outcome shown as one; `sequence` is the intent's. */
export interface AuditEntry {
  readonly id: string
  readonly sequence: number
  /** ISO 8601 UTC with milliseconds. */
  readonly timestamp: string
  readonly actor: Actor
  readonly action: string
  readonly resource: { readonly type: string; readonly id: string; readonly name: string }
  readonly project: string | null
  readonly details: Readonly<Record<string, unknown>>
  readonly outcome: AuditOutcome
  readonly errorCode: string | null
  readonly durationMs: number | null
}

/** Where the trail stands, signed with the daemon's Ed25519 key. */
export interface AuditHead {
  readonly sequence: number
  /** SHA-256 chain hash of that record, lower-case hex. */
  readonly hash: string
  readonly timestamp: string
  readonly signature: string
}

/** A signed Merkle tree head (RFC 6962, section 2.1) over all records up to `sequence`. */
export interface AuditCheckpoint extends AuditHead {
  /** Root of the tree over `sequence` leaves, lower-case hex. */
  readonly root: string
}

export interface AuditVerification {
  readonly ok: boolean
  readonly entries: number
  readonly checkpoints: number
  /** The first record that is not as it was written; null when ok or when no one record is to blame. */
  readonly firstBadSequence: number | null
  readonly reason: string | null
}

const filter = {
  /** A user's id or name. */
  actor: z.optional(z.string().check(z.maxLength(200))),
  action: z.optional(z.string().check(z.maxLength(50))),
  /** A resource's type, id or name, or `type:name`. */
  resource: z.optional(z.string().check(z.maxLength(300))),
  project: z.optional(z.string().check(z.maxLength(200))),
  outcome: z.optional(z.enum(['pending', 'ok', 'failed', 'refused', 'interrupted'])),
  since: z.optional(z.iso.datetime()),
  until: z.optional(z.iso.datetime()),
  /** Found anywhere in action, actor, resource, project or details; case does not matter. */
  text: z.optional(z.string().check(z.maxLength(200))),
}

export const auditFilter = z.strictObject(filter)
export type AuditFilter = z.output<typeof auditFilter>

export const auditMethods = {
  /** Newest first; `next` is the cursor of the following page. */
  'audit.list': query({
    params: z.strictObject({
      ...filter,
      limit: z._default(z.int().check(z.gte(1), z.lte(1000)), 100),
      cursor: z.optional(z.string().check(z.maxLength(100))),
    }),
    result: type<{ readonly entries: readonly AuditEntry[]; readonly next: string | null }>(),
    role: 'viewer',
  }),
  'audit.show': query({
    params: z.strictObject({ sequence: z.int().check(z.gte(1)) }),
    result: type<AuditEntry>(),
    role: 'viewer',
  }),
  /** The signed head, and the public key it can be checked with; clients pin it. */
  'audit.head': query({
    params: z.strictObject({}),
    result: type<{ readonly head: AuditHead | null; readonly publicKey: string }>(),
    role: 'viewer',
  }),
  /** Checks the live trail against its files and, where given, a head somebody kept. */
  'audit.verify': query({
    params: z.strictObject({
      pin: z.optional(
        z.strictObject({
          sequence: z.int().check(z.gte(1)),
          hash: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
        }),
      ),
    }),
    result: type<AuditVerification>(),
    role: 'viewer',
  }),
  /** Streams `{ text: string }` pieces of the file; jsonl without a filter can be verified offline. */
  'audit.export': command({
    params: z.strictObject({ format: z.enum(['jsonl', 'csv']), filter: z._default(auditFilter, {}) }),
    result: type<{ readonly records: number }>(),
    role: 'admin',
    danger: 'none',
    audit: ({ format, filter }) => ({
      action: 'export',
      resource: { type: 'audit', id: 'trail', name: 'audit trail' },
      details: { format, filter },
    }),
  }),
  'audit.checkpoint': command({
    params: z.strictObject({}),
    result: type<AuditCheckpoint>(),
    role: 'operator',
    danger: 'none',
    audit: () => ({ action: 'checkpoint', resource: { type: 'audit', id: 'trail', name: 'audit trail' } }),
  }),
}
