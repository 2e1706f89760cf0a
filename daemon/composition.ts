import { protocolVersion } from '#contract/protocol.ts'
import { systemClock } from '#base/clock.ts'
import { randomId } from '#base/ids.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import { redactText } from '#base/redact.ts'
import type { StatePaths } from '#base/state-paths.ts'
import { build } from '#base/version.ts'
import { appsAheads, appsHandlers } from './capabilities/apps/apps-handlers.ts'
import { auditHandlers } from './capabilities/audit/audit-handlers.ts'
import { connectorsHandlers } from './capabilities/connectors/connectors-handlers.ts'
import { healthHandlers } from './capabilities/health/health-handlers.ts'
import { historyHandlers } from './capabilities/history/history-handlers.ts'
import { jobsHandlers, testsHandlers } from './capabilities/jobs/jobs-handlers.ts'
import { leasesHandlers } from './capabilities/leases/leases-handlers.ts'
import { logsHandlers } from './capabilities/logs/logs-handlers.ts'
import { metricsHandlers } from './capabilities/metrics/metrics-handlers.ts'
import { resourcesHandlers } from './capabilities/resources/resources-handlers.ts'
import { secretsHandlers } from './capabilities/secrets/secrets-handlers.ts'
import { doctorChecks } from './capabilities/system/doctor.ts'
import { overview } from './capabilities/system/overview.ts'
import { systemHandlers } from './capabilities/system/system-handlers.ts'
import { SystemService } from './capabilities/system/system-service.ts'
import { usersHandlers } from './capabilities/users/users-handlers.ts'
import { Events } from './kernel/events.ts'
import { createExecutor, type CallContext, type Execute, type Handlers } from './kernel/execute.ts'
import { IdleWatch } from './kernel/idle.ts'
import type { Accepted } from './kernel/listener.ts'
import { openOwnLog, type OwnLog } from './kernel/own-log.ts'
import type { PageAt } from './kernel/page.ts'
import { RpcServer } from './kernel/rpc-server.ts'
import { metricsPath } from './metrics-wiring.ts'
import { openNetworkDoor } from './network-door.ts'
import type { ListenOptions } from './run.ts'
import { openServices, type Services } from './services.ts'

/** Everything behind the door. */
export interface Composition extends Owned {
  /** Where teams reach it, or null. */
  readonly url: string | null
  serve(accepted: Accepted): void
  readonly page: PageAt
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
 * Puts the daemon together: the services, the door before them, who hears of what changes.
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
  withoutValues = services.secrets.hide
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
      managed: () => network.url !== null || managedBy(services) > 0,
      onIdle: options.stop,
    }),
  )
  rpc.onCount = (count) => idle.connections(count)
  lifetime.own(services.users.withdrawn.on((id) => rpc.disconnect(id)))
  publish(lifetime, services, events)
  services.resources.start()
  await services.apps.open()
  await services.jobs.open()
  services.logs.refresh()
  services.history.open()
  await services.health.open()
  services.metrics.start()
  void services.apps.startUnasked()
  const serve = (accepted: Accepted): void => rpc.serve(accepted)
  const page: PageAt = (path) => (path === metricsPath ? services.metricsPage() : null)
  if (options.listen !== null) {
    const door = lifetime.own(await openNetworkDoor(options.listen, services.users, serve, page))
    network.url = door.url
    log.write('info', `Listening for teams at ${door.url}`)
  }
  lifetime.onDispose(() => log.write('info', 'The daemon stops'))
  const dispose = async (): Promise<void> => {
    // The last answers go out before a door closes under them.
    await rpc.dispose()
    await lifetime.dispose()
  }
  return { url: network.url, serve, page, dispose }
}

/** How much there is that a daemon has to be there for. */
const managedBy = ({ supervisor, jobs, logs, health }: Services): number =>
  supervisor.managed + jobs.managed + logs.managed + health.managed

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

function systemOf(
  { paths, audit, settings, engine, users, logs, health }: Services,
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
      forwarding: () => logs.forwarding({ apps: undefined }),
      heartbeats: () => health.pushProblems,
      hooks: () => health.hooks(undefined),
    }),
    stop: options.stop,
  })
}

function handlersOf(services: Services, events: Events, system: SystemService): Handlers {
  const { apps, audit, connectors, health, jobs, leases, logs, metrics, resources, secrets, users } = services
  const glance = () =>
    overview({
      home: services.paths.home,
      apps: () => apps.list(),
      ports: () => resources.ports(),
      processes: () => resources.processes(),
      containers: () => resources.containers(),
      leases: () => leases.count,
      checks: () => health.list(),
      incidents: () => health.listIncidents(undefined, true, 10),
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
    ...logsHandlers(logs),
    ...healthHandlers(health),
    ...historyHandlers(services.history),
    ...metricsHandlers(metrics),
  }
}

/** Connects what changes with who wants to know. */
function publish(
  lifetime: Lifetime,
  { apps, audit, connectors, health, jobs, leases, logs, metrics, resources, users }: Services,
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
  events.source('logs', () => logs.revision)
  events.source('health', () => health.revision)
  events.source('metrics', () => metrics.revision)
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
  lifetime.own(logs.changed.on(() => events.changed('logs')))
  lifetime.own(health.changed.on(() => events.changed('health')))
  lifetime.own(metrics.changed.on(() => events.changed('metrics')))
}
