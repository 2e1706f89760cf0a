import type { AppDetail, AppProblem, AppRow } from '#contract/apps.ts'
import type { ContainerRow, EngineStatus, PortRow, ProcessRow } from '#contract/resources.ts'
import type { AppRun } from './app-run.ts'
import type { ComposePhase } from './compose-apps.ts'
import { containersOf, isComposed, projectsOf, projectState, shownContainers } from './compose-project.ts'
import type { FoundApp } from './found-app.ts'
import { descendants } from './run-processes.ts'
import { changedSince, type StartedWith } from './started-with.ts'

/** An app as it is known: what was added, what its folder says now, what runs of it. */
export interface KnownApp {
  readonly name: string
  readonly folder: string
  readonly branch: string | null
  /** What its folder holds; null when it holds no app any more. */
  readonly found: FoundApp | null
  /** What it goes on with while that cannot be understood. */
  readonly planned: FoundApp | null
  readonly run: AppRun | null
  readonly phase: ComposePhase | null
  readonly startedWith: StartedWith | null
}

/** What of the machine a row is made of. */
export interface Machine {
  readonly ports: readonly PortRow[]
  readonly processes: readonly ProcessRow[]
  readonly containers: readonly ContainerRow[]
  readonly engine: Pick<EngineStatus, 'state' | 'reason'>
}

/** The processes of an app, by pid; empty when none runs. */
export function pidsOf({ run }: KnownApp, { processes }: Pick<Machine, 'processes'>): ReadonlySet<number> {
  const leaders = run?.leader ? [run.leader, ...run.others] : []
  return new Set(leaders.flatMap(({ pid }) => [...descendants(pid, processes)]))
}

/** The processes of an app, and those in its containers, where we see into them. */
function usedBy(app: KnownApp, { processes, containers }: Pick<Machine, 'processes' | 'containers'>) {
  const { project, external, labelled } = containersOf(app, containers)
  const ids = new Set([...project, ...external, ...labelled].map(({ id }) => id))
  const pids = pidsOf(app, { processes })
  return processes.filter(
    ({ pid, container }) => pids.has(pid) || (container !== null && ids.has(container.id)),
  )
}

/** What an app uses; null where nothing of it runs, or it is not known. 100 % = one core. */
export function appUsage(
  app: KnownApp,
  machine: Pick<Machine, 'processes' | 'containers'>,
): Pick<AppRow, 'cpuPercent' | 'memoryBytes'> {
  const used = usedBy(app, machine)
  return {
    cpuPercent: sumOf(used, ({ cpuPercent }) => cpuPercent),
    memoryBytes: sumOf(used, ({ memoryBytes }) => memoryBytes),
  }
}

/** @param stranger - who listens in its folder without having been started as an app. */
export function appRow(app: KnownApp, machine: Machine, stranger: PortRow | null): AppRow {
  const { run, found, planned } = app
  const composed = isComposed(planned)
  const containers = containersOf(app, machine.containers)
  const pids = pidsOf(app, machine)
  const own = machine.processes.filter(({ pid }) => pids.has(pid))
  const shown = composed
    ? ofProject(app, machine)
    : stranger
      ? ofStranger(stranger)
      : ofRun(run, own, machine)
  return {
    name: app.name,
    kind: planned?.kind ?? 'configured',
    folder: app.folder,
    branch: app.branch,
    ...shown,
    reason: shown.reason ?? keptReason(app, shown),
    url: shown.port === null ? null : `http://localhost:${shown.port}/`,
    restarts: run?.stored.restarts ?? 0,
    ...appUsage(app, machine),
    problems: found?.problems ?? [gone(app.folder)],
    containers: shownContainers(containers, composed),
    restartToApply: isUp(shown) ? changes(app) : [],
    environments: (planned?.checks?.environments ?? []).map(({ name, target, tier }) => ({
      name,
      target,
      tier,
    })),
  }
}

type Shown = Pick<AppRow, 'state' | 'reason' | 'pid' | 'port' | 'startedAt'>

const isUp = ({ state }: Shown): boolean => state === 'running' || state === 'starting'

const changes = ({ startedWith, found }: KnownApp): readonly string[] =>
  startedWith === null || found === null || found.broken ? [] : changedSince(startedWith, found)

/** Why it runs although its folder no longer says how. */
function keptReason({ found }: KnownApp, shown: Shown): string | null {
  if (!isUp(shown)) return null
  if (found === null) return 'its folder is gone, or holds no app any more; what was started goes on'
  if (!found.broken) return null
  const at = shown.startedAt === null ? '' : ` of ${clockTime(shown.startedAt)}`
  return `it runs with the configuration${at}; the file has an error now`
}

/** Hours and minutes where the daemon is, which is where the app is. */
function clockTime(iso: string): string {
  const time = new Date(iso)
  return [time.getHours(), time.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':')
}

function ofRun(run: AppRun | null, own: readonly ProcessRow[], { ports }: Machine): Shown {
  if (run === null) return { state: 'stopped', reason: null, pid: null, port: null, startedAt: null }
  const pids = new Set(own.map(({ pid }) => pid))
  const { stored, leader, state } = run
  const listening = ports.filter(({ pid, protocol }) => pid !== null && pids.has(pid) && protocol === 'tcp')
  const [first] = listening
  const given = listening.some(({ port }) => port === stored.port)
  const elsewhere = state === 'running' && stored.port !== null && !given && first !== undefined
  return {
    state,
    reason: elsewhere
      ? `it listens on ${first.port}, not on ${stored.port}, which it was given in $PORT`
      : run.reason,
    pid: leader?.pid ?? null,
    port: leader === null ? null : elsewhere ? first.port : (stored.port ?? first?.port ?? null),
    startedAt: leader === null ? null : stored.startedAt,
  }
}

const ofStranger = ({ pid, port, startedAt, process }: PortRow): Shown => ({
  state: 'external',
  reason: `${process ?? 'a process'} (pid ${pid}) was started by somebody else; a restart takes over`,
  pid,
  port,
  startedAt,
})

/** A compose project is what its containers are. */
function ofProject(app: KnownApp, machine: Machine): Shown {
  const { project, external } = containersOf(app, machine.containers)
  const { phase } = app
  const shown = project.length > 0 ? project : external
  const up = shown.filter(({ state }) => state === 'running')
  const port = up.length === 0 ? null : publishedPort(app, up, machine)
  const [startedAt = null] = up.map(({ createdAt }) => createdAt).sort()
  const where = { pid: null, port, startedAt }
  if (phase?.state === 'starting' || phase?.state === 'stopping')
    return { state: phase.state, reason: phase.reason, ...where }
  if (project.length === 0 && up.length > 0) {
    const names = projectsOf(external).join(', ')
    const reason = `the compose project ${names} was started by somebody else; a restart takes over`
    return { state: 'external', reason, ...where }
  }
  const missing = engineProblem(machine.engine)
  if (missing !== null)
    return { state: 'stopped', reason: `it needs a container engine: ${missing}`, ...where }
  const { state, reason } = projectState(project)
  if (state === 'stopped' && phase?.state === 'failed')
    return { state: 'failed', reason: phase.reason, ...where }
  return { state, reason: reason ?? (state === 'running' ? (phase?.reason ?? null) : null), ...where }
}

/** Why there is no engine to speak of; null when there is one. */
export function engineProblem({ state, reason }: Machine['engine']): string | null {
  if (state === 'connected') return null
  return reason ?? (state === 'absent' ? 'none was found' : 'it cannot be reached')
}

/** The port that is leased to the app, else the first that its containers publish. */
function publishedPort(app: KnownApp, up: readonly ContainerRow[], { ports }: Machine): number | null {
  const published = up.flatMap((row) => row.ports).filter(({ protocol }) => protocol === 'tcp')
  const leased = new Set(ports.filter(({ lease }) => lease === app.name).map(({ port }) => port))
  return (published.find(({ hostPort }) => leased.has(hostPort)) ?? published[0])?.hostPort ?? null
}

function sumOf(rows: readonly ProcessRow[], value: (row: ProcessRow) => number | null): number | null {
  const known = rows.map(value).filter((one) => one !== null)
  return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0)
}

const gone = (folder: string): AppProblem => ({
  severity: 'error',
  message: `There is no app in ${folder} any more`,
  file: null,
  line: null,
  column: null,
})

/** @param written - the file that its output goes to, and its last lines. */
export const appDetail = (
  app: KnownApp,
  row: AppRow,
  written: Pick<AppDetail, 'output' | 'lastLines'>,
): AppDetail => ({
  ...row,
  command: app.planned?.command ?? null,
  askedPort: app.planned?.port ?? null,
  health: app.planned?.health ?? null,
  variables: Object.keys(app.planned?.env ?? {}),
  ...written,
  lastExit: app.run?.exit ?? null,
})
