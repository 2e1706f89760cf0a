import * as z from 'zod/mini'
import type { Sourced } from './apps.ts'
import { appName as app } from './app-param.ts'
import { command, query, type } from './method.ts'

/**
 * `skipped`: its time came while another run went on. `timeout`: it took too long and was ended. `lost`: it ended, and
 * nobody saw how.
 */
export type RunState = 'running' | 'passed' | 'failed' | 'cancelled' | 'timeout' | 'skipped' | 'lost'

/** What tests said of themselves. */
export interface TestCounts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** Where that was read. */
  readonly source: 'junit' | 'tap' | 'output'
}

/** One run of a job, or of an app's tests. */
export interface RunRow {
  readonly run: string
  readonly app: string
  /** Null for a run of its tests. */
  readonly job: string | null
  readonly state: RunState
  /** Why it is in that state, in words; null while there is nothing to say. */
  readonly reason: string | null
  readonly trigger: 'person' | 'schedule'
  /** The name of who asked for it. */
  readonly by: string
  /** The time of its schedule that it is for. ISO 8601 UTC with milliseconds, as are all times here. */
  readonly scheduledFor: string | null
  readonly startedAt: string
  readonly endedAt: string | null
  readonly durationMs: number | null
  /** Null while it runs, and when a signal ended it or nobody saw how it ended. */
  readonly exitCode: number | null
  readonly signal: string | null
  readonly tests: TestCounts | null
}

export interface RunDetail extends RunRow {
  readonly command: string
  readonly folder: string
  readonly pid: number | null
  /** File that what it writes goes to; null for one that never began. */
  readonly output: string | null
  /** The last lines of that, at most twenty. */
  readonly lastLines: readonly string[]
}

export interface JobRow {
  readonly app: string
  readonly job: string
  readonly command: string
  /** Five fields of cron; null: run when asked for. */
  readonly schedule: string | null
  /** Of the IANA database. */
  readonly timezone: string | null
  readonly timeoutMs: number | null
  readonly overlap: 'skip' | 'allow'
  readonly missed: 'once' | 'skip'
  readonly nextRun: string | null
  /** The runs that go on. */
  readonly running: readonly RunRow[]
  /** The newest that has ended. */
  readonly lastRun: RunRow | null
}

export interface TestsRow {
  readonly app: string
  /** Null when no tests are known. */
  readonly command: Sourced<string> | null
  readonly running: RunRow | null
  readonly lastRun: RunRow | null
}

/** One test, as a JUnit XML file or TAP tells of it. */
export interface TestCase {
  /** What it stands in, from the outside inwards. */
  readonly suite: readonly string[]
  readonly name: string
  readonly state: 'passed' | 'failed' | 'skipped'
  readonly durationMs: number | null
  /** Why it failed. */
  readonly message: string | null
  /** As the report tells it. */
  readonly file: string | null
  readonly line: number | null
}

export interface TestsDetail extends RunDetail {
  /** At most 10,000. */
  readonly cases: readonly TestCase[]
}

/** An entry of a Quantum app's own queue, as its file has it. */
export interface QueuedJob {
  readonly id: string
  readonly name: string | null
  readonly queue: string | null
  /** `pending`, `running`, `completed` or `failed`, where its framework wrote it. */
  readonly status: string
  readonly attempts: number | null
  readonly mostAttempts: number | null
  /** As it stands there. */
  readonly createdAt: string | null
  readonly error: string | null
}

export interface QuantumQueue {
  /** Null when the app has none. */
  readonly file: string | null
  /** Why it cannot be read. */
  readonly problem: string | null
  /** How many of each status, of the newest 10,000. */
  readonly counts: Readonly<Record<string, number>>
  /** Newest first. */
  readonly rows: readonly QueuedJob[]
}

/** A piece of what a run wrote. */
export interface RunOutput {
  readonly text: string
  /** Where the piece begins, and where the next one does, in bytes. */
  readonly from: number
  readonly next: number
  /** Whether that is all there will ever be. */
  readonly ended: boolean
}

const job = z
  .string()
  .check(
    z.minLength(1),
    z.maxLength(100),
    z.regex(/^[A-Za-z0-9][\w.-]*$/, 'expected letters, digits and . _ - only'),
  )
const run = z.string().check(z.regex(/^[0-9a-f]{32}$/, 'expected the id of a run'))
const limit = z._default(z.int().check(z.gte(1), z.lte(1000)), 50)
const moment = z
  .string()
  .check(
    z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'expected a time such as 2030-01-31T03:00:00.000Z'),
  )
const wait = z._default(z.boolean(), false)

const ofJob = (action: 'start' | 'update', params: { readonly app: string; readonly job: string }) => ({
  action,
  resource: { type: 'job', id: `${params.app}/${params.job}`, name: params.job },
  project: params.app,
})
const ofRun = (action: 'stop' | 'update', id: string) => ({
  action,
  resource: { type: 'run', id, name: id.slice(0, 8) },
})

const outputOf = query({
  params: z.strictObject({ run, from: z._default(z.int().check(z.gte(0)), 0) }),
  result: type<RunOutput>(),
  role: 'viewer',
})

export const jobsMethods = {
  /** Jobs of every app, or of one. */
  'jobs.list': query({
    params: z.strictObject({ app: z.optional(app) }),
    result: type<{ readonly revision: string; readonly rows: readonly JobRow[] }>(),
    role: 'viewer',
  }),
  /** The queue that a Quantum app keeps itself, in its `quantum_jobs.db`; it is only read. */
  'jobs.queue': query({
    params: z.strictObject({ app, limit }),
    result: type<QuantumQueue>(),
    role: 'viewer',
  }),
  /** Runs of jobs, newest first. */
  'jobs.history': query({
    params: z.strictObject({ app: z.optional(app), job: z.optional(job), limit }),
    result: type<readonly RunRow[]>(),
    role: 'viewer',
  }),
  'jobs.show': query({ params: z.strictObject({ run }), result: type<RunDetail>(), role: 'viewer' }),
  /** What a run wrote, from a byte on; at most 64 KiB. */
  'jobs.output': outputOf,
  /** Settles when it is started or, with `wait`, when it has ended. `conflict` while it runs, unless that is allowed. */
  'jobs.run': command({
    params: z.strictObject({ app, job, wait }),
    result: type<RunRow>(),
    role: 'operator',
    danger: 'none',
    audit: (params) => ofJob('start', params),
  }),
  /** Ends a run of a job with all its processes. */
  'jobs.cancel': command({
    params: z.strictObject({ run }),
    result: type<RunRow>(),
    role: 'operator',
    danger: 'confirm',
    audit: (params) => ofRun('stop', params.run),
  }),
  /** The daemon's own rule: runs a job whose time has come. `conflict` when it was run for that time already. */
  'jobs.fire': command({
    params: z.strictObject({ app, job, time: moment }),
    result: type<RunRow>(),
    role: 'admin',
    danger: 'none',
    audit: (params) => ({ ...ofJob('start', params), details: { time: params.time } }),
  }),
  /** The daemon's own rule: from now on a job's schedule counts as it is now, or no longer when it has none. */
  'jobs.schedule': command({
    params: z.strictObject({ app, job }),
    result: type<null>(),
    role: 'admin',
    danger: 'none',
    audit: (params) => ofJob('update', params),
  }),
  /** The daemon's own rule: records how a run ended, and ends one that took too long. */
  'jobs.settle': command({
    params: z.strictObject({ run }),
    result: type<RunRow>(),
    role: 'admin',
    danger: 'none',
    audit: (params) => ofRun('update', params.run),
  }),
}

export const testsMethods = {
  /** How the tests of every app are run, or of one, and how they went last. */
  'tests.list': query({
    params: z.strictObject({ app: z.optional(app) }),
    result: type<{ readonly revision: string; readonly rows: readonly TestsRow[] }>(),
    role: 'viewer',
  }),
  'tests.history': query({
    params: z.strictObject({ app: z.optional(app), limit }),
    result: type<readonly RunRow[]>(),
    role: 'viewer',
  }),
  'tests.show': query({ params: z.strictObject({ run }), result: type<TestsDetail>(), role: 'viewer' }),
  'tests.output': outputOf,
  /** As `jobs.run`; an app's tests run once at a time. */
  'tests.run': command({
    params: z.strictObject({ app, wait }),
    result: type<RunRow>(),
    role: 'operator',
    danger: 'none',
    audit: ({ app: name }) => ({
      action: 'start',
      resource: { type: 'tests', id: name, name },
      project: name,
    }),
  }),
  /** Ends a run of tests with all its processes. Nothing is lost that could not be run again. */
  'tests.cancel': command({
    params: z.strictObject({ run }),
    result: type<RunRow>(),
    role: 'operator',
    danger: 'none',
    audit: (params) => ofRun('stop', params.run),
  }),
}
