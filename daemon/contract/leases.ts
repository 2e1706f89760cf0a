import * as z from 'zod/mini'
import { command, query, type } from './method.ts'
import { leaseNamePattern, longestLeaseName } from './lease-name.ts'
import { portNumber } from './resources.ts'

export const leaseKinds = ['web', 'database', 'queue', 'cache', 'app'] as const
export type LeaseKind = (typeof leaseKinds)[number]

/** A port that is nobody else's until it is released. */
export interface Lease {
  readonly name: string
  readonly kind: LeaseKind
  readonly port: number
  /** ISO 8601 UTC with milliseconds. */
  readonly createdAt: string
}

/** A lease with what holds its port now. */
export interface LeaseStatus extends Lease {
  /** `free`: nobody listens. `held`: a process listens. `stranger`: one that listens is not the lease's app. */
  readonly state: 'free' | 'held' | 'stranger'
  readonly pid: number | null
  readonly process: string | null
}

const leaseName = z
  .string()
  .check(
    z.minLength(1),
    z.maxLength(longestLeaseName),
    z.regex(
      leaseNamePattern,
      'expected letters, digits and . _ @ / - only, beginning with a letter or digit',
    ),
  )

export const leasesMethods = {
  'leases.list': query({
    params: z.strictObject({}),
    result: type<{ readonly revision: string; readonly rows: readonly LeaseStatus[] }>(),
    role: 'viewer',
  }),
  /** Idempotent by name: the same name answers the existing lease; another kind or port is `conflict`. */
  'leases.allocate': command({
    params: z.strictObject({
      name: leaseName,
      kind: z.optional(z.enum(leaseKinds)),
      port: z.optional(portNumber),
    }),
    result: type<Lease>(),
    role: 'operator',
    danger: 'none',
    audit: ({ name, kind, port }) => ({
      action: 'create',
      resource: { type: 'lease', id: name, name },
      details: { kind: kind ?? null, port: port ?? null },
    }),
  }),
  'leases.release': command({
    params: z.strictObject({ name: leaseName }),
    result: type<Lease>(),
    role: 'operator',
    danger: 'confirm',
    audit: ({ name }) => ({ action: 'delete', resource: { type: 'lease', id: name, name } }),
  }),
}
