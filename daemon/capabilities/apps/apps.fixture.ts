import { once } from 'node:events'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach } from 'vitest'
import { isoTime, systemClock } from '#base/clock.ts'
import { randomId } from '#base/ids.ts'
import { Lifetime } from '#base/lifetime.ts'
import { ComposeCommand } from '../../adapters/docker/compose-command.ts'
import { answers } from '../../adapters/host/connect-probe.ts'
import { environmentOf } from '../../adapters/host/environment.ts'
import { LinuxHost } from '../../adapters/host/linux-host.ts'
import { askStatus } from '../../adapters/http/ask.ts'
import { ShellPrograms } from '../../adapters/process/shell-programs.ts'
import { fileProjects } from '../../adapters/project/file-project.ts'
import { FileWatcher } from '../../adapters/project/file-watcher.ts'
import { callContext, callsAs } from '../../kernel/call.fixture.ts'
import { createExecutor, type Execute, type Handlers } from '../../kernel/execute.ts'
import { openStore } from '../../store/open.ts'
import { appsHandlers } from './apps-handlers.ts'
import { AppsService } from './apps-service.ts'
import { AppsStore } from './apps-store.ts'
import { ComposeApps } from './compose-apps.ts'
import { findApps } from './find-apps.ts'
import { understand } from './found-app.ts'
import { strangerOn } from './port-holder.ts'
import { descendants, RunProcesses } from './run-processes.ts'
import { Supervisor } from './supervisor.ts'
import type { Machine } from './app-rows.ts'

const graceMs = 400

/** There is no engine here; compose projects are tested on a real one, in test/integration. */
const noCompose = new ComposeApps({
  compose: new ComposeCommand((text) => text),
  clock: systemClock,
  containers: () => Promise.resolve([]),
  stopContainer: () => Promise.resolve(),
  engineHost: () => null,
  engineProblem: () => null,
  outputOf: () => '/dev/null',
  portProblem: () => Promise.resolve(null),
})

/** Rows of this machine as far as apps look at them. */
async function machineOf(host: LinuxHost): Promise<Machine> {
  const [{ sockets }, { processes }] = await Promise.all([host.sockets(), host.processes()])
  const byPid = new Map(processes.map((process) => [process.pid, process]))
  return {
    ports: sockets.map((socket) => {
      const holder = byPid.get(socket.pids[0] ?? -1)
      const startedAt = holder?.startedAt ?? null
      return {
        ...socket,
        pid: holder?.pid ?? null,
        process: holder?.name ?? null,
        command: null,
        cwd: holder?.cwd ?? null,
        user: null,
        startedAt: startedAt === null ? null : isoTime(startedAt),
        container: null,
        app: null,
        lease: null,
      }
    }),
    processes: processes.map(({ pid, ppid, name, cpuPercent, memoryBytes }) => ({
      pid,
      ppid,
      name,
      command: null,
      cwd: null,
      user: null,
      startedAt: null,
      cpuPercent,
      memoryBytes,
      ports: [],
      container: null,
      app: null,
      kind: 'other',
    })),
    containers: [],
    engine: { state: 'absent', reason: null },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return address !== null && typeof address === 'object' ? address.port : 0
}

/** A service on the store of a folder. */
async function openApps(life: Lifetime, folder: string) {
  const run = life.own(new Lifetime())
  const store = run.own(await openStore({ file: join(folder, 'store.db') }))
  const host = new LinuxHost({ clock: systemClock })
  const appsStore = new AppsStore(store)
  const trail: string[] = []
  const supervisor: Supervisor = run.own(
    new Supervisor({
      store: appsStore,
      host,
      programs: new ShellPrograms(),
      processes: new RunProcesses({ host, environmentOf }),
      clock: systemClock,
      newId: randomId,
      filesOf: (app, id) => ({
        output: join(folder, 'runs', app, 'output.log'),
        ending: join(folder, 'runs', app, `${id}.ending`),
      }),
      ruleOf: (app) => apps.ruleOf(app),
      healthOf: (app) => apps.healthOf(app),
      answers,
      ask: askStatus,
      listening: async (leaders) => {
        const { ports, processes } = await machineOf(host)
        const below = new Set(leaders.flatMap((leader) => [...descendants(leader, processes)]))
        return ports
          .filter(({ pid, protocol }) => pid !== null && below.has(pid) && protocol === 'tcp')
          .map(({ port }) => port)
      },
      strangerOn: async (stored) => strangerOn({ environmentOf }, stored, (await machineOf(host)).ports),
      recover: (app, reason) => execute('apps.recover', { app, reason }, callContext('admin')),
      graceMs,
      report: () => undefined,
    }),
  )
  const ports = new Map<string, number>()
  const apps: AppsService = run.own(
    new AppsService({
      store: appsStore,
      supervisor,
      clock: systemClock,
      instance: 'test',
      findIn: (path) => findApps(fileProjects, path, process.env),
      understand: async (path) => {
        const found = await fileProjects.look(path)
        return found === null ? null : understand(found, process.env)
      },
      worktreeOf: () => Promise.resolve(null),
      takePort: async (_change, app) => {
        const port = ports.get(app) ?? (await freePort())
        ports.set(app, port)
        return port
      },
      secret: (name) => Promise.resolve(name === 'kept' ? 'what is kept' : null),
      machine: () => machineOf(host),
      ports: async () => (await machineOf(host)).ports,
      stopProcess: async (change, { pid }) => {
        const target = await host.process(pid)
        if (target === null) return
        await host.signal(change, target, 'SIGTERM')
        while (await host.alive(target)) await wait(5)
      },
      writtenBy: (app) => Promise.resolve({ file: join(folder, 'runs', app, 'output.log'), lines: [] }),
      watcher: run.own(new FileWatcher()),
      composed: noCompose,
      startByRule: (app) => execute('apps.start', { app }, callContext('admin')),
      report: () => undefined,
      environment: process.env,
    }),
  )
  const execute: Execute = createExecutor({
    // The other capabilities' methods are not called here.
    handlers: appsHandlers(apps) as Handlers,
    clock: systemClock,
    trail: {
      intent: async (_actor, { action, resource }) => trail.push(`${action} ${resource.name}`),
      outcome: async () => undefined,
      record: async () => undefined,
    },
  })
  await apps.open()
  const call = callsAs(execute, 'admin')
  const rowOf = async (app: string) => {
    const row = (await call('apps.list', {})).rows.find(({ name }) => name === app)
    if (row === undefined) throw new Error(`There is no row of ${app}`)
    return row
  }
  /** The port that an app was given. */
  const given = (app: string) => ports.get(app)
  return { apps, call, rowOf, given, trail, host, end: () => run.dispose() }
}

type Apps = Awaited<ReturnType<typeof openApps>>

/** A folder with apps for each test of a file, gone with all that runs of it when the test is over. */
export function useApps() {
  let life = new Lifetime()
  let folder = ''
  beforeEach(() => {
    life = new Lifetime()
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'qa-apps-')))
    const path = folder
    life.onDispose(() => rmSync(path, { recursive: true, force: true }))
  })
  afterEach(() => life.dispose())
  return {
    /** Called again it is the next start of the daemon. */
    setup: () => openApps(life, folder),
    folder: () => folder,
    /** Of the test that runs. */
    life: () => life,
    /** An app whose Procfile runs this program. */
    write: (name: string, program: string, config = ''): string => {
      const path = join(folder, name)
      for (const [file, text] of [
        ['Procfile', 'web: exec node main.cjs\n'],
        ['main.cjs', program],
        ['quantum.config.yaml', config],
      ] as const) {
        mkdirSync(dirname(join(path, file)), { recursive: true })
        if (text !== '') writeFileSync(join(path, file), text)
      }
      return path
    },
    /** Whatever a test leaves running ends with it. */
    endWith: ({ call }: Pick<Apps, 'call'>, app: string) =>
      life.onDispose(() =>
        call('apps.stop', { app }).then(
          () => undefined,
          () => undefined,
        ),
      ),
  }
}

/** A program that answers on the port it is given. */
export const server = `require('node:http').createServer((_, answer) => answer.end('hello')).listen(process.env.PORT)`

export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await wait(20)
}
