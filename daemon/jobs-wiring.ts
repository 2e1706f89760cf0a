import * as path from 'node:path'
import type { Clock } from '#base/clock.ts'
import { randomId } from '#base/ids.ts'
import type { Lifetime } from '#base/lifetime.ts'
import type { StatePaths } from '#base/state-paths.ts'
import { graceMs } from './apps-wiring.ts'
import { environmentOf } from './adapters/host/environment.ts'
import type { Host } from './adapters/host/host.ts'
import type { Hiding, RunFiles } from './adapters/process/programs.ts'
import { ShellPrograms } from './adapters/process/shell-programs.ts'
import { junitReports } from './adapters/project/junit-reports.ts'
import type { AppsService } from './capabilities/apps/apps-service.ts'
import { descendants, RunProcesses, runVariable } from './capabilities/apps/run-processes.ts'
import { stopAll } from './capabilities/apps/stop-run.ts'
import { JobsService } from './capabilities/jobs/jobs-service.ts'
import { JobsStore } from './capabilities/jobs/jobs-store.ts'
import { LiveRuns } from './capabilities/jobs/live-runs.ts'
import { Scheduler } from './capabilities/jobs/scheduler.ts'
import { resultsOf } from './capabilities/jobs/test-results.ts'
import { resultsApart } from './results-apart.ts'
import type { Store } from './store/open.ts'
import { readQuantumQueue } from './store/quantum-queue.ts'

export interface JobsSurroundings {
  readonly paths: StatePaths
  readonly store: Store
  readonly host: Host
  readonly clock: Clock
  readonly instance: string
  readonly apps: AppsService
  readonly hiding: Hiding
  /** Runs a method of the contract in the daemon's own name, through the one door. */
  readonly act: (name: string, params: unknown) => Promise<unknown>
  readonly report: (error: unknown) => void
}

/** Puts jobs and tests together with what they need of the machine and of apps. */
export function wireJobs(lifetime: Lifetime, around: JobsSurroundings): JobsService {
  const { host, clock, paths, hiding, act, report } = around
  const store = new JobsStore(around.store)
  const programs = new ShellPrograms(hiding)
  const processes = new RunProcesses({ host, environmentOf })
  const parse = (kind: 'junit' | 'tap', text: string) => resultsApart(process.argv[1] ?? '', kind, text)
  const files = (app: string, run: string) => filesOf(paths, app, run)
  const runs = lifetime.own(
    new LiveRuns({
      store,
      host,
      programs,
      clock,
      filesOf: files,
      tagOf: (run) => ({ [runVariable]: run }),
      processesOf: (wanted) => processes.of(wanted),
      stop: (change, stored, leader) =>
        stopAll({ host, programs, processes, clock, graceMs }, change, {
          stored: { ...stored, app: stored.job ?? `the tests of ${stored.app}` },
          leader,
        }),
      settle: (run) => act('jobs.settle', { run }),
      conclude: async (change, run) =>
        run.job === null
          ? {
              tests: await resultsOf({ programs, reports: junitReports, filesOf: files, parse }, change, run),
            }
          : {},
      report,
    }),
  )
  const scheduler = lifetime.own(
    new Scheduler({
      clock,
      // It brings a library with it that a daemon without schedules need not load.
      cron: () => import('./config/cron.ts'),
      stored: () => store.schedules(),
      fired: (firing) => store.fired(firing),
      fire: ({ app, job }, time) => act('jobs.fire', { app, job, time }),
      take: ({ app, job }) => act('jobs.schedule', { app, job }),
      report,
    }),
  )
  return lifetime.own(
    new JobsService({
      store,
      runs,
      scheduler,
      programs,
      hiding,
      filesOf: files,
      clock,
      newId: randomId,
      instance: around.instance,
      apps: () => around.apps.commands(),
      zone: () => new Intl.DateTimeFormat().resolvedOptions().timeZone,
      descendants,
      queueIn: readQuantumQueue,
      fire: (app, job, time) => act('jobs.fire', { app, job, time }),
      report,
    }),
  )
}

/** A folder for each run, in that of its app, whose name may hold `/` and `@`. */
function filesOf({ apps }: StatePaths, app: string, run: string): RunFiles {
  const folder = path.join(apps, encodeURIComponent(app), 'runs', run)
  return { output: path.join(folder, 'output.log'), ending: path.join(folder, 'run.ending') }
}
