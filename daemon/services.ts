import type { AuditEntry } from '#contract/audit.ts'
import type { PortWho } from '#contract/resources.ts'
import { systemClock } from '#base/clock.ts'
import { messageOf } from '#base/failure.ts'
import { randomId } from '#base/ids.ts'
import type { Lifetime } from '#base/lifetime.ts'
import type { StatePaths } from '#base/state-paths.ts'
import { DockerEngine } from './adapters/docker/docker-engine.ts'
import type { ContainerEngine } from './adapters/docker/engine.ts'
import { SettingsFile } from './adapters/files/settings.ts'
import { SimpleGitAdapter } from './adapters/git/simple-git.ts'
import { probePort } from './adapters/host/bind-probe.ts'
import { createHost } from './adapters/host/create-host.ts'
import { environmentOf } from './adapters/host/environment.ts'
import { wireApps } from './apps-wiring.ts'
import { wireHealth } from './health-wiring.ts'
import { wireHistory } from './history-wiring.ts'
import { wireJobs } from './jobs-wiring.ts'
import type { AppsService } from './capabilities/apps/apps-service.ts'
import type { Supervisor } from './capabilities/apps/supervisor.ts'
import { AuditService } from './capabilities/audit/audit-service.ts'
import type { ConnectorsService } from './capabilities/connectors/connectors-service.ts'
import type { HealthService } from './capabilities/health/health-service.ts'
import type { HistoryService } from './capabilities/history/history-service.ts'
import type { JobsService } from './capabilities/jobs/jobs-service.ts'
import { LeaseHolders } from './capabilities/leases/lease-holders.ts'
import { LeasesService } from './capabilities/leases/leases-service.ts'
import { LeasesStore } from './capabilities/leases/leases-store.ts'
import { ResourcesService } from './capabilities/resources/resources-service.ts'
import type { SecretsService } from './capabilities/secrets/secrets-service.ts'
import { UsersService } from './capabilities/users/users-service.ts'
import { UsersStore } from './capabilities/users/users-store.ts'
import { wireConnectors, wireSecrets } from './connectors-wiring.ts'
import { localAdmin } from './kernel/auth.ts'
import type { Events } from './kernel/events.ts'
import type { OwnLog } from './kernel/own-log.ts'
import { wireLogs } from './logs-wiring.ts'
import { metricsPage, wireMetrics } from './metrics-wiring.ts'
import type { Page } from './kernel/page.ts'
import type { MetricsService } from './capabilities/metrics/metrics-service.ts'
import type { LogsService } from './capabilities/logs/logs-service.ts'
import { openStore } from './store/open.ts'

/** The capabilities, and what they stand on. */
export interface Services {
  readonly apps: AppsService
  readonly connectors: ConnectorsService
  readonly secrets: SecretsService
  readonly logs: LogsService
  readonly health: HealthService
  readonly history: HistoryService
  readonly metrics: MetricsService
  /** What a Prometheus reads; null while the settings do not allow it. */
  readonly metricsPage: () => Page | null
  readonly supervisor: Supervisor
  readonly jobs: JobsService
  readonly paths: StatePaths
  readonly audit: AuditService
  readonly settings: SettingsFile
  readonly engine: ContainerEngine
  readonly leases: LeasesService
  readonly resources: ResourcesService
  readonly users: UsersService
}

/**
 * Opens the store and makes all services on it. The only place that knows them all, with their adapters; what one
 * capability needs of another is a function made here. @throws Failure of the store or the audit trail.
 */
export async function openServices(
  lifetime: Lifetime,
  {
    paths,
    events,
    log,
    act,
  }: {
    readonly paths: StatePaths
    readonly events: Events
    readonly log: OwnLog
    readonly act: (name: string, params: unknown) => Promise<unknown>
  },
): Promise<Services> {
  const clock = systemClock
  const report = (error: unknown): void => log.write('warn', messageOf(error))
  const store = lifetime.own(await openStore({ file: paths.store, clock }))
  const audit = lifetime.own(
    await AuditService.open({
      store,
      folder: paths.audit,
      clock,
      newId: randomId,
      log: (level, message) => log.write(level, message),
      verifyCommand: [process.execPath, process.argv[1] ?? '', 'verify'],
    }),
  )
  const settings = lifetime.own(new SettingsFile(paths.settings))
  await settings.open()
  const engine = lifetime.own(new DockerEngine())
  const instance = randomId()
  const host = createHost(clock)
  const git = new SimpleGitAdapter({ clock })
  // Each asks the other, so one of them is named before it is there; neither asks before both are.
  const leases: LeasesService = lifetime.own(
    new LeasesService({
      store: new LeasesStore(store),
      clock,
      instance,
      ports: async () => (await resources.ports()).rows,
      probe: probePort,
      range: (kind) => settings.current.leases.ranges[kind],
      settingsPath: paths.settings,
      holders: new LeaseHolders({
        environmentOf,
        containers: () => resources.lastContainers,
        user: localAdmin('daemon').name,
      }),
      report,
    }),
  )
  const resources: ResourcesService = lifetime.own(
    new ResourcesService({
      host,
      engine,
      git,
      clock,
      instance,
      leaseOf: leases.leaseOf,
      appOf: (pid) => apps.appOf(pid),
      appOfFolder: (folder) => apps.appOfFolder(folder),
      startedBy: ({ containerId }) => startOf(audit, containerId),
      watched: (topic) => events.watched(topic),
      watchedChanged: events.watchedChanged,
      report,
    }),
  )
  const secrets = wireSecrets(lifetime, paths)
  const { apps, supervisor } = wireApps(lifetime, {
    secret: (name) => secrets.value(name),
    hiding: secrets,
    paths,
    store,
    host,
    engine,
    git,
    clock,
    instance,
    leases,
    resources,
    ofRuns: (processes) => jobs.pids(processes),
    act,
    report,
  })
  const jobs: JobsService = wireJobs(lifetime, {
    paths,
    store,
    host,
    clock,
    instance,
    apps,
    hiding: secrets,
    act,
    report,
  })
  const connectors = wireConnectors(lifetime, secrets, { store, instance, resources, apps, report })
  const logs = wireLogs(lifetime, {
    paths,
    instance,
    docker: engine,
    apps,
    supervisor,
    jobs,
    secrets,
    report,
  })
  const history = wireHistory(lifetime, {
    store,
    clock,
    apps,
    supervisor,
    resources,
    hide: secrets.hide,
    report,
  })
  const metrics = wireMetrics(lifetime, { paths, store, clock, instance, apps, resources, logs, report })
  await metrics.open()
  const around = { store, instance, apps, connectors, resources, secrets, metrics, settings, act, report }
  const health = wireHealth(lifetime, { ...around, history, audit, jobs, logs })
  await leases.open()
  await connectors.open()
  const users = new UsersService({
    store: new UsersStore(store.kysely),
    trail: audit,
    clock,
    newId: randomId,
    instance,
    lastLogin: (tokenId) => lastLogin(audit, tokenId),
  })
  return {
    paths,
    audit,
    settings,
    engine,
    leases,
    resources,
    users,
    apps,
    supervisor,
    jobs,
    connectors,
    secrets,
    logs,
    health,
    history,
    metrics,
    metricsPage: () => metricsPage(settings, metrics),
  }
}

/** The newest successful entry of that action on a resource. */
async function newestOf(
  audit: AuditService,
  action: string,
  resource: string,
): Promise<AuditEntry | undefined> {
  const { entries } = await audit.list({ action, resource, outcome: 'ok', limit: 1 })
  return entries[0]
}

/** By which entry we last started or restarted a container. */
async function startOf(audit: AuditService, containerId: string | null): Promise<PortWho['audit']> {
  if (containerId === null) return null
  const found = await Promise.all(['start', 'restart'].map((action) => newestOf(audit, action, containerId)))
  const newest = found.toSorted((a, b) => (b?.sequence ?? 0) - (a?.sequence ?? 0))[0]
  if (newest === undefined) return null
  const { sequence, action, actor, timestamp } = newest
  return { sequence, action, actor: actor.name, timestamp }
}

const lastLogin = async (audit: AuditService, tokenId: string): Promise<string | null> =>
  (await newestOf(audit, 'login', tokenId))?.timestamp ?? null
