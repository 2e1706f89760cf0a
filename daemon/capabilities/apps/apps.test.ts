import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isoTime, systemClock } from '#base/clock.ts'
import { randomId } from '#base/ids.ts'
import { Lifetime } from '#base/lifetime.ts'
import { answers } from '../../adapters/host/connect-probe.ts'
import { environmentOf } from '../../adapters/host/environment.ts'
import { LinuxHost } from '../../adapters/host/linux-host.ts'
import { ShellPrograms } from '../../adapters/process/shell-programs.ts'
import { fileProjects } from '../../adapters/project/file-project.ts'
import { callContext, callsAs } from '../../kernel/call.fixture.ts'
import { createExecutor, type Execute, type Handlers } from '../../kernel/execute.ts'
import { openStore } from '../../store/open.ts'
import { appsHandlers } from './apps-handlers.ts'
import { AppsService } from './apps-service.ts'
import { AppsStore } from './apps-store.ts'
import { findApps } from './find-apps.ts'
import { understand } from './found-app.ts'
import { RunProcesses } from './run-processes.ts'
import { Supervisor } from './supervisor.ts'
import type { Machine } from './app-rows.ts'

let life = new Lifetime()
let folder = ''
beforeEach(() => {
  life = new Lifetime()
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'qa-apps-')))
  life.onDispose(() => rmSync(folder, { recursive: true, force: true }))
})
afterEach(() => life.dispose())

const graceMs = 400

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
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return address !== null && typeof address === 'object' ? address.port : 0
}

/** A service on the store of this test's folder; called again it is the next start of the daemon. */
async function setup() {
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
      answers,
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
      findIn: async (path) => (await findApps(fileProjects, path, {})).apps,
      understand: async (path) => {
        const found = await fileProjects.look(path)
        return found === null ? null : understand(found, {})
      },
      worktreeOf: () => Promise.resolve(null),
      takePort: async (_change, app) => {
        const port = ports.get(app) ?? (await freePort())
        ports.set(app, port)
        return port
      },
      secret: (name) => Promise.resolve(name === 'kept' ? 'what is kept' : null),
      machine: () => machineOf(host),
      stopProcess: async (change, { pid }) => {
        const target = await host.process(pid)
        if (target === null) return
        await host.signal(change, target, 'SIGTERM')
        while (await host.alive(target)) await wait(5)
      },
      writtenBy: (app) => Promise.resolve({ output: join(folder, 'runs', app, 'output.log'), lastLines: [] }),
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
  return { apps, call, rowOf, trail, host, end: () => run.dispose() }
}

/** An app whose Procfile runs this program. */
function write(name: string, program: string, config = ''): string {
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
}

const server = `require('node:http').createServer((_, answer) => answer.end('hello')).listen(process.env.PORT)`

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await wait(20)
}

/** Whatever a test leaves running ends with it. */
const endWith = (setupOf: Awaited<ReturnType<typeof setup>>, app: string) =>
  life.onDispose(() =>
    setupOf.call('apps.stop', { app }).then(
      () => undefined,
      () => undefined,
    ),
  )

test('an app of a folder is added, started on a port of its own, and stopped', async () => {
  const daemon = await setup()
  const { call } = daemon
  const added = await call('apps.add', { folder: write('shop', server) })
  expect(added).toMatchObject([{ name: 'shop', kind: 'procfile', state: 'stopped', problems: [] }])
  const started = await call('apps.start', { app: 'shop' })
  endWith(daemon, 'shop')
  expect(started).toMatchObject({ state: 'running', reason: null, restarts: 0 })
  const answer = await fetch(started.url ?? '')
  expect(await answer.text()).toBe('hello')
  expect(await call('apps.stop', { app: 'shop' })).toMatchObject({ state: 'stopped', pid: null, port: null })
  await expect(fetch(started.url ?? '')).rejects.toThrow()
})

test('adding a folder again adds nothing, and starting what runs starts nothing', async () => {
  const daemon = await setup()
  const { call } = daemon
  const path = write('shop', server)
  expect(await call('apps.add', { folder: path })).toEqual(await call('apps.add', { folder: path }))
  const { pid } = await call('apps.start', { app: 'shop' })
  endWith(daemon, 'shop')
  expect(await call('apps.start', { app: 'shop' })).toMatchObject({ pid, state: 'running' })
})

test('one that ends at once is told with its exit code', async () => {
  const { call, rowOf } = await setup()
  const path = write('broken', `process.exit(3)`, 'admin: { run: { restart: { policy: never } } }\n')
  await call('apps.add', { folder: path })
  await expect(call('apps.start', { app: 'broken' })).rejects.toMatchObject({
    code: 'app-failed',
    message: expect.stringContaining('exit code 3') as string,
  })
  expect(await rowOf('broken')).toMatchObject({ state: 'failed', pid: null })
  expect(await call('apps.show', { app: 'broken' })).toMatchObject({ lastExit: { code: 3, signal: null } })
})

test('one that keeps failing is started again as often as its rule says, each time through the one door', async () => {
  const { call, rowOf, trail } = await setup()
  const config = 'admin: { run: { restart: { policy: on-failure, backoff: 10ms, limit: 2 } } }\n'
  await call('apps.add', { folder: write('flaky', 'process.exit(1)', config) })
  await expect(call('apps.start', { app: 'flaky' })).rejects.toMatchObject({ code: 'app-failed' })
  await until(async () => (await rowOf('flaky')).state === 'failed')
  expect(await rowOf('flaky')).toMatchObject({ restarts: 2 })
  expect(trail.filter((line) => line === 'start flaky')).toHaveLength(3)
})

test('an app outlives its daemon, and the next one goes on with it', async () => {
  const first = await setup()
  await first.call('apps.add', { folder: write('shop', server) })
  const started = await first.call('apps.start', { app: 'shop' })
  await first.end()
  expect(await (await fetch(started.url ?? '')).text()).toBe('hello')
  const second = await setup()
  endWith(second, 'shop')
  expect(await second.rowOf('shop')).toMatchObject({
    state: 'running',
    pid: started.pid,
    port: started.port,
    startedAt: started.startedAt,
  })
  expect(await second.call('apps.stop', { app: 'shop' })).toMatchObject({ state: 'stopped' })
  await expect(fetch(started.url ?? '')).rejects.toThrow()
})

test('what ended while no daemon ran is known with its exit code', async () => {
  const first = await setup()
  const config = 'admin: { run: { restart: { policy: never } } }\n'
  const program = `${server}; setTimeout(() => process.exit(7), 600)`
  await first.call('apps.add', { folder: write('shop', program, config) })
  const { url } = await first.call('apps.start', { app: 'shop' })
  await first.end()
  await until(() =>
    fetch(url ?? '').then(
      () => false,
      () => true,
    ),
  )
  await wait(200)
  const second = await setup()
  expect(await second.rowOf('shop')).toMatchObject({ state: 'failed' })
  expect(await second.call('apps.show', { app: 'shop' })).toMatchObject({ lastExit: { code: 7 } })
})

test('one that is deaf to SIGTERM is killed after its grace, and so is a child that left its group', async () => {
  const daemon = await setup()
  const { call, host } = daemon
  const deaf = `process.on('SIGTERM', () => undefined)`
  const child = `require('node:child_process').spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })`
  await call('apps.add', {
    folder: write('deaf', `${deaf}; console.log('child ' + ${child}.pid); ${server}`),
  })
  await call('apps.start', { app: 'deaf' })
  endWith(daemon, 'deaf')
  const { processes } = await host.processes()
  const sleepers = processes.filter(({ argv, cwd }) => argv?.[0] === 'sleep' && cwd === join(folder, 'deaf'))
  expect(sleepers).toHaveLength(1)
  const stopped = await call('apps.stop', { app: 'deaf' })
  expect(stopped).toMatchObject({ state: 'stopped', reason: expect.stringContaining('killed') as string })
  for (const sleeper of sleepers) expect(await host.alive(sleeper)).toBe(false)
})

test('what somebody else started in its folder is shown, not started twice, and taken over by a restart', async () => {
  const daemon = await setup()
  const { call, rowOf, host } = daemon
  const path = write('shop', server)
  await call('apps.add', { folder: path })
  const port = await freePort()
  const child = spawn(process.execPath, ['main.cjs'], {
    cwd: path,
    env: { ...process.env, PORT: String(port) },
  })
  life.onDispose(() => void child.kill('SIGKILL'))
  await until(() => answers(port))
  expect(await rowOf('shop')).toMatchObject({ state: 'external', pid: child.pid, port })
  await expect(call('apps.start', { app: 'shop' })).rejects.toMatchObject({ code: 'conflict' })
  const restarted = await call('apps.restart', { app: 'shop' })
  endWith(daemon, 'shop')
  expect(restarted).toMatchObject({ state: 'running' })
  expect(restarted.pid).not.toBe(child.pid)
  expect(await host.process(child.pid ?? 0)).toBeNull()
})

test('one with a broken configuration is not run on a guess, and the place is named', async () => {
  const { call } = await setup()
  const [row] = await call('apps.add', {
    folder: write('shop', server, 'admin: { run: { port: eighty } }\n'),
  })
  expect(row?.problems[0]).toMatchObject({ severity: 'error', line: 1, column: 23 })
  await expect(call('apps.start', { app: 'shop' })).rejects.toMatchObject({ code: 'app-invalid' })
})

test('what an app depends on is started before it, and a circle is told', async () => {
  const daemon = await setup()
  const { call, rowOf } = daemon
  for (const [name, needed] of [
    ['shop', 'api'],
    ['api', 'db'],
    ['db', ''],
  ] as const)
    write(name, server, `admin: { run: { dependsOn: [${needed}] } }\n`)
  await call('apps.add', { folder })
  await call('apps.start', { app: 'shop' })
  for (const name of ['shop', 'api', 'db']) endWith(daemon, name)
  const [shop, api, db] = [await rowOf('shop'), await rowOf('api'), await rowOf('db')]
  expect([shop.state, api.state, db.state]).toEqual(['running', 'running', 'running'])
  const started = [db, api, shop].map(({ startedAt }) => Date.parse(startedAt ?? ''))
  expect(started).toEqual(started.toSorted((a, b) => a - b))
  write('db', server, 'admin: { run: { dependsOn: [shop] } }\n')
  await call('apps.stop', { app: 'db' })
  await expect(call('apps.start', { app: 'db' })).rejects.toMatchObject({
    code: 'app-invalid',
    message: expect.stringContaining('db → shop → api → db') as string,
  })
})

test('an app that is to run whenever the daemon does is started with it', async () => {
  const first = await setup()
  await first.call('apps.add', { folder: write('shop', server, 'admin: { run: { autostart: true } }\n') })
  expect(await first.rowOf('shop')).toMatchObject({ state: 'stopped' })
  await first.end()
  const second = await setup()
  endWith(second, 'shop')
  await second.apps.startUnasked()
  expect(await second.rowOf('shop')).toMatchObject({ state: 'running' })
})

test('a running app cannot be removed, a stopped one is forgotten and its folder is not touched', async () => {
  const daemon = await setup()
  const { call } = daemon
  const path = write('shop', server)
  await call('apps.add', { folder: path })
  await call('apps.start', { app: 'shop' })
  endWith(daemon, 'shop')
  await expect(call('apps.remove', { app: 'shop' })).rejects.toMatchObject({ code: 'conflict' })
  await call('apps.stop', { app: 'shop' })
  await call('apps.remove', { app: 'shop' })
  expect((await call('apps.list', {})).rows).toEqual([])
  await call('apps.add', { folder: path })
})

test('a folder without an app, and a name that nobody has, are told', async () => {
  const { call } = await setup()
  await expect(call('apps.add', { folder })).rejects.toMatchObject({ code: 'not-found' })
  await expect(call('apps.start', { app: 'nobody' })).rejects.toMatchObject({ code: 'not-found' })
})
