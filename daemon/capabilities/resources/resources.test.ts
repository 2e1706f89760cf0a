import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AuditTarget } from '#contract/method.ts'
import type { Topic } from '#contract/system.ts'
import { systemClock } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import { Lifetime } from '#base/lifetime.ts'
import { DockerEngine, localSurroundings } from '../../adapters/docker/docker-engine.ts'
import { SimpleGitAdapter } from '../../adapters/git/simple-git.ts'
import { LinuxHost } from '../../adapters/host/linux-host.ts'
import { callsAs } from '../../kernel/call.fixture.ts'
import { createExecutor, type Handlers, type Outcome } from '../../kernel/execute.ts'
import { resourcesHandlers } from './resources-handlers.ts'
import { ResourcesService } from './resources-service.ts'

let life = new Lifetime()
let folder = ''
beforeEach(() => {
  life = new Lifetime()
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'qa-resources-')))
  life.onDispose(() => rmSync(folder, { recursive: true, force: true }))
})
afterEach(() => life.dispose())

function setup() {
  const watched = new Set<Topic>()
  const watchedChanged = new Emitter<Topic>()
  const trail: { target: AuditTarget; outcome?: Outcome }[] = []
  const reports: unknown[] = []
  const resources = life.own(
    new ResourcesService({
      host: new LinuxHost({ clock: systemClock }),
      engine: life.own(
        new DockerEngine({ surroundings: { ...localSurroundings(), env: {}, exists: () => false } }),
      ),
      git: new SimpleGitAdapter({ clock: systemClock }),
      clock: systemClock,
      instance: 'test',
      leaseOf: () => null,
      appOf: () => null,
      appOfFolder: () => null,
      startedBy: () => Promise.resolve(null),
      watched: (topic) => watched.has(topic),
      watchedChanged,
      report: (error) => reports.push(error),
    }),
  )
  // The other capabilities' methods are not called here.
  const handlers = resourcesHandlers(resources) as Handlers
  const execute = createExecutor({
    handlers,
    clock: systemClock,
    trail: {
      intent: async (_actor, target) => trail.push({ target }),
      outcome: async (sequence, outcome) => void Object.assign(trail[sequence - 1] ?? {}, { outcome }),
      record: async () => undefined,
    },
  })
  const call = callsAs(execute, 'operator')
  const watch = (...topics: Topic[]) => {
    for (const topic of topics) {
      watched.add(topic)
      watchedChanged.emit(topic)
    }
  }
  return { call, watch, trail, resources, reports }
}

interface Listener {
  readonly child: ChildProcess
  readonly pid: number
  readonly port: number
}

/** A process of its own that listens on a free port of loopback; `more` is the rest of its program. */
async function listener(
  options: { more?: string; cwd?: string; port?: number; args?: string[] } = {},
): Promise<Listener> {
  const program = `require('net').createServer().listen(${options.port ?? 0}, '127.0.0.1', function () {
    ${options.more ?? ''}; process.send(this.address().port) })`
  const child = spawn(process.execPath, ['-e', program, ...(options.args ?? [])], {
    cwd: options.cwd ?? folder,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  life.onDispose(async () => {
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL'))
      await once(child, 'exit')
  })
  const [port] = (await once(child, 'message')) as [number]
  child.disconnect()
  if (child.pid === undefined) throw new Error('The listener did not start')
  return { child, pid: child.pid, port }
}

const holdersOf = async ({ call }: Pick<ReturnType<typeof setup>, 'call'>, port: number) => {
  const { rows } = await call('ports.list', {})
  return rows
    .filter((row) => row.port === port)
    .map(({ pid, startedAt }) => ({ pid: pid ?? 0, startedAt: startedAt ?? '' }))
}

test('a port that was opened just now is listed at once with its process and folder, and gone once closed', async () => {
  const { call } = setup()
  for (let round = 0; round < 5; round++) {
    const shop = await listener()
    const { rows } = await call('ports.list', {})
    expect(rows.find((row) => row.port === shop.port)).toMatchObject({
      protocol: 'tcp',
      family: 'ipv4',
      address: '127.0.0.1',
      pid: shop.pid,
      pids: [shop.pid],
      cwd: folder,
      container: null,
      app: null,
      lease: null,
      dualStack: false,
    })
    shop.child.kill('SIGKILL')
    await once(shop.child, 'exit')
    const after = await call('ports.list', {})
    expect(after.rows.some((row) => row.pid === shop.pid)).toBe(false)
  }
})

test('equal revisions mean equal rows, and what opens gives a new one', async () => {
  const { call } = setup()
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const before = await call('ports.list', {})
  const again = await call('ports.list', {})
  if (again.revision === before.revision) expect(again.rows).toEqual(before.rows)
  const shop = await listener()
  const after = await call('ports.list', {})
  expect(after.revision).not.toBe(again.revision)
  expect(after.revision).toMatch(/^test\.\d+$/)
  expect(after.rows.some(({ port }) => port === shop.port)).toBe(true)
  server.close()
})

test('while watched, an opened port is announced without anybody asking', async () => {
  const { resources, watch, call } = setup()
  await call('ports.list', {})
  resources.start()
  watch('ports')
  const shop = await listener()
  const deadline = systemClock.monotonic() + 20_000
  while (!resources.lastPorts.some(({ port }) => port === shop.port)) {
    expect(systemClock.monotonic()).toBeLessThan(deadline)
    await wait(10)
  }
})

test('a process is listed with its ports, its parent and its use of memory', async () => {
  const { call } = setup()
  const shop = await listener()
  const { rows } = await call('processes.list', {})
  const row = rows.find(({ pid }) => pid === shop.pid)
  expect(row).toMatchObject({
    ppid: process.pid,
    ports: [shop.port],
    cwd: folder,
    kind: 'other',
    container: null,
  })
  expect(row?.memoryBytes).toBeGreaterThan(1_000_000)
  expect(await call('processes.show', { pid: shop.pid })).toMatchObject({ pid: shop.pid, name: row?.name })
})

test('CPU use comes from two looks', async () => {
  const { call } = setup()
  const busy = await listener({
    more: 'setInterval(() => { const until = Date.now() + 90; while (Date.now() < until); }, 100)',
  })
  const cpuOf = async () => (await call('processes.show', { pid: busy.pid })).cpuPercent
  await cpuOf()
  await wait(1500)
  expect(await cpuOf()).toBeGreaterThan(5)
})

test('a process of the framework is known by the pid file in its folder', async () => {
  const { call } = setup()
  const shop = await listener()
  writeFileSync(join(folder, '.quantum.pid'), `${shop.pid} 1700000000\n`)
  expect((await call('processes.show', { pid: shop.pid })).kind).toBe('quantum')
})

test('a pid that is no process is not found', async () => {
  const { call } = setup()
  await expect(call('processes.show', { pid: 2 ** 31 - 1 })).rejects.toMatchObject({ code: 'not-found' })
})

test('who tells ancestors up to pid 1 and the worktree of the folder', async () => {
  const { call } = setup()
  const shop = join(folder, 'shop')
  mkdirSync(shop)
  for (const args of [['init', '-q', '-b', 'main', shop]]) await once(spawn('git', args), 'exit')
  const holder = await listener({ cwd: shop })
  const who = await call('ports.who', { port: holder.port })
  expect(who.rows).toHaveLength(1)
  expect(who.ancestors[0]?.pid).toBe(process.pid)
  expect(who.ancestors.at(-1)?.pid).toBe(1)
  expect(who.worktree).toEqual({ path: shop, branch: 'main', repository: shop })
  expect(who.audit).toBeNull()
})

test('nobody holds a port that is free', async () => {
  const { call } = setup()
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  const port = typeof address === 'object' && address !== null ? address.port : 0
  expect(await call('ports.who', { port })).toEqual({
    port,
    rows: [],
    ancestors: [],
    worktree: null,
    audit: null,
  })
})

test('freeing a port ends its holder with SIGTERM, and the trail tells whom', async () => {
  const { call, trail } = setup()
  const shop = await listener()
  const holders = await holdersOf({ call }, shop.port)
  const { stopped } = await call('ports.free', { port: shop.port, holders })
  expect(stopped).toEqual([{ pid: shop.pid, name: expect.any(String) as string, signal: 'SIGTERM' }])
  expect(trail).toHaveLength(1)
  expect(trail[0]?.outcome).toMatchObject({
    outcome: 'ok',
    details: { processes: [{ pid: shop.pid, signal: 'SIGTERM' }] },
  })
  expect(await holdersOf({ call }, shop.port)).toEqual([])
})

test('a holder that ignores SIGTERM is ended with SIGKILL after the grace', async () => {
  const { call } = setup()
  const stubborn = await listener({ more: "process.on('SIGTERM', () => {})" })
  const holders = await holdersOf({ call }, stubborn.port)
  const began = systemClock.monotonic()
  const { stopped } = await call('ports.free', { port: stubborn.port, holders })
  expect(stopped).toMatchObject([{ pid: stubborn.pid, signal: 'SIGKILL' }])
  expect(systemClock.monotonic() - began).toBeGreaterThan(4500)
})

test('with force a process gets SIGKILL at once', async () => {
  const { call } = setup()
  const shop = await listener()
  const { name, startedAt } = await call('processes.show', { pid: shop.pid })
  const params = { pid: shop.pid, startedAt: startedAt ?? '', name, force: true }
  expect(await call('processes.stop', params)).toMatchObject({ signal: 'SIGKILL' })
  await expect(call('processes.stop', params)).rejects.toMatchObject({ code: 'process-changed' })
})

test('a start time that is not the one of that pid stops nothing', async () => {
  const { call } = setup()
  const shop = await listener()
  const startedAt = '2020-01-01T00:00:00.000Z'
  const reused = { pid: shop.pid, startedAt }
  await expect(call('ports.free', { port: shop.port, holders: [reused] })).rejects.toMatchObject({
    code: 'process-changed',
  })
  await expect(call('processes.stop', { ...reused, name: 'node' })).rejects.toMatchObject({
    code: 'process-changed',
  })
  expect(await holdersOf({ call }, shop.port)).toHaveLength(1)
})

test('another holder by now, or one that holds the port no longer, stops nothing', async () => {
  const { call } = setup()
  const shop = await listener()
  const other = await listener()
  const [otherHolder] = await holdersOf({ call }, other.port)
  if (!otherHolder) throw new Error('The other listener is not listed')
  await expect(call('ports.free', { port: shop.port, holders: [otherHolder] })).rejects.toMatchObject({
    code: 'process-changed',
  })
  const both = [...(await holdersOf({ call }, shop.port)), otherHolder]
  await expect(call('ports.free', { port: shop.port, holders: both })).rejects.toMatchObject({
    code: 'process-changed',
  })
  expect(await holdersOf({ call }, shop.port)).toHaveLength(1)
  expect(await holdersOf({ call }, other.port)).toHaveLength(1)
})

test('a holder that has ended by itself needs no signal', async () => {
  const { call } = setup()
  const shop = await listener()
  const holders = await holdersOf({ call }, shop.port)
  shop.child.kill('SIGKILL')
  await once(shop.child, 'exit')
  expect(await call('ports.free', { port: shop.port, holders })).toEqual({
    stopped: [{ pid: shop.pid, name: '', signal: null }],
  })
})

test('this daemon, its parents and pid 1 are refused with the reason, and that is on the trail', async () => {
  const { call, trail } = setup()
  const { rows } = await call('processes.list', {})
  const refusals: [number, string][] = [
    [process.pid, 'is this daemon'],
    [process.ppid, 'keeps it alive'],
    [1, 'is pid 1'],
  ]
  for (const [pid, reason] of refusals) {
    const row = rows.find((process) => process.pid === pid)
    if (!row?.startedAt) throw new Error(`Pid ${pid} is not listed`)
    const params = { pid, startedAt: row.startedAt, name: row.name }
    await expect(call('processes.stop', params)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining(reason) as string,
    })
    expect(trail.at(-1)?.outcome).toMatchObject({ outcome: 'refused', errorCode: 'refused' })
  }
})

test('hostile names and arguments come through as data, bounded', async () => {
  const { call } = setup()
  const hostile = '\u001b[2J\u001b]0;owned\u0007\nline two\r\u202e'
  const named = await listener({
    more: `process.title = ${JSON.stringify(hostile)}`,
    args: [hostile, 'x'.repeat(100_000)],
  })
  const plain = await listener({ args: [hostile, 'x'.repeat(100_000)] })
  const { rows } = await call('ports.list', {})
  const command = rows.find(({ port }) => port === plain.port)?.command
  expect(command).toContain(hostile)
  expect(command?.length).toBe(4096)
  expect(rows.find(({ port }) => port === named.port)?.process).toBe(hostile.slice(0, 15))
})

test('without an engine containers are an empty list with the reason', async () => {
  const { call } = setup()
  const { rows, engine } = await call('containers.list', {})
  expect(rows).toEqual([])
  expect(engine).toMatchObject({ state: 'absent', reason: expect.any(String) as string })
})
