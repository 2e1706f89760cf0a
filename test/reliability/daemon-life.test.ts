import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { statePaths } from '#base/state-paths.ts'
import { connectLocal } from '#client/connect.ts'
import { launch } from '#client/launch.ts'
import { openSocket } from '#client/transport.ts'
import type { Failure } from '#base/failure.ts'
import { daemonScript, startDaemon, temporaryHome } from '../support/daemon.ts'
import { until } from '../support/door.ts'
import { figure, full, scale } from '../support/scale.ts'

const launcher = { runtime: process.execPath, script: daemonScript }
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function endWith(home: string): Promise<void> {
  const client = connectLocal({ home, client: 'test/0', launcher: null }, 'once')
  const { pid } = await client.call('daemon.status', {})
  await client.call('daemon.stop', {})
  await client.dispose()
  await until('the daemon to end', () => !alive(pid))
  rmSync(home, { recursive: true, force: true })
}

test(
  'R13: of eight daemons started at once one runs, and after its death another takes over',
  async () => {
    let slowest = 0
    const races = scale(10, 200)
    for (let race = 0; race < races; race++) {
      const home = temporaryHome()
      const children = Array.from({ length: 8 }, () =>
        spawn(process.execPath, [daemonScript, 'run'], {
          env: { ...process.env, QUANTUM_ADMIN_HOME: home },
          stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        }),
      )
      const reports = await Promise.all(
        children.map(async (child) => {
          const [message] = (await once(child, 'message')) as [{ state: string }]
          return message.state
        }),
      )
      expect(reports.toSorted()).toEqual([...Array.from({ length: 7 }, () => 'already-running'), 'ready'])
      const winner = children[reports.indexOf('ready')]
      const losers = children.filter((child) => child !== winner)
      await Promise.all(losers.map(async (child) => child.exitCode ?? once(child, 'exit')))
      const { pid } = JSON.parse(readFileSync(statePaths(home).daemonFile, 'utf8')) as { pid: number }
      expect(pid).toBe(winner?.pid)
      const before = performance.now()
      winner?.kill('SIGKILL')
      const clients = Array.from({ length: 3 }, () =>
        connectLocal({ home, client: 'test/0', launcher }, 'once'),
      )
      const pids = await Promise.all(
        clients.map(async (client) => (await client.call('daemon.status', {})).pid),
      )
      slowest = Math.max(slowest, performance.now() - before)
      expect(new Set(pids).size).toBe(1)
      expect(pids[0]).not.toBe(pid)
      for (const client of clients) await client.dispose()
      await endWith(home)
    }
    figure(
      'R13',
      `${races} races of 8: 0 double, 0 none; slowest takeover after kill ${Math.round(slowest)} ms`,
    )
    if (full) expect(slowest).toBeLessThan(1000)
  },
  scale(60_000, 900_000),
)

test('a daemon that was killed leaves a socket and a token behind, and the next one does not mind', async () => {
  const first = await startDaemon()
  const { socket } = first.describe()
  const token = first.token()
  await first.kill()
  expect(existsSync(socket)).toBe(true)
  writeFileSync(path.join(first.home, 'token.0123456789ab.tmp'), 'half')
  const second = await startDaemon({ home: first.home })
  expect(second.token()).not.toBe(token)
  expect(existsSync(path.join(first.home, 'token.0123456789ab.tmp'))).toBe(false)
  const old = openSocket({ socket, token, client: 'test/0' }, new AbortController().signal)
  await expect(old).rejects.toMatchObject({ code: 'unauthenticated' })
  await second.stop()
})

test('a daemon that stops takes its socket, token and description with it', async () => {
  const daemon = await startDaemon()
  const paths = statePaths(daemon.home)
  const { socket } = daemon.describe()
  daemon.process.kill('SIGTERM')
  await once(daemon.process, 'exit')
  expect([socket, paths.token, paths.daemonFile].filter((file) => existsSync(file))).toEqual([])
  rmSync(daemon.home, { recursive: true, force: true })
})

test('stopping is answered, recorded, and over soon although a client does not hang up', async () => {
  const daemon = await startDaemon()
  const { socket } = daemon.describe()
  const deaf = await openSocket(
    { socket, token: daemon.token(), client: 'test/0' },
    new AbortController().signal,
  )
  const client = daemon.client()
  const before = performance.now()
  await expect(client.call('daemon.stop', {})).resolves.toBeNull()
  await until('the daemon to end', () => daemon.process.exitCode !== null)
  const took = performance.now() - before
  expect(daemon.process.exitCode).toBe(0)
  if (full) expect(took).toBeLessThan(2000)
  deaf.socket.terminate()
  await client.dispose()
  const next = await startDaemon({ home: daemon.home })
  const reader = next.client()
  const { entries } = await reader.call('audit.list', { action: 'stop' })
  expect(entries.map(({ outcome }) => outcome)).toEqual(['ok'])
  await reader.dispose()
  await next.stop()
})

test('why a start fails reaches whoever launched it, in code and words, every time', async () => {
  const home = temporaryHome()
  const { store } = statePaths(home)
  const attempt = () => launch(launcher, home).then(String, (error: unknown) => (error as Failure).code)
  const times = Array.from({ length: scale(8, 50) })
  writeFileSync(store, 'this is not a database, and it is longer than a header '.repeat(200), { mode: 0o600 })
  for (const _ of times) expect(await attempt()).toBe('store-damaged')
  expect(existsSync(store)).toBe(false)
  rmSync(home, { recursive: true, force: true })
  writeFileSync(home, '')
  const together = await Promise.all(times.map(() => attempt()))
  expect(new Set(together)).toEqual(new Set(['unsafe-state-folder']))
  rmSync(home)
  await expect(launch({ runtime: '/nowhere/node', script: daemonScript }, home)).rejects.toMatchObject({
    code: 'daemon-unreachable',
  })
  await expect(launch({ runtime: process.execPath, script: '/nowhere.cjs' }, home)).rejects.toMatchObject({
    code: 'daemon-unreachable',
  })
  rmSync(home, { recursive: true, force: true })
})

test('a client that is early learns why the daemon cannot serve it', async () => {
  const home = `${temporaryHome()}-ação-é-ü-${'ñ'.repeat(30)}`
  const { store } = statePaths(home)
  const first = await startDaemon({ home })
  await first.kill()
  const codes: string[] = []
  for (let i = 0; i < 10; i++) {
    for (const suffix of ['-wal', '-shm']) rmSync(`${store}${suffix}`, { force: true })
    writeFileSync(store, 'not a database '.repeat(1000), { mode: 0o600 })
    const child = spawn(process.execPath, [daemonScript, 'run'], {
      env: { ...process.env, QUANTUM_ADMIN_HOME: home },
      stdio: 'ignore',
    })
    const ended = once(child, 'exit')
    const before = performance.now()
    const client = connectLocal({ home, client: 'test/0', launcher: null }, 'keep')
    const knock = setInterval(() => client.reconnect(), 5)
    const call = client.call('daemon.status', {}).then(
      () => 'served',
      (error: unknown) => (error as Failure).code,
    )
    const [code] = (await ended) as [number]
    expect(code).toBe(1)
    if (full) expect(performance.now() - before).toBeLessThan(3000)
    // It was early enough to be told, or came when nobody was there.
    await Promise.race([call, sleep(50)])
    clearInterval(knock)
    await client.dispose()
    codes.push(await call)
  }
  expect(codes).toContain('store-damaged')
  expect(codes.filter((code) => code !== 'store-damaged' && code !== 'daemon-unreachable')).toEqual([])
  rmSync(home, { recursive: true, force: true })
})

test('a daemon that nobody uses ends by itself, and one with a client does not', async () => {
  const env = { QUANTUM_ADMIN_IDLE_SECONDS: '0.4' }
  const used = await startDaemon({ env })
  const client = used.client()
  await client.call('leases.allocate', { name: 'shop' })
  await sleep(1200)
  expect(used.process.exitCode).toBeNull()
  await client.dispose()
  await until('the idle daemon to end', () => used.process.exitCode !== null)
  expect(used.process.exitCode).toBe(0)
  const next = await startDaemon({ home: used.home })
  const reader = next.client()
  expect((await reader.call('leases.list', {})).rows.map(({ name }) => name)).toEqual(['shop'])
  await reader.dispose()
  await next.stop()
})

test('after kill -9 and restart the same client goes on, and its subscriptions with it', async () => {
  const first = await startDaemon()
  const client = connectLocal({ home: first.home, client: 'test/0', launcher: null })
  const topics: string[] = []
  client.watch(['leases'], ({ topic }) => topics.push(topic))
  await client.call('leases.allocate', { name: 'one' })
  await until('the first change', () => topics.length > 0)
  await first.kill()
  await until('the loss to be noticed', () => client.state.state === 'waiting')
  const second = await startDaemon({ home: first.home })
  expect((await client.call('daemon.status', {})).pid).toBe(second.process.pid)
  await sleep(100)
  topics.length = 0
  await client.call('leases.allocate', { name: 'two' })
  await until('a change told by the second daemon', () => topics.length > 0)
  await client.dispose()
  await second.stop()
})

test('clients that find no daemon start one between them', async () => {
  const home = temporaryHome()
  const clients = Array.from({ length: 10 }, () => connectLocal({ home, client: 'test/0', launcher }, 'once'))
  const pids = await Promise.all(clients.map(async (client) => (await client.call('daemon.status', {})).pid))
  expect(new Set(pids).size).toBe(1)
  for (const client of clients) await client.dispose()
  await endWith(home)
})

test('a daemon short of file descriptors turns new clients away and keeps the ones it has', async () => {
  const runtime = ['/bin/sh', '-c', 'ulimit -n 80; exec "$0" "$@"', process.execPath]
  const daemon = await startDaemon({ runtime })
  const { socket } = daemon.describe()
  const token = daemon.token()
  const client = daemon.client()
  await client.call('daemon.status', {})
  const crowd = await Promise.allSettled(
    Array.from({ length: 150 }, () =>
      openSocket({ socket, token, client: 'test/0' }, AbortSignal.timeout(3000)),
    ),
  )
  const opened = crowd.flatMap((one) => (one.status === 'fulfilled' ? [one.value.socket] : []))
  expect(opened.length).toBeLessThan(150)
  await expect(client.call('daemon.status', {})).resolves.toMatchObject({ pid: daemon.process.pid })
  for (const one of opened) one.terminate()
  await sleep(200)
  const late = daemon.client()
  await expect(late.call('daemon.status', {})).resolves.toMatchObject({ state: 'running' })
  await Promise.all([client.dispose(), late.dispose()])
  await daemon.stop()
})
