import type { AppRow } from '#contract/apps.ts'
import type { AuditEntry } from '#contract/audit.ts'
import type { ConnectorRow } from '#contract/connectors.ts'
import type { JobRow, RunRow, TestsRow } from '#contract/jobs.ts'
import type { CheckRow, IncidentRow } from '#contract/health.ts'
import type { LeaseStatus } from '#contract/leases.ts'
import type { AppNow } from '#contract/metrics.ts'
import type { ContainerRow } from '#contract/resources.ts'
import type { DoctorCheck, Overview } from '#contract/system.ts'
import type { User } from '#contract/users.ts'
import { firstError, hostOf } from '../apps.ts'
import { entryTitle } from '../audit-pages.ts'
import { fullText, label } from '../display.ts'
import { incidentGroup, requestsGroup, short, type AppEnvironment } from './health-cards.ts'
import { portHoldings, type PortHolding } from '../resources.ts'
import type {
  Card,
  CardId,
  Gauge,
  GroupOf,
  Lead,
  Machine,
  Picture,
  Row,
} from '../../webviews/dashboard/messages.ts'

/** What one card is made of, as the daemon told it. */
export interface Source<T> {
  readonly revision: string
  /** Whether it is of the connection there is now. */
  readonly fresh: boolean
  /** Why there is none, in words. */
  readonly problem: string
  readonly rows: readonly T[] | null
}

/** What each card counts. */
export interface Counted {
  readonly apps: AppRow
  readonly connectors: ConnectorRow
  readonly environments: AppEnvironment
  readonly users: User
  readonly ports: PortHolding
  readonly jobs: JobRow
  readonly tests: TestsRow
  readonly containers: ContainerRow
  readonly requests: AppNow
  readonly health: CheckRow
  readonly incidents: IncidentRow
  readonly leases: LeaseStatus
  readonly services: DoctorCheck
  readonly activity: AuditEntry
}

/** All that a picture is made of. */
export interface Sources {
  readonly cards: { readonly [C in CardId]: Source<Counted[C]> }
  readonly machine: Overview['machine'] | null
  /** 100 = all cores; null while it is not known. */
  readonly cpuPercent: number | null
}

type RowOf<C extends CardId> = Omit<Row, 'group' | 'reason' | 'at' | 'amount' | 'leads'> & {
  readonly group: GroupOf<C>
  readonly reason?: string | null | undefined
  readonly at?: string | null
  readonly amount?: number | null
  readonly leads?: readonly Lead[]
}

/** This machine, where environments are told apart. It stands in no language, as their names do. */
const here = 'local'

const facts = (...parts: readonly (string | null | undefined)[]): string =>
  parts.filter((part) => part !== null && part !== undefined && part !== '').join(' · ')

function appGroup(app: AppRow): GroupOf<'apps'> {
  // What runs without an answer, or cannot be run, must not look like running or merely stopped.
  const wrong =
    app.state === 'running' ? app.reason !== null : app.state === 'stopped' && firstError(app) !== undefined
  return wrong ? 'unwell' : app.state
}

function runGroup(running: boolean, last: RunRow | null): GroupOf<'jobs'> {
  if (running) return 'running'
  if (last === null) return 'never'
  if (last.state === 'passed') return 'passed'
  return ['failed', 'timeout', 'lost'].includes(last.state) ? 'failed' : 'ended'
}

function containerGroup({ state, health }: ContainerRow): GroupOf<'containers'> {
  if (state === 'running') return health === 'unhealthy' ? 'unhealthy' : 'running'
  if (state === 'dead' || state === 'paused' || state === 'restarting') return state
  return 'stopped'
}

function portGroup({ row }: PortHolding): GroupOf<'ports'> {
  if (row.app !== null) return 'app'
  if (row.lease !== null) return 'leased'
  return row.container === null ? 'other' : 'container'
}

const runMoment = (run: RunRow | null): string | null => run?.endedAt ?? run?.startedAt ?? null

/** How what each card counts becomes a row of it. */
const rowsOf: { readonly [C in CardId]: (one: Counted[C]) => RowOf<C> } = {
  apps: (app) => ({
    key: app.name,
    name: app.name,
    group: appGroup(app),
    detail: facts(hostOf(app.url), app.kind, app.branch),
    reason: app.reason ?? firstError(app)?.message,
    at: app.startedAt,
    leads: ['reveal', 'logs', ...(hostOf(app.url) === null ? [] : (['browser'] as const))],
  }),
  connectors: (one) => ({
    key: `${one.app ?? ''} ${one.name}`,
    name: one.name,
    group: one.status,
    detail: facts(
      one.app,
      one.address,
      one.version,
      one.latencyMs === null ? null : `${Math.round(one.latencyMs)} ms`,
    ),
    reason: one.reason,
    at: one.testedAt,
    leads: ['reveal', 'test', ...(one.file === null ? [] : (['configuration'] as const))],
  }),
  environments: ({ app, name, target, tier, state, checks }) => ({
    key: `${app} ${name ?? ''}`,
    name: `${app} · ${name ?? here}`,
    group: state ?? 'unchecked',
    detail: facts(target, tier),
    leads: ['reveal', ...(checks === 0 ? [] : (['check'] as const))],
  }),
  users: (user) => ({
    key: user.id,
    name: user.name,
    group: user.role,
    detail: '',
    at: user.createdAt,
    leads: ['entries'],
  }),
  ports: (holding) => ({
    key: holding.id,
    name: `:${holding.port}`,
    group: portGroup(holding),
    detail: facts(
      holding.protocol,
      holding.row.app ?? holding.row.container?.name,
      holding.row.lease,
      holding.row.process,
      holding.row.pid === null ? null : String(holding.row.pid),
    ),
    at: holding.row.startedAt,
    leads: ['who', 'reveal'],
  }),
  jobs: (job) => ({
    key: `${job.app} ${job.job}`,
    name: job.job,
    group: runGroup(job.running.length > 0, job.lastRun),
    detail: facts(job.app, job.schedule, job.command),
    reason: job.running.length > 0 ? null : job.lastRun?.reason,
    at: runMoment(job.running[0] ?? job.lastRun),
    leads: [...(job.running.length > 0 || job.lastRun !== null ? (['output'] as const) : []), 'reveal'],
  }),
  tests: (tests) => ({
    key: tests.app,
    name: tests.app,
    group: runGroup(tests.running !== null, tests.lastRun),
    detail: facts(countsOf(tests.lastRun), tests.command?.value),
    reason: tests.running === null ? tests.lastRun?.reason : null,
    at: runMoment(tests.running ?? tests.lastRun),
    leads: [...(tests.running !== null || tests.lastRun !== null ? (['output'] as const) : []), 'reveal'],
  }),
  containers: (container) => ({
    key: container.id,
    name: container.name,
    group: containerGroup(container),
    detail: facts(container.app, container.image, container.status),
    at: container.createdAt,
    leads: ['details', 'logs', 'reveal'],
  }),
  requests: (one) => ({
    key: one.app,
    name: one.app,
    group: requestsGroup(one),
    detail: facts(
      `${short(one.requestsPerMinute ?? 0)}/min`,
      one.errorRate === null ? null : `5xx ${short(one.errorRate * 100)} %`,
      one.latencyP95 === null ? null : `p95 ${short(one.latencyP95)} ms`,
    ),
    amount: one.requestsPerMinute,
    leads: ['plots', 'logs', 'reveal'],
  }),
  health: (check) => ({
    key: `${check.app} ${check.environment ?? ''} ${check.check}`,
    name: `${check.app} · ${check.check}`,
    group: check.state,
    detail: facts(
      check.environment,
      check.target,
      check.latencyMs === null ? null : `${Math.round(check.latencyMs)} ms`,
    ),
    reason: check.state === 'healthy' ? null : check.reason,
    at: check.since,
    leads: ['reveal', 'check', 'logs'],
  }),
  incidents: (incident) => ({
    key: String(incident.number),
    name: `#${incident.number} ${incident.app}`,
    group: incidentGroup(incident),
    detail: facts(incident.environment, incident.check, incident.acknowledgedBy),
    reason: incident.cause,
    at: incident.resolvedAt ?? incident.startedAt,
    leads: [
      'incident',
      ...(incidentGroup(incident) === incident.severity ? (['acknowledge'] as const) : []),
      'logs',
      'reveal',
    ],
  }),
  leases: (lease) => ({
    key: lease.name,
    name: lease.name,
    group: lease.state,
    detail: facts(`:${lease.port}`, lease.kind, lease.process, lease.pid === null ? null : String(lease.pid)),
    at: lease.createdAt,
    leads: ['details', 'reveal'],
  }),
  services: (check) => ({
    key: check.name,
    name: check.name,
    group: check.ok ? 'well' : 'unwell',
    detail: check.message,
    reason: check.hint,
  }),
  activity: (entry) => ({
    key: String(entry.sequence),
    name: entryTitle(entry),
    group: entry.outcome,
    detail: facts(entry.errorCode, entry.actor.name, entry.actor.client, entry.project),
    at: entry.timestamp,
    leads: ['entry'],
  }),
}

/** Passed of all, such as `41/42`. */
const countsOf = (run: RunRow | null): string | null =>
  run === null || run.tests === null
    ? null
    : `${run.tests.passed}/${run.tests.passed + run.tests.failed + run.tests.skipped}`

/** What is listed where an app has no tests that are known, or a port's sockets are several: what a person would count. */
export const countedPorts = portHoldings
export const countedTests = (rows: readonly TestsRow[]): readonly TestsRow[] =>
  rows.filter(({ command }) => command !== null)

function cardOf<C extends CardId>(id: C, { revision, fresh, problem, rows }: Source<Counted[C]>): Card {
  return {
    id,
    revision,
    fresh,
    problem: fullText(problem),
    rows: rows?.map((one) => printableRow(rowsOf[id](one))) ?? null,
  }
}

type AnyRow = Omit<RowOf<'apps'>, 'group'> & { readonly group: string }

const printableRow = ({ key, name, group, detail, reason, at, amount, leads }: AnyRow): Row => ({
  key,
  name: label(name),
  group,
  detail: fullText(detail),
  reason: fullText(reason ?? ''),
  at: at ?? null,
  amount: amount ?? null,
  leads: leads ?? [],
})

function machineOf({ machine, cpuPercent }: Pick<Sources, 'machine' | 'cpuPercent'>): Machine | null {
  if (machine === null) return null
  const { hostname, platform, cpus, load, memory, disk, uptimeSeconds } = machine
  const gauges: Gauge[] = [
    { id: 'load', used: load, total: cpus },
    { id: 'memory', used: memory.usedBytes, total: memory.totalBytes },
  ]
  if (cpuPercent !== null) gauges.unshift({ id: 'processor', used: cpuPercent, total: 100 })
  // A daemon that is older does not tell.
  if (disk) gauges.push({ id: 'disk', used: disk.usedBytes, total: disk.totalBytes })
  return { hostname: label(hostname), platform, uptimeSeconds, gauges }
}

/** The whole dashboard of what is known: each number on it is the length of a list in here. */
export function pictureOf(sources: Sources, sequence: number): Picture {
  // oxlint-disable-next-line no-unnecessary-type-parameters -- it says that the id and the source belong together.
  const card = <C extends CardId>(id: C): Card => cardOf(id, sources.cards[id])
  const ids = Object.keys(rowsOf) as CardId[]
  return {
    sequence,
    cards: ids.map(card),
    machine: machineOf(sources),
  }
}

/** What a row of a picture stands for, by its key; undefined when it is gone. */
export const subjectOf = <C extends CardId>(sources: Sources, id: C, key: string): Counted[C] | undefined =>
  sources.cards[id].rows?.find((one) => rowsOf[id](one).key === key)
