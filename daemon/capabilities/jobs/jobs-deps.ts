import type { Sourced } from '#contract/apps.ts'
import type { QuantumQueue } from '#contract/jobs.ts'
import type { ProcessRow } from '#contract/resources.ts'
import type { Clock } from '#base/clock.ts'
import type { Hiding, Programs, RunFiles } from '../../adapters/process/programs.ts'
import type { JobConfig } from '../../config/read-config.ts'
import type { JobsStore } from './jobs-store.ts'
import type { LiveRuns } from './live-runs.ts'
import type { Scheduler } from './scheduler.ts'

/** What can be run of an app, beside the app itself. */
export interface AppCommands {
  readonly app: string
  readonly folder: string
  /** All of the environment that a run has which begins now. @throws Failure when that cannot be put together. */
  readonly environment: () => Promise<Readonly<Record<string, string>>>
  /** Null when its configuration cannot be understood. */
  readonly jobs: readonly JobConfig[] | null
  readonly tests: {
    readonly command: Sourced<string> | null
    readonly report: string | null
    readonly timeoutMs: number | null
  }
}

export interface JobsDeps {
  readonly store: JobsStore
  readonly runs: LiveRuns
  readonly scheduler: Scheduler
  readonly programs: Programs
  readonly hiding: Hiding
  readonly filesOf: (app: string, run: string) => RunFiles
  readonly clock: Clock
  readonly newId: () => string
  /** Unlike any other start's; the first part of every revision. */
  readonly instance: string
  /** The apps as their folders are now. */
  readonly apps: () => Promise<readonly AppCommands[]>
  /** Where a schedule counts that names no zone. */
  readonly zone: () => string
  /** A process and all that descend from it. */
  readonly descendants: (leader: number, processes: readonly ProcessRow[]) => ReadonlySet<number>
  /** The queue that a Quantum app keeps itself. */
  readonly queueIn: (folder: string, limit: number) => Promise<QuantumQueue>
  /** Begins a run again that was written for a time and never begun, through the one door. */
  readonly fire: (app: string, job: string, time: string) => Promise<unknown>
  readonly report: (error: unknown) => void
}
