import * as z from 'zod/mini'
import type { AuditEntry } from './audit.ts'
import type { CheckState, IncidentRow } from './health.ts'
import { command, query, type } from './method.ts'
import { topics, type Topic } from './protocol.ts'
import type { EngineStatus } from './resources.ts'

export { topics, type ChangedEvent, type Topic } from './protocol.ts'

export interface DaemonStatus {
  readonly pid: number
  readonly state: 'running' | 'stopping'
  readonly version: string
  readonly protocol: number
  readonly startedAt: string
  readonly socket: string
  /** Where teams reach it over TLS; null without `--listen`. */
  readonly url: string | null
}

export interface Overview {
  readonly machine: {
    readonly hostname: string
    readonly platform: string
    readonly cpus: number
    /** Load average of the last minute. */
    readonly load: number
    readonly memory: { readonly totalBytes: number; readonly usedBytes: number }
    /** Of the disk that the state folder is on; null when it cannot be told. An older daemon leaves it out. */
    readonly disk?: { readonly totalBytes: number; readonly usedBytes: number } | null
    readonly uptimeSeconds: number
  }
  readonly counts: {
    /** `running`: also those that start or wait to be started again, and those that somebody else started. */
    readonly apps: { readonly running: number; readonly failed: number; readonly stopped: number }
    readonly ports: number
    readonly processes: number
    readonly containers: { readonly running: number; readonly stopped: number }
    readonly leases: number
    /** How many checks are in each state. An older daemon leaves it out. */
    readonly checks?: Readonly<Record<CheckState, number>>
  }
  /** Those that are open, newest first. An older daemon leaves it out. */
  readonly incidents?: readonly IncidentRow[]
  readonly engine: Pick<EngineStatus, 'state' | 'reason'>
  /** The newest audit entries. */
  readonly activity: readonly AuditEntry[]
}

/** One line of `quantum-admin doctor`. */
export interface DoctorCheck {
  readonly name: string
  readonly ok: boolean
  readonly message: string
  readonly hint: string | null
}

const none = z.strictObject({})

export const systemMethods = {
  'daemon.status': query({ params: none, result: type<DaemonStatus>(), role: 'viewer' }),
  'daemon.doctor': query({ params: none, result: type<readonly DoctorCheck[]>(), role: 'viewer' }),
  'daemon.stop': command({
    params: none,
    result: type<null>(),
    role: 'admin',
    danger: 'confirm',
    audit: () => ({ action: 'stop', resource: { type: 'daemon', id: 'daemon', name: 'daemon' } }),
  }),
  /** Asked by a newer build that wants this daemon's place; what it manages keeps running. */
  'daemon.handover': command({
    params: z.strictObject({
      version: z.string().check(z.maxLength(50)),
      build: z.string().check(z.maxLength(100)),
    }),
    result: type<null>(),
    role: 'admin',
    danger: 'none',
    audit: ({ version, build }) => ({
      action: 'handover',
      resource: { type: 'daemon', id: 'daemon', name: 'daemon' },
      details: { version, build },
    }),
  }),
  'overview.get': query({ params: none, result: type<Overview>(), role: 'viewer' }),
  /** Replaces this connection's subscriptions and answers where each topic stands. */
  'events.subscribe': query({
    params: z.strictObject({ topics: z.array(z.enum(topics)).check(z.maxLength(topics.length)) }),
    result: type<Readonly<Partial<Record<Topic, string>>>>(),
    role: 'viewer',
  }),
}
