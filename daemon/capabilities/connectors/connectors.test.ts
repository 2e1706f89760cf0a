import Sqlite from 'better-sqlite3'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { datasourceIn, setupConnectors, useWorld } from './connectors.fixture.ts'

const world = useWorld()
const datasource = datasourceIn(world)
const setup = (command?: readonly string[]) => setupConnectors(world, command)

/** A server of the test's own. @returns its port. */
async function serve(onConnection: (socket: Socket) => void): Promise<{ port: number; server: Server }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
    onConnection(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  world.life.onDispose(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return { port: address !== null && typeof address === 'object' ? address.port : 0, server }
}

function makeDatabase(name: string): string {
  const file = join(world.folder, name)
  const sqlite = new Sqlite(file)
  sqlite.exec('create table t (x)')
  sqlite.close()
  return file
}

test('an app has the datasources of its file, a person those that were added, and nothing is tested', async () => {
  world.datasources = [
    datasource('main', { host: '${DB_HOST:-db.test}', port: '${DB_PORT}', database: 'shop', user: 'ana' }),
    datasource('local', { driver: 'sqlite', database: 'data/shop.db' }),
    datasource('old', { driver: 'mysql' }),
  ]
  world.variables = { DB_PORT: '5433' }
  const { call } = await setup()
  await call('connectors.add', { name: 'cache', url: 'rediss://ana@[::1]:6380/2' })
  await call('connectors.add', { name: 'api', url: 'https://api.test/health?verbose=1' })
  const { rows } = await call('connectors.list', {})
  expect(rows.map(({ app, name, address, status }) => [app, name, address, status])).toEqual([
    ['shop', 'main', 'postgresql://ana@db.test:5433/shop', 'unknown'],
    ['shop', 'local', `sqlite:${join(world.folder, 'data/shop.db')}`, 'unknown'],
    ['shop', 'old', 'mysql://localhost:3306', 'unknown'],
    [null, 'api', 'https://api.test:443/health', 'unknown'],
    [null, 'cache', 'rediss://ana@[::1]:6380/2', 'unknown'],
  ])
})

test('a test is kept with its time over the next start, and forgotten when what was tested is another', async () => {
  makeDatabase('shop.db')
  world.datasources = [datasource('local', { driver: 'sqlite', database: 'shop.db' })]
  const first = await setup()
  const tested = await first.call('connectors.test', { name: 'local', app: 'shop' })
  expect(tested).toMatchObject({ status: 'connected', fault: null, reason: null })
  expect(tested.version).toMatch(/^SQLite 3\.\d/)
  expect(Date.now() - Date.parse(tested.testedAt ?? '')).toBeLessThan(60_000)
  await first.end()
  const { call } = await setup()
  expect((await call('connectors.list', {})).rows).toEqual([tested])
  world.datasources = [datasource('local', { driver: 'sqlite', database: 'other.db' })]
  expect((await call('connectors.list', {})).rows).toMatchObject([
    { status: 'unknown', testedAt: null, version: null },
  ])
})

test('a secret that was changed, and a password in the file, make a test one of something else', async () => {
  const { port } = await serve((socket) => socket.end())
  world.secrets.set('db', { value: 'one', changedAt: '2026-01-01T00:00:00.000Z' })
  world.datasources = [
    datasource('kept', { host: '127.0.0.1', port: String(port), password: 'secret:db' }),
    datasource('literal', { host: '127.0.0.1', port: String(port), password: 'one' }),
  ]
  const { call } = await setup()
  for (const name of ['kept', 'literal'])
    await call('connectors.test', { name, app: 'shop', timeoutMs: 2000 })
  const statuses = async () => (await call('connectors.list', {})).rows.map(({ status }) => status)
  expect(await statuses()).toEqual(['error', 'error'])
  world.secrets.set('db', { value: 'two', changedAt: '2026-01-02T00:00:00.000Z' })
  expect(await statuses()).toEqual(['unknown', 'error'])
  world.datasources = world.datasources.map((one) =>
    one.name === 'literal' ? { ...one, password: 'two' } : one,
  )
  expect(await statuses()).toEqual(['unknown', 'unknown'])
})

test('what keeps a connector from being tested is said without connecting', async () => {
  world.datasources = [
    datasource('variable', { host: '${NO_SUCH_HOST}' }),
    datasource('password', { password: '${NO_SUCH_PASSWORD}' }),
    datasource('secret', { password: 'secret:nothing' }),
    datasource('port', { port: '99999' }),
    datasource('file', { driver: 'sqlite' }),
  ]
  const { call } = await setup()
  const reasons = await Promise.all(
    world.datasources.map(async ({ name }) => {
      const { status, fault, reason } = await call('connectors.test', { name, app: 'shop' })
      expect([status, fault]).toEqual(['error', 'misconfigured'])
      return reason
    }),
  )
  expect(reasons).toEqual([
    expect.stringContaining('the variable NO_SUCH_HOST is not set'),
    expect.stringContaining('the variable NO_SUCH_PASSWORD is not set'),
    expect.stringContaining('There is no secret nothing'),
    'port: expected a number from 1 to 65535',
    'database: expected the path of a file',
  ])
})

test('nobody there, and somebody who hangs up, are told apart, with who it is', async () => {
  const { port, server } = await serve((socket) => socket.destroy())
  const { call } = await setup()
  await call('connectors.add', { name: 'cache', url: `redis://127.0.0.1:${port}` })
  expect(await call('connectors.test', { name: 'cache' })).toMatchObject({
    status: 'error',
    fault: 'closed',
    reason: `127.0.0.1:${port} closed the connection without an answer; somebody (port ${port}) listens there`,
  })
  server.close()
  await once(server, 'close')
  expect(await call('connectors.test', { name: 'cache' })).toMatchObject({
    status: 'disconnected',
    fault: 'nothing-listens',
    reason: `Nothing listens on 127.0.0.1:${port}`,
    advice: 'Start the server, or correct host and port.',
  })
})

test("an app's file cannot send us to a cloud's own addresses", async () => {
  const hosts = [
    '169.254.169.254',
    '0xa9fea9fe',
    '2852039166',
    '[::ffff:169.254.169.254]',
    'metadata.google.internal',
  ]
  world.datasources = hosts.map((host, index) =>
    datasource(`m${index}`, {
      host: host.replace(/[[\]]/g, ''),
      port: '80',
      driver: index % 2 === 0 ? 'postgresql' : 'mysql',
    }),
  )
  const { call } = await setup()
  for (const { name } of world.datasources)
    expect(await call('connectors.test', { name, app: 'shop', timeoutMs: 3000 })).toMatchObject({
      status: 'error',
      fault: 'address-refused',
    })
})

test("only what an app's file names is guarded", async () => {
  // It sends nothing anywhere: it says what it was told.
  const code =
    "process.once('message', ({ guarded }) => process.send({ ok: true, latencyMs: 1, version: `${guarded}` }))"
  world.datasources = [datasource('main', {})]
  const { call } = await setup([process.execPath, '-e', code])
  await call('connectors.add', { name: 'own', url: 'http://169.254.169.254/' })
  const tested = [
    await call('connectors.test', { name: 'main', app: 'shop' }),
    await call('connectors.test', { name: 'own' }),
  ]
  expect(tested.map(({ version }) => version)).toEqual(['true', 'false'])
})

test('passwords are in no row, no detail, no file of ours and no record, wherever they come from', async () => {
  const canaries = ['literal-canary-1', 'secret-canary-2', 'variable-canary-3']
  const { port } = await serve((socket) => socket.end('HTTP/1.1 200 OK\r\nServer: literal-canary-1\r\n\r\n'))
  world.secrets.set('db', { value: 'secret-canary-2', changedAt: '2026-01-01T00:00:00.000Z' })
  world.variables = { DB_PASSWORD: 'variable-canary-3' }
  const there = { host: '127.0.0.1', port: String(port) }
  world.datasources = [
    datasource('literal', { ...there, password: 'literal-canary-1' }),
    datasource('secret', { ...there, password: 'secret:db' }),
    datasource('variable', { ...there, password: '${DB_PASSWORD}' }),
  ]
  const { call, records, end } = await setup()
  const said: unknown[] = []
  for (const { name } of world.datasources) {
    said.push(await call('connectors.test', { name, app: 'shop', timeoutMs: 2000 }))
    said.push(await call('connectors.show', { name, app: 'shop' }))
  }
  said.push(await call('connectors.list', {}), records)
  await end()
  const files = readdirSync(world.folder).map((name) => readFileSync(join(world.folder, name), 'latin1'))
  for (const canary of canaries) {
    expect(JSON.stringify(said)).not.toContain(canary)
    expect(files.some((text) => text.includes(canary))).toBe(false)
  }
  const sources = said.filter((one) => typeof one === 'object' && one !== null && 'password' in one)
  expect(sources).toMatchObject([
    { password: 'the file itself' },
    { password: 'secret:db' },
    { password: '${DB_PASSWORD}' },
  ])
})

test('what a server calls itself is shown without the password that it was given', async () => {
  const { port } = await serve((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nServer: from-the-environment\r\n\r\n'))
  })
  const { call } = await setup()
  await call('connectors.add', {
    name: 'api',
    url: `http://ana@127.0.0.1:${port}/`,
    password: '${CACHE_PASSWORD}',
  })
  expect(await call('connectors.test', { name: 'api' })).toMatchObject({ version: '***, HTTP 200' })
})

test('a test that nobody waits for any more is ended with its process and connection', async () => {
  const closed = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  const { port } = await serve((socket) => {
    opened.resolve()
    // Whoever does not read what came does not see the end of it.
    socket.resume().once('close', () => closed.resolve())
  })
  const { call, as, records } = await setup()
  await call('connectors.add', { name: 'slow', url: `postgresql://ana@127.0.0.1:${port}/shop` })
  const controller = new AbortController()
  const testing = as('operator', { signal: controller.signal })('connectors.test', { name: 'slow' })
  await opened.promise
  controller.abort()
  await expect(testing).rejects.toMatchObject({ code: 'cancelled' })
  await closed.promise
  expect(records.at(-1)).toMatchObject({ outcome: 'failed', errorCode: 'cancelled' })
  expect((await call('connectors.list', {})).rows).toMatchObject([{ status: 'unknown' }])
})

test('at most four are tested at once, and all of them in the end', async () => {
  let [open, most] = [0, 0]
  const { port } = await serve((socket) => {
    most = Math.max(most, ++open)
    void wait(100).then(() => {
      open--
      socket.destroy()
    })
  })
  const { call } = await setup()
  const names = Array.from({ length: 10 }, (_, index) => `c${index}`)
  for (const name of names) await call('connectors.add', { name, url: `mysql://ana@127.0.0.1:${port}/shop` })
  const rows = await Promise.all(names.map((name) => call('connectors.test', { name })))
  expect(rows.map(({ fault }) => fault)).toEqual(names.map(() => 'closed'))
  expect(most).toBeLessThanOrEqual(4)
})

test('a server that takes the connection and says nothing is given its time, and no more', async () => {
  const { port } = await serve((socket) => void socket.resume())
  const { call } = await setup()
  await call('connectors.add', { name: 'mute', url: `mysql://ana@127.0.0.1:${port}/shop` })
  expect(await call('connectors.test', { name: 'mute', timeoutMs: 300 })).toMatchObject({
    status: 'error',
    fault: 'silent',
    reason: expect.stringContaining('then said nothing for 0.3 s') as string,
  })
})

test('a password given itself, a taken name, TLS against the address: refused', async () => {
  const { call, as } = await setup()
  const add = (params: object) => call('connectors.add', { name: 'a', url: 'redis://x.test', ...params })
  await expect(add({ password: 'hunter2' })).rejects.toMatchObject({ code: 'invalid-params' })
  await expect(add({ url: 'https://x.test', tls: 'off' })).rejects.toMatchObject({ code: 'invalid-params' })
  await expect(add({ url: 'http://x.test', tls: 'on' })).rejects.toMatchObject({ code: 'invalid-params' })
  await expect(add({ ca: 'no certificate' })).rejects.toMatchObject({ code: 'invalid-params' })
  await add({})
  await expect(add({})).rejects.toMatchObject({ code: 'conflict' })
  const denied = { code: 'forbidden' }
  await expect(as('operator')('connectors.add', { name: 'b', url: 'redis://x.test' })).rejects.toMatchObject(
    denied,
  )
  await expect(as('viewer')('connectors.test', { name: 'a' })).rejects.toMatchObject(denied)
})

test('a connector that was removed is gone with its test, and those of apps cannot be removed', async () => {
  world.datasources = [datasource('main', {})]
  const { call } = await setup()
  await call('connectors.add', { name: 'a', url: 'redis://127.0.0.1:1' })
  await call('connectors.test', { name: 'a' })
  await call('connectors.remove', { name: 'a' })
  await call('connectors.add', { name: 'a', url: 'redis://127.0.0.1:1' })
  expect((await call('connectors.list', {})).rows.map(({ status }) => status)).toEqual(['unknown', 'unknown'])
  await expect(call('connectors.remove', { name: 'main' })).rejects.toMatchObject({ code: 'not-found' })
  await expect(call('connectors.test', { name: 'main' })).rejects.toMatchObject({ code: 'not-found' })
})

test('whoever watches hears of tests, and equal revisions mean equal rows', async () => {
  const { call, connectors } = await setup()
  const heard: string[] = []
  world.life.own(connectors.changed.on(() => heard.push(connectors.revision)))
  await call('connectors.add', { name: 'a', url: 'redis://127.0.0.1:1' })
  await call('connectors.test', { name: 'a' })
  expect(new Set(heard).size).toBe(2)
  const [first, second] = [await call('connectors.list', {}), await call('connectors.list', {})]
  expect(second).toEqual(first)
  world.variables = { X: 'y' }
  world.datasources = [datasource('new', {})]
  expect((await call('connectors.list', {})).revision).not.toBe(first.revision)
})

test('a connector says where it is configured, and whoever watches hears when that moves', async () => {
  world.datasources = [datasource('main', {})]
  const { call, connectors } = await setup()
  await call('connectors.add', { name: 'cache', url: 'redis://127.0.0.1:1' })
  const places = async () => (await call('connectors.list', {})).rows.map(({ file, line }) => [file, line])
  const file = join(world.folder, 'quantum.config.yaml')
  expect(await places()).toEqual([
    [file, 3],
    [null, null],
  ])
  const heard: string[] = []
  world.life.own(connectors.changed.on(() => heard.push(connectors.revision)))
  world.datasources = [datasource('main', { line: 5 })]
  await connectors.look()
  expect(heard).toHaveLength(1)
  expect(await places()).toEqual([
    [file, 5],
    [null, null],
  ])
})

test('whoever watches hears of what the list of somebody else has found first', async () => {
  const { call, connectors } = await setup()
  const heard: string[] = []
  world.life.own(connectors.changed.on(() => heard.push(connectors.revision)))
  world.datasources = [datasource('main', {})]
  const { revision } = await call('connectors.list', {})
  await connectors.look()
  expect(heard).toEqual([revision])
})

test('a look that takes long undoes nothing of what a later one has seen', async () => {
  const { connectors } = await setup()
  const held = Promise.withResolvers<void>()
  world.datasources = [datasource('before', {})]
  world.reading = held.promise
  const early = connectors.list()
  world.datasources = [datasource('now', {})]
  world.reading = Promise.resolve()
  const late = await connectors.list()
  held.resolve()
  expect(late.rows.map(({ name }) => name)).toEqual(['now'])
  expect(await early).toEqual(late)
})

test('a connector that is removed while it is tested leaves no test behind', async () => {
  const opened = Promise.withResolvers<Socket>()
  const { port } = await serve((socket) => opened.resolve(socket.resume()))
  const { call } = await setup()
  const slow = { name: 'slow', url: `mysql://ana@127.0.0.1:${port}/shop` }
  await call('connectors.add', slow)
  const testing = call('connectors.test', { name: 'slow' })
  const refused = expect(testing).rejects.toMatchObject({ code: 'not-found' })
  const socket = await opened.promise
  await call('connectors.remove', { name: 'slow' })
  socket.destroy()
  await refused
  await call('connectors.add', slow)
  expect((await call('connectors.list', {})).rows).toMatchObject([{ status: 'unknown' }])
})
