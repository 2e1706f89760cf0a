import type { Lifetime } from '#base/lifetime.ts'
import type { StatePaths } from '#base/state-paths.ts'
import { outputOf } from './apps-wiring.ts'
import type { ContainerEngine } from './adapters/docker/engine.ts'
import type { AppLogs } from './capabilities/apps/app-commands.ts'
import type { AppsService } from './capabilities/apps/apps-service.ts'
import type { Supervisor } from './capabilities/apps/supervisor.ts'
import type { JobsService } from './capabilities/jobs/jobs-service.ts'
import type { WrittenRun } from './capabilities/jobs/run-outputs.ts'
import { LogsService } from './capabilities/logs/logs-service.ts'
import type { SecretsService } from './capabilities/secrets/secrets-service.ts'
import type { LogInput, LogPattern, Retention } from './logs/log-engine.ts'
import { LoggedContainers } from './logged-containers.ts'
import { LogThread } from './logs/log-thread.ts'

const gibibyte = 1024 ** 3

/** What is kept while nobody says otherwise: never so much that a disk is full of it. */
const limits = { perApp: { days: 14, bytes: 2 * gibibyte }, bytes: 5 * gibibyte }

/** Puts logs together with the apps that write them. */
export function wireLogs(
  lifetime: Lifetime,
  around: {
    readonly paths: StatePaths
    readonly instance: string
    readonly docker: ContainerEngine
    readonly apps: AppsService
    readonly supervisor: Supervisor
    readonly jobs: JobsService
    readonly secrets: SecretsService
    readonly report: (error: unknown) => void
  },
): LogsService {
  const { paths, instance, docker, apps, supervisor, jobs, secrets, report } = around
  const data = { folder: paths.logStore, instance, limits, aside: ownSource }
  const engine = lifetime.own(new LogThread(process.argv[1] ?? '', data, report))
  lifetime.own(secrets.formsChanged.on(() => engine.hide(secrets.forms)))
  const containers = lifetime.own(
    new LoggedContainers({
      docker,
      apps: () => apps.logs,
      hiding: secrets,
      follow: (found) => engine.follow(found),
      report,
    }),
  )
  return lifetime.own(
    new LogsService({
      engine,
      inputs: async () => [
        ...apps.logs.map(({ app }) => outputInput(paths, app, supervisor)),
        ...(await jobs.outputs()).map(runInput),
        ...(apps.logs.length === 0 ? [] : [ownInput(paths)]),
      ],
      patterns: () =>
        apps.logs.flatMap(({ app, folder, files }) =>
          files.map(({ file, kind }): LogPattern => ({ app, folder, file, kind })),
        ),
      containers,
      retention: () => Object.fromEntries(apps.logs.map((one) => [one.app, retentionOf(one)])),
      forwards: () =>
        Object.fromEntries(
          apps.logs.flatMap(({ app, forward }) => (forward === undefined ? [] : [[app, forward]])),
        ),
      secret: (name) => secrets.value(name),
      inputsChanged: [apps.changed, jobs.changed, secrets.changed],
      apps: () => apps.logs.map(({ app }) => app),
      hiding: secrets,
      report,
      now: Date.now,
    }),
  )
}

const retentionOf = ({ days, bytes }: AppLogs): Partial<Retention> => ({
  ...(days === null ? {} : { days }),
  ...(bytes === null ? {} : { bytes }),
})

/** What is read of an app itself. */
const outputInput = (paths: StatePaths, app: string, { leaders }: Supervisor): LogInput => ({
  app,
  source: 'output',
  kind: 'application',
  file: outputOf(paths, app),
  run: null,
  live: leaders.has(app),
})

/** The daemon's own log, whose app is no app. It is no part of the log of all apps, only of what asks for it. */
const ownSource = { app: 'quantum-admin', source: 'daemon' }

const ownInput = ({ log }: StatePaths): LogInput => ({
  ...ownSource,
  kind: 'application',
  file: log,
  run: null,
  live: true,
})

/** What is read of a run of a job, or of tests. */
function runInput({ run, file }: WrittenRun): LogInput {
  const source = run.job === null ? 'tests' : `job ${run.job}`
  return { app: run.app, source, kind: 'application', file, run: run.run, live: run.endedAt === null }
}
