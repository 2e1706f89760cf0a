import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ContainerRow, PortRow } from '#contract/resources.ts'
import { isoTime, systemClock } from '#base/clock.ts'
import { Lifetime } from '#base/lifetime.ts'
import { probePort } from '../../adapters/host/bind-probe.ts'
import { environmentOf } from '../../adapters/host/environment.ts'
import { LinuxHost } from '../../adapters/host/linux-host.ts'
import { callsAs } from '../../kernel/call.fixture.ts'
import { createExecutor, type Handlers, type Outcome } from '../../kernel/execute.ts'
import { openStore } from '../../store/open.ts'
import { LeaseHolders } from './lease-holders.ts'
import { leasesHandlers } from './leases-handlers.ts'
import { LeasesService } from './leases-service.ts'
import { LeasesStore } from './leases-store.ts'

/** A stretch of ports below the ephemeral ones that no other run of this file uses at the same time. */
const base = 20_000 + (process.pid % 400) * 20
const webRange = [base, base + 3] as const
const appRange = [base + 4, base + 19] as const

let life = new Lifetime()
let folder = ''
beforeEach(() => {
  life = new Lifetime()
  folder = mkdtempSync(join(tmpdir(), 'qa-leases-'))
  life.onDispose(() => rmSync(folder, { recursive: true, force: true }))
})
afterEach(() => life.dispose())

/** A service on the store of this test's folder; called again it is the next start of the daemon. */
async function setup() {
  const run = life.own(new Lifetime())
  const store = run.own(await openStore({ file: join(folder, 'store.db') }))
  const host = new LinuxHost({ clock: systemClock })
  const looks = { count: 0 }
  const containers: ContainerRow[] = []
  const outcomes: Outcome[] = []
  const ports = async (): Promise<readonly PortRow[]> => {
    looks.count++
    const { sockets } = await host.sockets()
    return Promise.all(
      sockets.map(async ({ uid: _uid, ...socket }): Promise<PortRow> => {
        const holder = socket.pids[0] === undefined ? null : await host.process(socket.pids[0])
        const startedAt = holder?.startedAt ?? null
        return {
          ...socket,
          pid: holder?.pid ?? null,
          process: holder?.name ?? null,
          command: null,
          cwd: holder?.cwd ?? null,
          user: holder?.user ?? null,
          startedAt: startedAt === null ? null : isoTime(startedAt),
          container: null,
          app: null,
          lease: null,
        }
      }),
    )
  }
  const leases = run.own(
    new LeasesService({
      store: new LeasesStore(store),
      clock: systemClock,
      instance: 'test',
      ports,
      probe: probePort,
      range: (kind) => (kind === 'web' ? webRange : appRange),
      settingsPath: '/state/settings.json',
      holders: new LeaseHolders({ environmentOf, containers: () => containers, user: null }),
      report: (error) => {
        throw error
      },
    }),
  )
  await leases.open()
  const execute = createExecutor({
    // The other capabilities' methods are not called here.
    handlers: leasesHandlers(leases) as Handlers,
    clock: systemClock,
    trail: {
      intent: async () => 1,
      outcome: async (_sequence, outcome) => void outcomes.push(outcome),
      record: async () => undefined,
    },
  })
  const call = callsAs(execute, 'operator')
  return { call, leases, outcomes, looks, containers, end: () => run.dispose() }
}

async function listen(port: number, host = '127.0.0.1') {
  const server = createServer().listen({ port, host, ipv6Only: true })
  life.onDispose(() => new Promise<void>((resolve) => server.close(() => resolve())))
  await once(server, 'listening')
  return server
}

/** A process of its own that listens on a port with these variables in its environment. */
async function listener(port: number, environment: Record<string, string>): Promise<number> {
  const program = `require('net').createServer().listen(${port}, '127.0.0.1', () => process.send('up'))`
  const child = spawn(process.execPath, ['-e', program], {
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  life.onDispose(async () => {
    if (child.kill('SIGKILL')) await once(child, 'exit')
  })
  await once(child, 'message')
  child.disconnect()
  return child.pid ?? 0
}

test('a name gets a port of its kind, the same one each time it asks, and the trail tells which', async () => {
  const { call, outcomes } = await setup()
  const shop = await call('leases.allocate', { name: 'shop', kind: 'web' })
  expect(shop).toMatchObject({ name: 'shop', kind: 'web', port: webRange[0] })
  expect(await call('leases.allocate', { name: 'shop' })).toEqual(shop)
  expect(await call('leases.allocate', { name: 'shop', kind: 'web', port: shop.port })).toEqual(shop)
  expect(outcomes[0]).toMatchObject({ outcome: 'ok', details: { old: null, new: shop } })
  const other = await call('leases.allocate', { name: 'api' })
  expect(other).toMatchObject({ kind: 'app', port: appRange[0] })
})

test('the same name with another kind or port is a conflict, and so is a port leased to another', async () => {
  const { call } = await setup()
  const shop = await call('leases.allocate', { name: 'shop', kind: 'web' })
  const conflict = { code: 'conflict' }
  await expect(call('leases.allocate', { name: 'shop', kind: 'app' })).rejects.toMatchObject(conflict)
  await expect(call('leases.allocate', { name: 'shop', port: shop.port + 1 })).rejects.toMatchObject(conflict)
  await expect(call('leases.allocate', { name: 'api', port: shop.port })).rejects.toMatchObject({
    ...conflict,
    message: `Port ${shop.port} is leased to shop`,
  })
})

test('a fixed port may lie outside the range of its kind', async () => {
  const { call } = await setup()
  expect(await call('leases.allocate', { name: 'shop', kind: 'web', port: base + 10 })).toMatchObject({
    kind: 'web',
    port: base + 10,
  })
})

test('a used port is refused by the name of its user', async () => {
  const { call } = await setup()
  await listen(base + 10)
  await expect(call('leases.allocate', { name: 'shop', port: base + 10 })).rejects.toMatchObject({
    code: 'port-in-use',
    message: expect.stringContaining(`pid ${process.pid}`) as string,
  })
})

test('a port is passed over when it is taken on any family, over TCP or UDP', async () => {
  const { call } = await setup()
  await listen(base)
  await listen(base + 1, '::1')
  const udp = createSocket({ type: 'udp6', ipv6Only: true }).bind({ port: base + 2, address: '::1' })
  life.onDispose(() => new Promise<void>((resolve) => udp.close(() => resolve())))
  await once(udp, 'listening')
  expect(await call('leases.allocate', { name: 'shop', kind: 'web' })).toMatchObject({ port: base + 3 })
})

test('the probe finds a bound port on each family and protocol, and lets go of a free one', async () => {
  expect(await probePort(base + 12)).toBeNull()
  expect(await probePort(base + 12)).toBeNull()
  for (const host of ['127.0.0.1', '::1', '0.0.0.0', '::']) {
    const server = await listen(base + 12, host)
    expect(await probePort(base + 12)).toBe('in-use')
    server.close()
    await once(server, 'close')
    for (const type of ['udp4', 'udp6'] as const) {
      if (host.includes(':') !== (type === 'udp6')) continue
      const socket = createSocket({ type, ...(type === 'udp6' ? { ipv6Only: true } : {}) })
      socket.bind({ port: base + 12, address: host })
      await once(socket, 'listening')
      expect(await probePort(base + 12)).toBe('in-use')
      socket.close()
      await once(socket, 'close')
    }
  }
  expect(await probePort(base + 12)).toBeNull()
})

test('a full range is told by name and numbers, with how to widen it', async () => {
  const { call } = await setup()
  await listen(base + 1)
  for (const name of ['a', 'b', 'c']) await call('leases.allocate', { name, kind: 'web' })
  await expect(call('leases.allocate', { name: 'd', kind: 'web' })).rejects.toMatchObject({
    code: 'range-full',
    message: `All ports of the range web (${base}-${base + 3}) are taken: 3 leased, 1 in use`,
    hint: expect.stringContaining('/state/settings.json') as string,
  })
  await call('leases.release', { name: 'b' })
  expect(await call('leases.allocate', { name: 'd', kind: 'web' })).toMatchObject({ port: base + 2 })
})

test('many who ask at once get ports of their own after few looks at the machine', async () => {
  const { call, looks } = await setup()
  const names = Array.from({ length: appRange[1] - appRange[0] + 1 }, (_, index) => `app-${index}`)
  const given = await Promise.all([...names, ...names].map((name) => call('leases.allocate', { name })))
  expect(new Set(given.map(({ port }) => port)).size).toBe(names.length)
  expect(given.slice(0, names.length)).toEqual(given.slice(names.length))
  expect(looks.count).toBeLessThanOrEqual(2)
})

test('leases are there again after a new start', async () => {
  const first = await setup()
  const shop = await first.call('leases.allocate', { name: 'shop', kind: 'web' })
  const api = await first.call('leases.allocate', { name: 'api' })
  await first.call('leases.release', { name: 'api' })
  await first.end()
  const second = await setup()
  const { rows } = await second.call('leases.list', {})
  expect(rows).toEqual([{ ...shop, state: 'free', pid: null, process: null }])
  expect(second.leases.leaseOf(shop.port)).toBe('shop')
  expect(second.leases.leaseOf(api.port)).toBeNull()
})

test('a lease that is not there cannot be released', async () => {
  const { call } = await setup()
  await expect(call('leases.release', { name: 'shop' })).rejects.toMatchObject({ code: 'not-found' })
})

test('who runs on its lease is told from a stranger by its environment', async () => {
  const { call } = await setup()
  const named = await call('leases.allocate', { name: 'named' })
  const ported = await call('leases.allocate', { name: 'ported' })
  const taken = await call('leases.allocate', { name: 'taken' })
  const free = await call('leases.allocate', { name: 'free' })
  const pids = [
    await listener(named.port, { QUANTUM_ADMIN_LEASE: 'named' }),
    await listener(ported.port, { PORT: String(ported.port) }),
    await listener(taken.port, { QUANTUM_ADMIN_LEASE: 'named', PORT: '1', EXPORT: String(taken.port) }),
  ]
  const { rows } = await call('leases.list', {})
  expect(rows.map(({ name, state, pid }) => [name, state, pid])).toEqual([
    ['named', 'held', pids[0]],
    ['ported', 'held', pids[1]],
    ['taken', 'stranger', pids[2]],
    ['free', 'free', null],
  ])
  expect(rows.at(-1)).toMatchObject(free)
})

test('a stranger is announced with a new revision, and so is that it has gone', async () => {
  const { call, leases } = await setup()
  const shop = await call('leases.allocate', { name: 'shop' })
  const calm = await call('leases.list', {})
  const announced: string[] = []
  life.own(leases.changed.on(() => void announced.push(leases.revision)))
  const server = await listen(shop.port)
  const taken = await call('leases.list', {})
  expect(taken.rows).toMatchObject([{ name: 'shop', state: 'stranger', pid: process.pid }])
  expect(taken.revision).not.toBe(calm.revision)
  expect(announced).toEqual([taken.revision])
  server.close()
  await once(server, 'close')
  const after = await call('leases.list', {})
  expect(after.rows).toMatchObject([{ state: 'free' }])
  expect(announced).toEqual([taken.revision, after.revision])
})

test('revisions are equal exactly when what is shown is equal, also while leases are given', async () => {
  const { call } = await setup()
  const seen = new Map<string, unknown>()
  const look = async () => {
    const { revision, rows } = await call('leases.list', {})
    expect(seen.get(revision) ?? rows).toEqual(rows)
    seen.set(revision, rows)
  }
  await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      await look()
      await call('leases.allocate', { name: `app-${index}` })
      await look()
    }),
  )
  const last = await call('leases.list', {})
  expect(last.rows).toHaveLength(10)
})
