import * as path from 'node:path'
import type { ProcessRow } from '#contract/resources.ts'
import type { Clock } from '#base/clock.ts'
import { Failure } from '#base/failure.ts'
import { randomId } from '#base/ids.ts'
import type { Lifetime } from '#base/lifetime.ts'
import type { StatePaths } from '#base/state-paths.ts'
import type { Git } from './adapters/git/git.ts'
import type { AppOutput } from '#contract/apps.ts'
import { ComposeCommand } from './adapters/docker/compose-command.ts'
import type { ContainerEngine } from './adapters/docker/engine.ts'
import { answers } from './adapters/host/connect-probe.ts'
import { environmentOf } from './adapters/host/environment.ts'
import type { Host } from './adapters/host/host.ts'
import { askStatus } from './adapters/http/ask.ts'
import type { Hiding, Programs, RunFiles } from './adapters/process/programs.ts'
import { ShellPrograms } from './adapters/process/shell-programs.ts'
import { fileProjects } from './adapters/project/file-project.ts'
import { FileWatcher } from './adapters/project/file-watcher.ts'
import type { ProjectFolder } from './adapters/project/project.ts'
import { engineProblem, type Machine } from './capabilities/apps/app-rows.ts'
import { AppsService } from './capabilities/apps/apps-service.ts'
import { AppsStore } from './capabilities/apps/apps-store.ts'
import { ComposeApps } from './capabilities/apps/compose-apps.ts'
import type { FoundApps } from './capabilities/apps/find-apps.ts'
import type { FoundApp } from './capabilities/apps/found-app.ts'
import { strangerOn } from './capabilities/apps/port-holder.ts'
import { portProblem } from './capabilities/apps/readiness.ts'
import { descendants, RunProcesses } from './capabilities/apps/run-processes.ts'
import { Supervisor } from './capabilities/apps/supervisor.ts'
import { UnderstoodFolders } from './capabilities/apps/understood.ts'
import type { LeasesService } from './capabilities/leases/leases-service.ts'
import type { ResourcesService } from './capabilities/resources/resources-service.ts'
import type { Change } from './kernel/execute.ts'
import type { Store } from './store/open.ts'

export interface AppsSurroundings {
  readonly paths: StatePaths
  readonly store: Store
  readonly host: Host
  readonly engine: ContainerEngine
  readonly git: Git
  readonly clock: Clock
  readonly instance: string
  readonly leases: LeasesService
  readonly resources: ResourcesService
  /** Processes that were begun as jobs or tests, with what they began. */
  readonly ofRuns: (processes: readonly ProcessRow[]) => ReadonlySet<number>
  /** What a secret holds; null when there is none. */
  readonly secret: (name: string) => Promise<string | null>
  /** An app may print what it was given. */
  readonly hiding: Hiding
  /** Runs a method of the contract in the daemon's own name, through the one door. */
  readonly act: (name: string, params: unknown) => Promise<unknown>
  readonly report: (error: unknown) => void
}

/** Puts the apps together with what they need of the machine and of other capabilities. */
export function wireApps(
  lifetime: Lifetime,
  around: AppsSurroundings,
): { apps: AppsService; supervisor: Supervisor } {
  const { paths, clock, host, git, resources, leases } = around
  const store = new AppsStore(around.store)
  const machine = () => machineOf(around)
  const programs = new ShellPrograms(around.hiding)
  const understood = new UnderstoodFolders(fileProjects, understandProject)
  const supervisor: Supervisor = lifetime.own(
    new Supervisor({
      store,
      host,
      programs,
      processes: new RunProcesses({ host, environmentOf }),
      clock,
      newId: randomId,
      filesOf: (app, run) => filesOf(paths, app, run),
      ruleOf: (app) => apps.ruleOf(app),
      healthOf: (app) => apps.healthOf(app),
      answers,
      ask: askStatus,
      listening: async (leaders) => listeningBelow(await machine(), leaders),
      strangerOn: async (run) => strangerOn({ environmentOf }, run, (await resources.ports()).rows),
      recover: (app, reason) => around.act('apps.recover', { app, reason }),
      graceMs,
      report: around.report,
    }),
  )
  const composed = new ComposeApps({
    compose: new ComposeCommand(around.hiding.hide),
    clock,
    containers: async () => (await resources.containers()).rows,
    stopContainer: (change, id) => around.engine.stop(change, id),
    engineHost: () => engineHost(around.engine),
    engineProblem: () => engineProblem(around.engine.status()),
    outputOf: (app) => filesOf(paths, app, '').output,
    portProblem: (port, health) => portProblem({ answers, ask: askStatus }, port, health),
  })
  const apps: AppsService = lifetime.own(
    new AppsService({
      store,
      supervisor,
      composed,
      watcher: lifetime.own(new FileWatcher()),
      clock,
      instance: around.instance,
      findIn,
      understand: (folder) => understood.of(folder),
      worktreeOf: (folder) => git.worktreeOf(folder),
      secret: around.secret,
      takePort: (change, app, asked) => takePort(leases, change, app, asked),
      machine,
      ports: async () => (await resources.ports()).rows,
      stopProcess: (change, shown) => resources.stop(change, shown, false),
      writtenBy: (app, most) => written(programs, filesOf(paths, app, ''), most),
      startByRule: (app) => around.act('apps.start', { app }),
      report: around.report,
      environment: process.env,
    }),
  )
  return { apps, supervisor }
}

/** @throws Failure `not-found` without such a folder, `app-invalid` when there is no app because what names them is wrong. */
async function findIn(folder: string): Promise<FoundApps> {
  if ((await fileProjects.look(folder)) === null)
    throw new Failure('not-found', `There is no folder ${folder} that we may read`)
  const { findApps } = await import('./capabilities/apps/find-apps.ts')
  const found = await findApps(fileProjects, folder, process.env)
  const [first] = found.problems
  if (found.apps.length > 0 || first === undefined) return found
  throw new Failure('app-invalid', `${first.file === null ? '' : `${first.file}: `}${first.message}`)
}

// What reads apps brings a parser of YAML and a schema with it: a daemon without apps need not load them.
const understandProject = async (project: ProjectFolder): Promise<FoundApp | null> =>
  (await import('./capabilities/apps/found-app.ts')).understand(project, process.env)

async function machineOf({ resources, engine, ofRuns }: AppsSurroundings): Promise<Machine> {
  // The list of processes asks the engine too.
  const [ports, processes] = await Promise.all([resources.ports(), resources.processes()])
  const containers = resources.lastContainers
  // A server that tests start in the app's folder is not the app.
  const others = ofRuns(processes.rows)
  const rows = ports.rows.filter(({ pid }) => pid === null || !others.has(pid))
  return { ports: rows, processes: processes.rows, containers, engine: engine.status() }
}

function listeningBelow({ ports, processes }: Machine, leaders: readonly number[]): readonly number[] {
  const below = new Set(leaders.flatMap((leader) => [...descendants(leader, processes)]))
  return ports.flatMap(({ pid, port, protocol }) =>
    pid !== null && below.has(pid) && protocol === 'tcp' ? [port] : [],
  )
}

/** The engine that we found, for a client that would look for one itself. Whatever DOCKER_HOST says it follows. */
function engineHost(engine: ContainerEngine): string | null {
  const { endpoint } = engine.status()
  return (process.env['DOCKER_HOST'] ?? '') === '' && endpoint?.startsWith('/') === true
    ? `unix://${endpoint}`
    : null
}

/** As much as may be read of an output for each line that was asked for, and in all. */
const lineBytes = 1024
const mostBytes = 1024 * 1024

async function written(programs: Programs, files: RunFiles, most: number): Promise<AppOutput> {
  const text = await programs.lastOutput(files, Math.min(mostBytes, most * lineBytes))
  const lines = text.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  return { file: files.output, lines: lines.slice(-most) }
}

/** How long an app may take to end by itself. */
export const graceMs = 10_000

/** A folder for each app; its name may hold `/` and `@`. */
/** The file that an app's output goes to. */
export const outputOf = (paths: StatePaths, app: string): string => filesOf(paths, app, '').output

function filesOf({ apps }: StatePaths, app: string, run: string): RunFiles {
  const folder = path.join(apps, encodeURIComponent(app))
  return { output: path.join(folder, 'output.log'), ending: path.join(folder, `${run}.ending`) }
}

/**
 * The port that an app asks for, or the next free one. Once given it stays the app's.
 * @throws Failure `port-in-use` when a stranger has taken it meanwhile.
 */
async function takePort(
  leases: LeasesService,
  change: Change,
  app: string,
  asked: number | null,
): Promise<number> {
  const { rows } = await leases.list()
  const held = rows.find(({ name }) => name === app)
  if (held?.state === 'stranger')
    throw new Failure(
      'port-in-use',
      `Port ${held.port} of ${app} is held by ${held.process ?? 'a process'} (pid ${held.pid})`,
    )
  if (held !== undefined) return held.port
  if (asked !== null) {
    try {
      return (await leases.allocate(change, { name: app, kind: 'web', port: asked })).port
    } catch (error) {
      if (!(error instanceof Failure) || !elsewhere.has(error.code)) throw error
    }
  }
  return (await leases.allocate(change, { name: app, kind: 'web' })).port
}

/** What makes an app take another port than it asked for. */
const elsewhere: ReadonlySet<string> = new Set(['conflict', 'port-in-use', 'permission-denied'])
