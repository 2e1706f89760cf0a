import type { Clock } from '#base/clock.ts'
import type { Lifetime } from '#base/lifetime.ts'
import { metricLevels } from '#base/metric-levels.ts'
import type { StatePaths } from '#base/state-paths.ts'
import type { SettingsFile } from './adapters/files/settings.ts'
import { createMachineMeter } from './adapters/host/create-host.ts'
import type { AppsService } from './capabilities/apps/apps-service.ts'
import type { LogsService } from './capabilities/logs/logs-service.ts'
import { exposition, expositionType } from './capabilities/metrics/exposition.ts'
import { MetricsService } from './capabilities/metrics/metrics-service.ts'
import { MetricsStore } from './capabilities/metrics/metrics-store.ts'
import type { ResourcesService } from './capabilities/resources/resources-service.ts'
import type { Page } from './kernel/page.ts'
import type { Store } from './store/open.ts'

/** What is kept of the past, at most: about three years of a few apps, or some months of many. */
const mostBytes = 64 * 1024 * 1024
/** Processes are looked at every 15 seconds when nobody else asks; a picture that is older is of another time. */
const oldestPictureMs = 25_000
/** Tests make it shorter; what is no number of seconds counts as not set. */
const seconds = Number(process.env['QUANTUM_ADMIN_METRICS_SECONDS'] ?? Number.NaN)
const intervalMs = seconds > 0 ? seconds * 1000 : (metricLevels[0]?.stepMs ?? 0)

/** Puts metrics together with what they are taken from. */
export function wireMetrics(
  lifetime: Lifetime,
  around: {
    readonly paths: StatePaths
    readonly store: Store
    readonly clock: Clock
    readonly instance: string
    readonly apps: AppsService
    readonly resources: ResourcesService
    readonly logs: LogsService
    readonly report: (error: unknown) => void
  },
): MetricsService {
  const { paths, store, clock, instance, apps, resources, logs, report } = around
  return lifetime.own(
    new MetricsService({
      store: new MetricsStore(store),
      clock,
      instance,
      machine: createMachineMeter(paths.home, clock),
      usage: () => {
        const age = clock.now() - Date.parse(resources.processesTakenAt)
        if (age < 0 || age > oldestPictureMs) return null
        return apps.usage({ processes: resources.lastProcesses, containers: resources.lastContainers })
      },
      requests: (after) => logs.requests(after),
      apps: () => apps.logs.map(({ app }) => app),
      mostBytes,
      intervalMs,
      report,
    }),
  )
}

/** Where a Prometheus looks when nobody tells it another place. */
export const metricsPath = '/metrics'

/** What a Prometheus reads; null while the settings do not allow it. */
export function metricsPage(settings: SettingsFile, metrics: MetricsService): Page | null {
  if (!isAllowed(settings)) return null
  return {
    contentType: expositionType,
    text: () => Promise.resolve(exposition(metrics.exposed)),
  }
}

/** Settings that were wrong from the start allow nothing. */
function isAllowed(settings: SettingsFile): boolean {
  try {
    return settings.current.metrics.exposition
  } catch {
    return false
  }
}
