import * as path from 'node:path'
import type { Clock } from '#base/clock.ts'
import { Failure } from '#base/failure.ts'
import { randomId } from '#base/ids.ts'
import type { Lifetime } from '#base/lifetime.ts'
import type { StatePaths } from '#base/state-paths.ts'
import type { Git } from './adapters/git/git.ts'
import { answers } from './adapters/host/connect-probe.ts'
import { environmentOf } from './adapters/host/environment.ts'
import type { Host } from './adapters/host/host.ts'
import type { Programs, RunFiles } from './adapters/process/programs.ts'
import { ShellPrograms } from './adapters/process/shell-programs.ts'
import { fileProjects } from './adapters/project/file-project.ts'
import { AppsService } from './capabilities/apps/apps-service.ts'
import { AppsStore } from './capabilities/apps/apps-store.ts'
import type { FoundApp } from './capabilities/apps/found-app.ts'
import { RunProcesses } from './capabilities/apps/run-processes.ts'
import { Supervisor } from './capabilities/apps/supervisor.ts'
import type { LeasesService } from './capabilities/leases/leases-service.ts'
import type { ResourcesService } from './capabilities/resources/resources-service.ts'
import type { Change } from './kernel/execute.ts'
import type { Store } from './store/open.ts'

export interface AppsSurroundings {
  readonly paths: StatePaths
  readonly store: Store
  readonly host: Host
  readonly git: Git
  readonly clock: Clock
  readonly instance: string
  readonly leases: LeasesService
  readonly resources: ResourcesService
  /** What a secret holds; null when there is none. */
  readonly secret: (name: string) => Promise<string | null>
  /** A text without what the secrets hold: an app may print what it was given. */
  readonly withoutSecrets: (text: string) => string
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
  const programs = new ShellPrograms()
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
      answers,
      recover: (app, reason) => around.act('apps.recover', { app, reason }),
      graceMs,
      report: around.report,
    }),
  )
  const apps: AppsService = lifetime.own(
    new AppsService({
      store,
      supervisor,
      clock,
      instance: around.instance,
      findIn,
      understand: understandFolder,
      worktreeOf: (folder) => git.worktreeOf(folder),
      secret: around.secret,
      takePort: (change, app, asked) => takePort(leases, change, app, asked),
      machine: async () => {
        const [ports, processes] = await Promise.all([resources.ports(), resources.processes()])
        return { ports: ports.rows, processes: processes.rows }
      },
      stopProcess: (change, shown) => resources.stop(change, shown, false),
      writtenBy: async (app) => {
        const { output, lastLines } = await written(programs, filesOf(paths, app, ''))
        return { output, lastLines: lastLines.map(around.withoutSecrets) }
      },
      startByRule: (app) => around.act('apps.start', { app }),
      report: around.report,
      environment: process.env,
    }),
  )
  return { apps, supervisor }
}

/** @throws Failure `not-found` without such a folder, `app-invalid` when there is no app because what names them is wrong. */
async function findIn(folder: string): Promise<readonly FoundApp[]> {
  if ((await fileProjects.look(folder)) === null)
    throw new Failure('not-found', `There is no folder ${folder} that we may read`)
  const { findApps } = await import('./capabilities/apps/find-apps.ts')
  const { apps, problems } = await findApps(fileProjects, folder, process.env)
  const [first] = problems
  if (apps.length > 0 || first === undefined) return apps
  throw new Failure('app-invalid', `${first.file === null ? '' : `${first.file}: `}${first.message}`)
}

// What reads apps brings a parser of YAML and a schema with it: a daemon without apps need not load them.
async function understandFolder(folder: string): Promise<FoundApp | null> {
  const found = await fileProjects.look(folder)
  if (found === null) return null
  const { understand } = await import('./capabilities/apps/found-app.ts')
  return understand(found, process.env)
}

const shownBytes = 8192
const shownLines = 10

async function written(
  programs: Programs,
  files: RunFiles,
): Promise<{ readonly output: string; readonly lastLines: readonly string[] }> {
  const text = await programs.lastOutput(files, shownBytes)
  const lines = text.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  return { output: files.output, lastLines: lines.slice(-shownLines) }
}

/** How long an app may take to end by itself. */
const graceMs = 10_000

/** A folder for each app; its name may hold `/` and `@`. */
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
