import { systemClock } from '#base/clock.ts'
import type { Lifetime } from '#base/lifetime.ts'
import type { Post } from '#base/posting.ts'
import { NetChecker } from './adapters/checks/net-checker.ts'
import { folderConfigFiles } from './adapters/project/folder-config-files.ts'
import type { SettingsFile } from './adapters/files/settings.ts'
import type { AppsService } from './capabilities/apps/apps-service.ts'
import type { AuditService } from './capabilities/audit/audit-service.ts'
import type { ConnectorsService } from './capabilities/connectors/connectors-service.ts'
import type { PlannedCheck } from './capabilities/health/check-plan.ts'
import { HealthService } from './capabilities/health/health-service.ts'
import { HealthStore, type StoredResult } from './capabilities/health/health-store.ts'
import { HookStore } from './capabilities/health/hook-store.ts'
import type { HistoryService } from './capabilities/history/history-service.ts'
import type { JobsService } from './capabilities/jobs/jobs-service.ts'
import type { LogsService } from './capabilities/logs/logs-service.ts'
import type { MetricsService } from './capabilities/metrics/metrics-service.ts'
import type { ResourcesService } from './capabilities/resources/resources-service.ts'
import type { SecretsService } from './capabilities/secrets/secrets-service.ts'
import type { Store } from './store/open.ts'
import { timelineSources } from './timeline-wiring.ts'

/** What a check came to counts for itself and for its app; how long it took only for itself. */
function recordCheck(
  metrics: MetricsService,
  { app, environment, check }: PlannedCheck,
  { at, grade, latencyMs }: StoredResult,
): void {
  const subject = { app, check: environment === null ? check : `${environment}/${check}` }
  const value = grade === 'bad' ? 0 : 1
  metrics.record({ subject, metric: 'availability', at, value })
  if (environment === null)
    metrics.record({ subject: { app, check: null }, metric: 'availability', at, value })
  if (latencyMs !== null) metrics.record({ subject, metric: 'latency', at, value: latencyMs })
}

/** With the first that is sent: TLS takes five megabytes. */
const post: Post = async (message) => (await import('./adapters/http/post.ts')).post(message)

/** Puts checks together with what they need of apps, of the machine and of secrets. */
export function wireHealth(
  lifetime: Lifetime,
  around: {
    readonly store: Store
    readonly instance: string
    readonly apps: AppsService
    readonly connectors: ConnectorsService
    readonly resources: ResourcesService
    readonly secrets: SecretsService
    readonly history: HistoryService
    readonly audit: AuditService
    readonly jobs: JobsService
    readonly logs: LogsService
    readonly metrics: MetricsService
    readonly settings: SettingsFile
    /** Runs a method of the contract in the daemon's own name, through the one door. */
    readonly act: (name: string, params: unknown) => Promise<unknown>
    readonly report: (error: unknown) => void
  },
): HealthService {
  const { apps, connectors, metrics, resources, secrets } = around
  const containers = async () => (await resources.containers()).rows
  const health = lifetime.own(
    new HealthService({
      store: new HealthStore(around.store),
      hooks: { store: new HookStore(around.store), post, usual: () => usualHooks(around.settings) },
      cron: () => import('./config/cron.ts'),
      clock: systemClock,
      instance: around.instance,
      configs: folderConfigFiles,
      random: Math.random,
      checker: lifetime.own(new NetChecker()),
      apps: () => apps.checks(),
      standing: apps.standing,
      containers: async (app) => apps.containersOf(app, await containers()),
      container: async (name) => {
        const { rows, engine } = await resources.containers()
        if (engine.state !== 'connected') return 'unknown'
        const found = rows.find((row) => row.name === name)
        return found === undefined ? null : { ...found, service: null }
      },
      ping: (change, app, name, timeoutMs) => connectors.ping(change, { app, name }, timeoutMs),
      measured: (plan, result) => recordCheck(metrics, plan, result),
      secret: (name) => secrets.value(name),
      hide: secrets.hide,
      around: timelineSources(around),
      act: around.act,
      report: around.report,
    }),
  )
  lifetime.own(apps.changed.on(() => void health.refresh()))
  lifetime.own(around.settings.changed.on(() => void health.refresh()))
  return health
}

function usualHooks(settings: SettingsFile) {
  try {
    return settings.current.incidents.notify
  } catch {
    // They were never readable: `doctor` says what is wrong with them.
    return null
  }
}
