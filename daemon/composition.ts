import type { AuditEntry } from '#contract/audit.ts'
import type { PortWho } from '#contract/resources.ts'
import { protocolVersion } from '#contract/protocol.ts'
import { systemClock } from '#base/clock.ts'
import { messageOf } from '#base/failure.ts'
import { randomId } from '#base/ids.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import { redactText } from '#base/redact.ts'
import type { StatePaths } from '#base/state-paths.ts'
import { build } from '#base/version.ts'
import { DockerEngine } from './adapters/docker/docker-engine.ts'
import type { ContainerEngine } from './adapters/docker/engine.ts'
import { SettingsFile } from './adapters/files/settings.ts'
import { SimpleGitAdapter } from './adapters/git/simple-git.ts'
import { probePort } from './adapters/host/bind-probe.ts'
import { createHost } from './adapters/host/create-host.ts'
import { environmentOf } from './adapters/host/environment.ts'
import { wireApps } from './apps-wiring.ts'
import { wireJobs } from './jobs-wiring.ts'
import { appsAheads, appsHandlers } from './capabilities/apps/apps-handlers.ts'
import type { AppsService } from './capabilities/apps/apps-service.ts'
import type { Supervisor } from './capabilities/apps/supervisor.ts'
import { auditHandlers } from './capabilities/audit/audit-handlers.ts'
import { AuditService } from './capabilities/audit/audit-service.ts'
import { connectorsHandlers } from './capabilities/connectors/connectors-handlers.ts'
import type { ConnectorsService } from './capabilities/connectors/connectors-service.ts'
import { jobsHandlers, testsHandlers } from './capabilities/jobs/jobs-handlers.ts'
import type { JobsService } from './capabilities/jobs/jobs-service.ts'
import { LeaseHolders } from './capabilities/leases/lease-holders.ts'
import { leasesHandlers } from './capabilities/leases/leases-handlers.ts'
import { LeasesService } from './capabilities/leases/leases-service.ts'
import { LeasesStore } from './capabilities/leases/leases-store.ts'
import { resourcesHandlers } from './capabilities/resources/resources-handlers.ts'
import { ResourcesService } from './capabilities/resources/resources-service.ts'
import { secretsHandlers } from './capabilities/secrets/secrets-handlers.ts'
import type { SecretsService } from './capabilities/secrets/secrets-service.ts'
import { doctorChecks } from './capabilities/system/doctor.ts'
import { overview } from './capabilities/system/overview.ts'
import { systemHandlers } from './capabilities/system/system-handlers.ts'
import { SystemService } from './capabilities/system/system-service.ts'
import { usersHandlers } from './capabilities/users/users-handlers.ts'
import { UsersService } from './capabilities/users/users-service.ts'
import { UsersStore } from './capabilities/users/users-store.ts'
import { wireConnectors, wireSecrets } from './connectors-wiring.ts'
import { localAdmin } from './kernel/auth.ts'
import { Events } from './kernel/events.ts'
import { createExecutor, type CallContext, type Execute, type Handlers } from './kernel/execute.ts'
import { IdleWatch } from './kernel/idle.ts'
import type { Accepted } from './kernel/listener.ts'
import { openOwnLog, type OwnLog } from './kernel/own-log.ts'
import { RpcServer } from './kernel/rpc-server.ts'
import { openNetworkDoor } from './network-door.ts'
import type { ListenOptions } from './run.ts'
import { openStore } from './store/open.ts'

/** Everything behind the door. */
export interface Composition extends Owned {
  /** Where teams reach it, or null. */
  readonly url: string | null
  serve(accepted: Accepted): void
}

interface CompositionOptions {
  readonly paths: StatePaths
  readonly socket: string
  readonly startedAt: string
  readonly listen: ListenOptions | null
  /** Begins the end of the daemon. */
  readonly stop: () => void
}

/** Tests make it shorter; what is no number of seconds counts as not set. */
const idleSeconds = Number(process.env['QUANTUM_ADMIN_IDLE_SECONDS'] ?? Number.NaN)
const idleMs = (idleSeconds > 0 ? idleSeconds : 600) * 1000

/**
 * Puts the daemon together: adapters, stores, services, kernel. The only place that knows them all; what one
 * capability needs of another is a function made here.
 * @throws Failure of the store, the audit trail or the listening address.
 */
export async function compose(options: CompositionOptions): Promise<Composition> {
  const lifetime = new Lifetime()
  try {
    return await composeIn(lifetime, options)
  } catch (error) {
    await lifetime.dispose()
    throw error
  }
}

async function composeIn(lifetime: Lifetime, options: CompositionOptions): Promise<Composition> {
  const { paths } = options
  let withoutValues = (text: string): string => text
  const log = openOwnLog(paths.log, systemClock, (text) => withoutValues(redactText(text)))
  log.write('info', 'The daemon starts', { version: build.version, build: build.id, pid: process.pid })
  lifetime.own(logCrashes(log))
  const events = new Events()
  // The daemon's own rules go through the same door, which is made of what they are part of.
  const act = (name: string, params: unknown): Promise<unknown> => execute(name, params, ownContext())
  const services = await openServices(lifetime, { paths, events, log, act })
  withoutValues = services.secrets.withoutValues
  const network: { url: string | null } = { url: null }
  const execute: Execute = createExecutor({
    handlers: handlersOf(services, events, systemOf(services, options, network)),
    aheads: appsAheads(services.apps),
    trail: services.audit,
    clock: systemClock,
  })
  const rpc = lifetime.own(new RpcServer({ execute, events, log, newId: randomId }))
  const idle = lifetime.own(
    new IdleWatch({
      clock: systemClock,
      idleMs,
      // A door for the network is there for people who are not connected now.
      managed: () => network.url !== null || services.supervisor.managed + services.jobs.managed > 0,
      onIdle: options.stop,
    }),
  )
  rpc.onCount = (count) => idle.connections(count)
  lifetime.own(services.users.withdrawn.on((id) => rpc.disconnect(id)))
  publish(lifetime, services, events)
  services.resources.start()
  await services.apps.open()
  await services.jobs.open()
  void services.apps.startUnasked()
  const serve = (accepted: Accepted): void => rpc.serve(accepted)
  if (options.listen !== null) {
    const door = lifetime.own(await openNetworkDoor(options.listen, services.users.authenticate, serve))
    network.url = door.url
    log.write('info', `Listening for teams at ${door.url}`)
  }
  lifetime.onDispose(() => log.write('info', 'The daemon stops'))
  const dispose = async (): Promise<void> => {
    // The last answers go out before a door closes under them.
    await rpc.dispose()
    await lifetime.dispose()
  }
  return { url: network.url, serve, dispose }
}

/** Nobody reads the standard error of a daemon in the background: a bug that ends it is told in its log. */
function logCrashes(log: OwnLog): Owned {
  const crashed = (error: unknown): void =>
    log.write('error', 'The daemon crashed', { stack: error instanceof Error ? error.stack : String(error) })
  process.on('uncaughtExceptionMonitor', crashed)
  return { dispose: () => void process.off('uncaughtExceptionMonitor', crashed) }
}

/** How the daemon's own rules call: as themselves, with nobody to hear of progress. */
const ownContext = (): CallContext => ({
  caller: { id: 'daemon', name: 'daemon', client: 'rule', address: 'local', role: 'admin' },
  signal: new AbortController().signal,
  connection: 'daemon',
  progress: () => undefined,
  emit: () => Promise.resolve(),
})

interface Services {
  readonly apps: AppsService
  readonly connectors: ConnectorsService
  readonly secrets: SecretsService
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

async function openServices(
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
    withoutSecrets: secrets.withoutValues,
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
  const jobs: JobsService = wireJobs(lifetime, { paths, store, host, clock, instance, apps, act, report })
  const connectors = wireConnectors(lifetime, secrets, { store, instance, resources, apps, report })
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
  }
}

function systemOf(
  { paths, audit, settings, engine, users }: Services,
  options: CompositionOptions,
  network: { readonly url: string | null },
): SystemService {
  return new SystemService({
    build,
    status: () => ({
      pid: process.pid,
      state: 'running',
      version: build.version,
      protocol: protocolVersion,
      startedAt: options.startedAt,
      socket: options.socket,
      url: network.url,
    }),
    checks: doctorChecks({
      paths,
      engine: () => engine.status(),
      settingsProblem: () => settings.problem,
      readStore: () => users.list(),
      auditProblem: () => audit.problem,
    }),
    stop: options.stop,
  })
}

function handlersOf(services: Services, events: Events, system: SystemService): Handlers {
  const { apps, audit, connectors, jobs, leases, resources, secrets, users } = services
  const glance = () =>
    overview({
      apps: () => apps.list(),
      ports: () => resources.ports(),
      processes: () => resources.processes(),
      containers: () => resources.containers(),
      leases: () => leases.count,
      activity: async () => (await audit.list({ limit: 10 })).entries,
    })
  return {
    ...systemHandlers({ system, overview: glance, events }),
    ...resourcesHandlers(resources),
    ...leasesHandlers(leases),
    ...auditHandlers(audit),
    ...usersHandlers(users),
    ...appsHandlers(apps),
    ...jobsHandlers(jobs),
    ...testsHandlers(jobs),
    ...connectorsHandlers(connectors),
    ...secretsHandlers(secrets),
  }
}

/** Connects what changes with who wants to know. */
function publish(
  lifetime: Lifetime,
  { apps, audit, connectors, jobs, leases, resources, users }: Services,
  events: Events,
): void {
  for (const topic of ['ports', 'processes', 'containers'] as const) {
    events.source(topic, () => resources.revision(topic))
  }
  events.source('leases', () => leases.revision)
  events.source('audit', () => audit.revision)
  events.source('users', () => users.revision)
  events.source('apps', () => apps.revision)
  events.source('jobs', () => jobs.revision)
  events.source('connectors', () => connectors.revision)
  lifetime.own(resources.changed.on((topic) => events.changed(topic)))
  lifetime.own(
    resources.changed.on((topic) => {
      if (topic === 'ports') void leases.judge(resources.lastPorts)
      if (topic === 'containers') apps.observeContainers()
      if (topic === 'processes' && apps.observe(resources.lastProcesses)) resources.rejoin()
    }),
  )
  lifetime.own(
    leases.changed.on((topic) => {
      events.changed(topic)
      resources.rejoin()
    }),
  )
  lifetime.own(audit.changed.on(() => events.changed('audit')))
  lifetime.own(users.changed.on(() => events.changed('users')))
  lifetime.own(
    apps.changed.on(() => {
      events.changed('apps')
      void jobs.refresh()
    }),
  )
  lifetime.own(apps.peopled.on(() => resources.rejoin()))
  lifetime.own(jobs.changed.on(() => events.changed('jobs')))
  lifetime.own(connectors.changed.on(() => events.changed('connectors')))
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
