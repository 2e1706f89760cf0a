import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '#base/clock.ts'
import { randomId } from '#base/ids.ts'
import { Lifetime } from '#base/lifetime.ts'
import { environmentOf } from './adapters/host/environment.ts'
import { LinuxHost } from './adapters/host/linux-host.ts'
import type { RunFiles } from './adapters/process/programs.ts'
import { ShellPrograms } from './adapters/process/shell-programs.ts'
import { junitReports } from './adapters/project/junit-reports.ts'
import type { JobConfig } from './config/read-config.ts'
import * as cron from './config/cron.ts'
import { callContext, callsAs } from './kernel/call.fixture.ts'
import { createExecutor, type Execute, type Handlers } from './kernel/execute.ts'
import { parseResults } from './parse-results.ts'
import { openStore } from './store/open.ts'
import { readQuantumQueue } from './store/quantum-queue.ts'
import { jobsHandlers, testsHandlers } from './capabilities/jobs/jobs-handlers.ts'
import type { AppCommands } from './capabilities/jobs/jobs-deps.ts'
import { JobsService } from './capabilities/jobs/jobs-service.ts'
import { JobsStore } from './capabilities/jobs/jobs-store.ts'
import { LiveRuns } from './capabilities/jobs/live-runs.ts'
import { Scheduler } from './capabilities/jobs/scheduler.ts'
import { resultsOf } from './capabilities/jobs/test-results.ts'

/** A job that is run when asked for. */
export const job = (name: string, command: string, more: Partial<JobConfig> = {}): JobConfig => ({
  name,
  command,
  schedule: null,
  timezone: 'UTC',
  timeoutMs: null,
  overlap: 'skip',
  missed: 'once',
  ...more,
})

/** What the only app there is has. */
export interface Shop {
  jobs?: readonly JobConfig[] | null
  tests?: string
  report?: string
  gone?: boolean
}

/**
 * The daemon as far as jobs go, on the store of a folder; called again it is its next start. How the processes of a run are
 * ended is the supervisor's: here the group of the leader is enough.
 */
export async function startJobs(life: Lifetime, folder: string, shop: Shop) {
  const run = life.own(new Lifetime())
  const store = new JobsStore(run.own(await openStore({ file: join(folder, 'store.db') })))
  const host = new LinuxHost({ clock: systemClock })
  const programs = new ShellPrograms()
  const trail: string[] = []
  const reported: unknown[] = []
  const filesOf = (_app: string, id: string): RunFiles => ({
    output: join(folder, 'runs', id, 'output.log'),
    ending: join(folder, 'runs', id, 'run.ending'),
  })
  const act = (name: string, params: unknown): Promise<unknown> =>
    execute(name, params, callContext('admin', { caller: { ...daemon, role: 'admin' } }))
  const runs = run.own(
    new LiveRuns({
      store,
      host,
      programs,
      clock: systemClock,
      filesOf,
      tagOf: (id) => ({ QUANTUM_ADMIN_RUN: id }),
      processesOf: async (wanted) => {
        const found = new Map()
        for (const one of (await host.processes()).processes) {
          const tag = (await environmentOf(one.pid, ['QUANTUM_ADMIN_RUN']))?.['QUANTUM_ADMIN_RUN']
          if (tag !== undefined && wanted.has(tag)) found.set(tag, [...(found.get(tag) ?? []), one])
        }
        return found
      },
      stop: async (change, _stored, leader) => {
        if (leader === null) return false
        programs.signalGroup(change, leader.pid, 'SIGKILL')
        while (await host.alive(leader)) await wait(10)
        return true
      },
      settle: (id) => act('jobs.settle', { run: id }),
      conclude: async (change, stored) =>
        stored.job === null
          ? {
              tests: await resultsOf(
                { programs, reports: junitReports, filesOf, parse: parseResults },
                change,
                stored,
              ),
            }
          : {},
      report: (error) => reported.push(error),
    }),
  )
  const scheduler = run.own(
    new Scheduler({
      clock: systemClock,
      cron: () => Promise.resolve(cron),
      stored: () => store.schedules(),
      fired: (firing) => store.fired(firing),
      fire: (due, time) => act('jobs.fire', { app: due.app, job: due.job, time }),
      take: (due) => act('jobs.schedule', { app: due.app, job: due.job }),
      report: (error) => reported.push(error),
    }),
  )
  const jobs = run.own(
    new JobsService({
      store,
      runs,
      scheduler,
      programs,
      hiding: { needed: () => Promise.resolve(false), hide: (text) => text },
      filesOf,
      clock: systemClock,
      newId: randomId,
      instance: 'test',
      apps: () => Promise.resolve(shop.gone === true ? [] : [commandsOf(folder, shop)]),
      zone: () => 'UTC',
      descendants: (leader) => new Set([leader]),
      queueIn: readQuantumQueue,
      fire: (app, name, time) => act('jobs.fire', { app, job: name, time }),
      report: (error) => reported.push(error),
    }),
  )
  const execute: Execute = createExecutor({
    // The other capabilities' methods are not called here.
    handlers: { ...jobsHandlers(jobs), ...testsHandlers(jobs) } as Handlers,
    clock: systemClock,
    trail: {
      intent: async (actor, { action, resource }) =>
        trail.push(`${actor.name}: ${action} ${resource.type === 'run' ? 'run' : resource.name}`),
      outcome: async () => undefined,
      record: async () => undefined,
    },
  })
  await jobs.open()
  return {
    call: callsAs(execute, 'admin'),
    act,
    store,
    host,
    filesOf,
    trail,
    reported,
    end: () => run.dispose(),
  }
}

const daemon = { id: 'daemon', name: 'daemon', client: 'rule', address: 'local' }

const commandsOf = (folder: string, shop: Shop): AppCommands => ({
  app: 'shop',
  folder: join(folder, 'shop'),
  environment: () => Promise.resolve({ PATH: process.env['PATH'] ?? '', GREETING: 'hello' }),
  jobs: shop.jobs === undefined ? [] : shop.jobs,
  tests: {
    command:
      shop.tests === undefined ? null : { value: shop.tests, source: 'config', where: 'quantum.config.yaml' },
    report: shop.report ?? null,
    timeoutMs: null,
  },
})

/** Mints a change the way every change is made. */
export async function withOwnChange(
  act: (change: Parameters<JobsStore['begin']>[0]) => Promise<void>,
): Promise<void> {
  const handlers = {
    'jobs.schedule': (_params: unknown, change: Parameters<JobsStore['begin']>[0]) => act(change),
  }
  const trail = { intent: async () => 1, outcome: async () => undefined, record: async () => undefined }
  // Only this one is called.
  const execute = createExecutor({ handlers: handlers as unknown as Handlers, trail, clock: systemClock })
  await execute('jobs.schedule', { app: 'shop', job: 'x' }, callContext('admin'))
}
