import type { AppDetail, AppProblem, AppRow } from '#contract/apps.ts'
import type { PortRow, ProcessRow } from '#contract/resources.ts'
import type { AppRun } from './app-run.ts'
import type { FoundApp } from './found-app.ts'
import { descendants } from './run-processes.ts'

/** An app as it is known: what was added, what its folder says now, what runs of it. */
export interface KnownApp {
  readonly name: string
  readonly folder: string
  readonly branch: string | null
  /** What its folder holds; null when it holds no app any more. */
  readonly found: FoundApp | null
  readonly run: AppRun | null
}

/** What of the machine a row is made of. */
export interface Machine {
  readonly ports: readonly PortRow[]
  readonly processes: readonly ProcessRow[]
}

/** The processes of an app, by pid; empty when none runs. */
export const pidsOf = ({ run }: KnownApp, { processes }: Machine): ReadonlySet<number> =>
  run?.leader ? descendants(run.leader.pid, processes) : new Set()

/** Who listens in the app's folder without having been started as the app. */
export function outsider(app: KnownApp, { ports }: Machine): PortRow | null {
  if (app.run?.leader) return null
  const within = `${app.folder}/`
  return (
    ports.find(
      ({ pid, cwd, container, protocol }) =>
        pid !== null &&
        container === null &&
        protocol === 'tcp' &&
        cwd !== null &&
        (cwd === app.folder || cwd.startsWith(within)),
    ) ?? null
  )
}

export function appRow(app: KnownApp, machine: Machine): AppRow {
  const stranger = outsider(app, machine)
  const { run, found } = app
  const pids = pidsOf(app, machine)
  const own = machine.processes.filter(({ pid }) => pids.has(pid))
  const shown = stranger === null ? ofRun(run, own, machine) : ofStranger(stranger)
  return {
    name: app.name,
    kind: found?.kind ?? 'configured',
    folder: app.folder,
    branch: app.branch,
    ...shown,
    url: shown.port === null ? null : `http://localhost:${shown.port}/`,
    restarts: run?.stored.restarts ?? 0,
    cpuPercent: sumOf(own, ({ cpuPercent }) => cpuPercent),
    memoryBytes: sumOf(own, ({ memoryBytes }) => memoryBytes),
    problems: found?.problems ?? [gone(app.folder)],
  }
}

type Shown = Pick<AppRow, 'state' | 'reason' | 'pid' | 'port' | 'startedAt'>

function ofRun(run: AppRun | null, own: readonly ProcessRow[], { ports }: Machine): Shown {
  if (run === null) return { state: 'stopped', reason: null, pid: null, port: null, startedAt: null }
  const pids = new Set(own.map(({ pid }) => pid))
  const { stored, leader, state } = run
  const listening = ports.find(({ pid, protocol }) => pid !== null && pids.has(pid) && protocol === 'tcp')
  const elsewhere = listening !== undefined && stored.port !== null && listening.port !== stored.port
  return {
    state,
    reason: run.reason !== null && elsewhere ? `${run.reason}; it listens on ${listening.port}` : run.reason,
    pid: leader?.pid ?? null,
    port: leader === null ? null : (stored.port ?? listening?.port ?? null),
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
  machine: Machine,
  written: Pick<AppDetail, 'output' | 'lastLines'>,
): AppDetail => ({
  ...appRow(app, machine),
  command: app.found?.command ?? null,
  askedPort: app.found?.port ?? null,
  health: app.found?.health ?? null,
  variables: Object.keys(app.found?.env ?? {}),
  ...written,
  lastExit: app.run?.exit ?? null,
})
