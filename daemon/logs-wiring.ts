import type { Lifetime } from '#base/lifetime.ts'
import type { StatePaths } from '#base/state-paths.ts'
import { outputOf } from './apps-wiring.ts'
import type { AppsService } from './capabilities/apps/apps-service.ts'
import type { Supervisor } from './capabilities/apps/supervisor.ts'
import { LogsService } from './capabilities/logs/logs-service.ts'
import type { SecretsService } from './capabilities/secrets/secrets-service.ts'
import type { LogInput } from './logs/log-engine.ts'
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
    readonly apps: AppsService
    readonly supervisor: Supervisor
    readonly secrets: SecretsService
    readonly report: (error: unknown) => void
  },
): LogsService {
  const { paths, instance, apps, supervisor, secrets, report } = around
  const data = { folder: paths.logStore, instance, limits }
  const engine = lifetime.own(new LogThread(process.argv[1] ?? '', data, report))
  lifetime.own(secrets.formsChanged.on(() => engine.hide(secrets.forms)))
  return lifetime.own(
    new LogsService({
      engine,
      inputs: () =>
        apps.names.map((app): LogInput => ({
          app,
          source: 'output',
          kind: 'application',
          file: outputOf(paths, app),
          live: supervisor.leaders.has(app),
        })),
      inputsChanged: apps.changed,
      apps: () => apps.names,
      hiding: secrets,
    }),
  )
}
