import type { ConfigFiles } from '../../adapters/project/config-files.ts'
import type { AppHealth } from './app-health.ts'
import type { PlannedCheck } from './check-plan.ts'
import type { HealthStore, StoredResult } from './health-store.ts'
import type { IncidentHooksDeps } from './incident-hooks.ts'
import type { TimelineSources } from './incident-timelines.ts'
import type { LiveChecksDeps } from './live-checks.ts'
import type { PauseCron } from './scheduled-pauses.ts'

/** What health needs of the store, of the network and of other capabilities. */
export interface HealthDeps extends Omit<
  LiveChecksDeps,
  'keep' | 'found' | 'seen' | 'lookAgain' | 'pausedUntil'
> {
  readonly store: HealthStore
  readonly hooks: Pick<IncidentHooksDeps, 'store' | 'post' | 'rhythm' | 'usual'>
  /** When a schedule is due; loaded only once there is one. */
  readonly cron: () => Promise<PauseCron>
  /** Unlike any other start's; the first part of every revision. */
  readonly instance: string
  readonly configs: ConfigFiles
  /** What is to be known of each app, as it is now. */
  readonly apps: () => Promise<readonly AppHealth[]>
  /** Takes each result in, for what is told of checks over time. */
  readonly measured: (plan: PlannedCheck, result: StoredResult) => void
  /** What else is known of the time around an incident. */
  readonly around: TimelineSources
  /** Runs a method of the contract in the daemon's own name, through the one door. */
  readonly act: (name: string, params: unknown) => Promise<unknown>
}
