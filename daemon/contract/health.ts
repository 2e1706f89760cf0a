import * as z from 'zod/mini'
import { appName as app } from './app-param.ts'
import type { IncidentTimeline } from './incident-timeline.ts'
import { command, query, type } from './method.ts'

/**
 * `degraded`: slow, or failing softly. `unknown`: never checked, or what was known counts no longer because the machine
 * slept, the app does not run or it was just restarted. A state changes only when enough results say so.
 */
export type CheckState = 'healthy' | 'degraded' | 'unhealthy' | 'unknown' | 'paused'

/** `monitor`: of an Uptime Kuma, which checks it; here it is only shown. */
export type CheckKind = 'http' | 'tcp' | 'process' | 'container' | 'database' | 'command' | 'monitor'

export type Severity = 'critical' | 'warning'

/** One check of an app. */
export interface CheckRow {
  readonly app: string
  /** Where the app runs that is meant; null for this machine. */
  readonly environment: string | null
  readonly check: string
  readonly kind: CheckKind
  /** What is checked, such as `GET http://localhost:3000/health`; without query and password. */
  readonly target: string
  /** Whether the configuration names it, it was found, or an Uptime Kuma shows it. */
  readonly source: 'config' | 'found' | 'kuma'
  readonly state: CheckState
  /** Why it is in that state, or what the last results said; null when there is nothing to say. */
  readonly reason: string | null
  /** Since when it is in that state. ISO 8601 UTC with milliseconds, as are all times here. */
  readonly since: string
  /** When it was last made; null when it never was since the daemon started. */
  readonly checkedAt: string | null
  /** What that took; null when it failed. */
  readonly latencyMs: number | null
  /** How often it is made. */
  readonly intervalMs: number
  readonly severity: Severity
  /** Null where it is paused without an end, or not at all. */
  readonly pausedUntil: string | null
  readonly pausedBy: string | null
}

/** What one check came to. `soft`: slow, or good with something wrong beside it. */
export interface CheckResult {
  readonly at: string
  readonly grade: 'good' | 'soft' | 'bad'
  readonly latencyMs: number | null
  readonly reason: string | null
}

/** How heartbeats of a check to Uptime Kuma go. */
export interface PushState {
  /** When one was last taken; null when none was since the daemon started. */
  readonly sentAt: string | null
  /** Why the last was not taken; null when it was. */
  readonly problem: string | null
  readonly failingSince: string | null
}

export interface CheckDetail extends CheckRow {
  readonly timeoutMs: number
  readonly retries: number
  /** In words: `3 in a row`, `3 of 5`. */
  readonly failures: string
  readonly successes: string
  readonly degradedAboveMs: number | null
  /** Null where none were sent. An older daemon leaves it out. */
  readonly push?: PushState | null
  /** When the certificate that it was last shown ends; null without TLS, or before it was checked. */
  readonly certificateEndsAt: string | null
  /** Newest first. */
  readonly results: readonly CheckResult[]
}

/** What became of one monitor of another tool. */
export interface ImportedMonitor {
  readonly name: string
  /** As that tool calls it. */
  readonly type: string
  /** Where it stands in the file, such as `monitorList[3]`. */
  readonly where: string
  /** The name of its check; null when it is left out. */
  readonly check: string | null
  /** `partly`: something of it is not said by the check. */
  readonly outcome: 'mapped' | 'partly' | 'left-out'
  /** What is not said, or why it is left out. */
  readonly notes: readonly string[]
}

/** A secret that an imported check needs. */
export interface ImportedSecret {
  readonly secret: string
  readonly check: string
  /** What it is to hold, in words. */
  readonly holds: string
}

/** What another tool's file comes to. */
export interface ImportedChecks {
  readonly format: 'uptime-kuma' | 'gatus'
  /** Of the tool that wrote the file, where it says so. */
  readonly version: string | null
  /** Every one of the file, in its order. */
  readonly monitors: readonly ImportedMonitor[]
  readonly secrets: readonly ImportedSecret[]
  /** What is true of the file as a whole. */
  readonly notes: readonly string[]
  /** The checks as a configuration says them; empty when there are none. */
  readonly yaml: string
  /** The file that they were written to; null when they were not. */
  readonly written: string | null
}

/** Checks in the words of another tool. */
export interface ExportedChecks {
  readonly text: string
  /** What that tool cannot say. */
  readonly notes: readonly string[]
}

/** A time during which checks of an app were unhealthy. Each app has one that is open at most, in each environment. */
export interface IncidentRow {
  /** Counted from 1, and never given twice. */
  readonly number: number
  readonly app: string
  readonly environment: string | null
  /** The check that opened it. */
  readonly check: string
  readonly severity: Severity
  /** What was seen, such as `GET http://localhost:3000/health answered 503 (expected 200-399) 3 times since 14:02:11`. */
  readonly cause: string
  readonly startedAt: string
  readonly acknowledgedAt: string | null
  readonly acknowledgedBy: string | null
  readonly resolvedAt: string | null
  /** By what it was resolved, in words. */
  readonly resolution: string | null
  /** Of one that is resolved; until now for one that is open. */
  readonly durationMs: number
}

export interface IncidentNote {
  readonly at: string
  readonly by: string
  readonly text: string
}

export interface IncidentDetail extends IncidentRow {
  /** Oldest first; also what the daemon saw while it was open. */
  readonly notes: readonly IncidentNote[]
}

export type HookKind = 'webhook' | 'command'

/** What is called when an incident of an app is opened, acknowledged or resolved. */
export interface HookRow {
  readonly app: string
  readonly environment: string | null
  readonly hook: HookKind
  /** The host of a webhook, or the name of the secret that its address is; the first line of a command. */
  readonly target: string
  /** `failing`: its newest call failed. */
  readonly state: 'ready' | 'failing'
  /** How much it is still to be told. */
  readonly waiting: number
  /** How much it was told since the daemon started. */
  readonly told: number
  /** Why its newest call failed. */
  readonly error: { readonly at: string; readonly message: string } | null
}

/** What a hook was called for a test for. */
export interface HookTest extends Pick<HookRow, 'app' | 'environment' | 'hook' | 'target'> {
  readonly tookMs: number
  /** Null when it took the message. */
  readonly error: string | null
}

const check = z
  .string()
  .check(
    z.minLength(1),
    z.maxLength(200),
    z.regex(/^[A-Za-z0-9][\w.:-]*$/, 'expected letters, digits and . _ - : only'),
  )
const environment = z.nullish(
  z.string().check(z.regex(/^[A-Za-z0-9][\w.-]{0,99}$/, 'expected the name of an environment')),
)
const number = z.int().check(z.gte(1))
const moment = z
  .string()
  .check(
    z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'expected a time such as 2030-01-31T03:00:00.000Z'),
  )
/** What one request can carry, with room for its quotes. */
const importText = z.string().check(z.maxLength(900_000, 'expected at most 900000 characters'))
/** Without a check: all of the app. */
const chosen = { app, environment, check: z.nullish(check) }

interface Chosen {
  readonly app: string
  readonly check?: string | null | undefined
  readonly environment?: string | null | undefined
}

const ofChecks = (
  action: 'test' | 'pause' | 'resume',
  { app: name, check: one, environment: of }: Chosen,
) => ({
  action,
  resource: { type: 'check', id: [name, of, one].filter(Boolean).join('/'), name: one ?? name },
  project: name,
})
const ofIncident = (action: 'update' | 'acknowledge', shown: number) => ({
  action,
  resource: { type: 'incident', id: String(shown), name: `#${shown}` },
})

export const healthMethods = {
  /** The checks of every app, or of one. Nothing is checked for it. */
  'health.list': query({
    params: z.strictObject({ app: z.optional(app) }),
    result: type<{ readonly revision: string; readonly rows: readonly CheckRow[] }>(),
    role: 'viewer',
  }),
  'health.show': query({
    params: z.strictObject({
      app,
      environment,
      check,
      limit: z._default(z.int().check(z.gte(1), z.lte(1000)), 20),
    }),
    result: type<CheckDetail>(),
    role: 'viewer',
  }),
  /** Makes checks now, and settles when they are made. Those of an app that does not run are not made. */
  'health.check': command({
    params: z.strictObject(chosen),
    result: type<readonly CheckRow[]>(),
    role: 'operator',
    danger: 'none',
    audit: (params) => ofChecks('test', params),
  }),
  /** Makes no checks until a time, or until somebody resumes them. */
  'health.pause': command({
    params: z.strictObject({ ...chosen, until: z.nullish(moment) }),
    result: type<readonly CheckRow[]>(),
    role: 'operator',
    danger: 'none',
    audit: (params) => ({ ...ofChecks('pause', params), details: { until: params.until ?? null } }),
  }),
  'health.resume': command({
    params: z.strictObject(chosen),
    result: type<readonly CheckRow[]>(),
    role: 'operator',
    danger: 'none',
    audit: (params) => ofChecks('resume', params),
  }),
  /**
   * What the backup of an Uptime Kuma or a configuration of Gatus comes to, which the text tells apart. Nothing is
   * written. @param app - whose checks are there already.
   */
  'health.preview': query({
    params: z.strictObject({ app: z.nullish(app), text: importText }),
    result: type<ImportedChecks>(),
    role: 'operator',
  }),
  /** Writes it into the configuration of the app, and leaves what stands there. `conflict` when it cannot be put in. */
  'health.import': command({
    params: z.strictObject({ app, text: importText }),
    result: type<ImportedChecks>(),
    role: 'admin',
    danger: 'none',
    audit: (params) => ({
      action: 'update',
      resource: { type: 'app', id: params.app, name: params.app },
      project: params.app,
    }),
  }),
  /** The checks of every app, or of one, as a configuration of Gatus. */
  'health.export': query({
    params: z.strictObject({ app: z.nullish(app), format: z.literal('gatus') }),
    result: type<ExportedChecks>(),
    role: 'operator',
  }),
  /** The daemon's own rule: from now on apps are checked as their configurations say now. */
  'health.watch': command({
    params: z.strictObject({}),
    result: type<null>(),
    role: 'admin',
    danger: 'none',
    audit: () => ({ action: 'update', resource: { type: 'check', id: 'checks', name: 'checks' } }),
  }),
  /** Newest first. */
  'incidents.list': query({
    params: z.strictObject({
      app: z.optional(app),
      /** Only those that are open. */
      open: z._default(z.boolean(), false),
      limit: z._default(z.int().check(z.gte(1), z.lte(1000)), 50),
    }),
    result: type<{ readonly revision: string; readonly rows: readonly IncidentRow[] }>(),
    role: 'viewer',
  }),
  'incidents.show': query({
    params: z.strictObject({ number }),
    result: type<IncidentDetail>(),
    role: 'viewer',
  }),
  /** What happened around it, and what changed first before it began: docs/health.md says how that is found. */
  'incidents.timeline': query({
    params: z.strictObject({ number }),
    result: type<IncidentTimeline>(),
    role: 'viewer',
  }),
  /** Says that somebody sees to it. `conflict` when it was acknowledged or is resolved. */
  'incidents.acknowledge': command({
    params: z.strictObject({ number }),
    result: type<IncidentRow>(),
    role: 'operator',
    danger: 'none',
    audit: (params) => ofIncident('acknowledge', params.number),
  }),
  'incidents.note': command({
    params: z.strictObject({ number, text: z.string().check(z.minLength(1), z.maxLength(4000)) }),
    result: type<IncidentDetail>(),
    role: 'operator',
    danger: 'none',
    audit: ({ number: shown, text }) => ({ ...ofIncident('update', shown), details: { note: text } }),
  }),
  /** Who is told of incidents. */
  'incidents.hooks': query({
    params: z.strictObject({ app: z.optional(app) }),
    result: type<readonly HookRow[]>(),
    role: 'viewer',
  }),
  /** Calls the hooks of an app with a message that says it is a test. `not-found` when there are none. */
  'incidents.testHooks': command({
    params: z.strictObject({ app, environment }),
    result: type<readonly HookTest[]>(),
    role: 'operator',
    danger: 'none',
    audit: ({ app: name, environment: of }) => ({
      action: 'test',
      resource: { type: 'hook', id: [name, of].filter(Boolean).join('/'), name },
      project: name,
    }),
  }),
  /** The daemon's own rule: opens an incident. `conflict` when the check is not unhealthy, or one is open. */
  'incidents.open': command({
    params: z.strictObject({ app, environment, check }),
    result: type<IncidentRow>(),
    role: 'admin',
    danger: 'none',
    audit: ({ app: name, check: one }) => ({
      action: 'create',
      resource: { type: 'incident', id: `${name}/${one}`, name: one },
      project: name,
    }),
  }),
  /** The daemon's own rule: resolves an incident. `conflict` while checks of the app are unhealthy, or not known to be well. */
  'incidents.resolve': command({
    params: z.strictObject({ number }),
    result: type<IncidentRow>(),
    role: 'admin',
    danger: 'none',
    audit: (params) => ofIncident('update', params.number),
  }),
}
