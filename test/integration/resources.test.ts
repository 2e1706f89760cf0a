import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '#client/client.ts'
import type { PortRow } from '#contract/resources.ts'
import type { Topic } from '#contract/system.ts'
import { Lifetime } from '#base/lifetime.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { startEngine, type TestEngine } from '../support/docker-engine.ts'
import { startDaemonAsNobody } from '../support/nobody.ts'
import { describeWithEngine } from '../support/with-engine.ts'

/** Ports of our own, below the ephemeral ones. */
const base = 31_200 + (process.pid % 60) * 20

describeWithEngine('resources of a machine with an engine', () => {
  const life = new Lifetime()
  let engine: TestEngine
  let daemon: TestDaemon
  let client: Client
  beforeAll(async () => {
    engine = await startEngine({ userlandProxy: true })
    life.onDispose(() => engine.stop())
    await engine.makeImage('shop')
    daemon = await startDaemon({ env: { DOCKER_HOST: `unix://${engine.socket}` } })
    life.onDispose(() => daemon.stop())
    client = life.own(daemon.client())
  })
  afterAll(() => life.dispose())

  const runContainer = async (...args: readonly string[]) =>
    (await engine.docker('run', '--detach', ...args, 'shop')).trim()

  const rowsOf = async (port: number): Promise<readonly PortRow[]> =>
    (await client.call('ports.list', {})).rows.filter((row) => row.port === port)

  const newest = async () => {
    const { entries } = await client.call('audit.list', { limit: 1 })
    return entries[0]
  }

  test('a container is listed with its labels, app, ports and processes', async () => {
    const label = 'com.docker.compose.project=store'
    const id = await runContainer('--name', 'shop-web', '--label', label, '--publish', `127.0.0.1:${base}:80`)
    const { rows, engine: status } = await client.call('containers.list', {})
    expect(status).toMatchObject({ state: 'connected', reason: null })
    expect(rows).toMatchObject([
      {
        id,
        name: 'shop-web',
        image: 'shop',
        state: 'running',
        app: 'store',
        labels: { 'com.docker.compose.project': 'store' },
        ports: [{ address: '127.0.0.1', hostPort: base, containerPort: 80, protocol: 'tcp' }],
      },
    ])
    const processes = (await client.call('processes.list', {})).rows.filter(
      ({ container }) => container?.id === id,
    )
    expect(processes.length).toBeGreaterThan(0)
    for (const row of processes)
      expect(row).toMatchObject({ kind: 'container', app: 'store', container: { name: 'shop-web' } })
    expect(await rowsOf(base)).toMatchObject([{ container: { id, name: 'shop-web' }, app: 'store' }])
    await engine.docker('rm', '--force', id)
    expect((await client.call('containers.list', {})).rows).toEqual([])
    expect(await rowsOf(base)).toEqual([])
  })

  test("a container's proxy is not killed: freeing its port is refused and names the container to stop", async () => {
    const id = await runContainer('--name', 'shop-proxy', '--publish', `127.0.0.1:${base + 1}:80`)
    const [row] = await rowsOf(base + 1)
    if (!row?.pid || !row.startedAt) throw new Error('The proxy is not listed')
    const holders = [{ pid: row.pid, startedAt: row.startedAt }]
    await expect(client.call('ports.free', { port: base + 1, holders })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('container shop-proxy') as string,
    })
    expect(await newest()).toMatchObject({ action: 'stop', outcome: 'refused', errorCode: 'refused' })
    expect(await rowsOf(base + 1)).toHaveLength(1)
    await client.call('containers.stop', { id, name: 'shop-proxy' })
    expect(await rowsOf(base + 1)).toEqual([])
    expect(await newest()).toMatchObject({
      action: 'stop',
      resource: { type: 'container', id, name: 'shop-proxy' },
      outcome: 'ok',
      details: { old: { state: 'running' }, new: { state: 'exited' } },
    })
    await engine.docker('rm', '--force', id)
  })

  test('a command that names a container by another name than it has touches nothing', async () => {
    const id = await runContainer('--name', 'shop-named')
    await expect(client.call('containers.stop', { id, name: 'innocent' })).rejects.toMatchObject({
      code: 'conflict',
    })
    expect(await client.call('containers.show', { id })).toMatchObject({
      state: 'running',
      name: 'shop-named',
    })
    await engine.docker('rm', '--force', id)
  })

  test('who tells of a container the folder its compose project was started in', async () => {
    const folder = `${daemon.home}/store`
    mkdirSync(folder)
    await once(spawn('git', ['init', '-q', '-b', 'main', folder]), 'exit')
    const label = `com.docker.compose.project.working_dir=${folder}`
    const id = await runContainer('--label', label, '--publish', `127.0.0.1:${base + 2}:80`)
    const who = await client.call('ports.who', { port: base + 2 })
    expect(who).toMatchObject({
      port: base + 2,
      rows: [{ container: { id } }],
      worktree: { path: folder, branch: 'main', repository: folder },
    })
    await engine.docker('rm', '--force', id)
  })

  test('a published port is not leased, and a lease says which container has taken it', async () => {
    const id = await runContainer('--name', 'shop-taker', '--publish', `127.0.0.1:${base + 3}:80`)
    await expect(client.call('leases.allocate', { name: 'api', port: base + 3 })).rejects.toMatchObject({
      code: 'port-in-use',
      message: expect.stringContaining('container shop-taker') as string,
    })
    await engine.docker('stop', id)
    await client.call('leases.allocate', { name: 'api', port: base + 3 })
    await engine.docker('start', id)
    const taken = await client.call('leases.list', {})
    expect(taken.rows).toMatchObject([{ name: 'api', port: base + 3, state: 'stranger' }])
    expect(await rowsOf(base + 3)).toMatchObject([{ lease: 'api', container: { id } }])
    await engine.docker('rm', '--force', id)

    // A container that says it runs on the lease is no stranger.
    const own = await runContainer('--label', 'quantum.lease=api', '--publish', `127.0.0.1:${base + 3}:80`)
    expect((await client.call('leases.list', {})).rows).toMatchObject([{ name: 'api', state: 'held' }])
    await engine.docker('rm', '--force', own)
    await client.call('leases.release', { name: 'api' })
  })

  test('a stranger on a leased port is announced to who watches leases, without anybody asking', async () => {
    const { port } = await client.call('leases.allocate', { name: 'watched', port: base + 4 })
    const { revision } = await client.call('leases.list', {})
    const announced = Promise.withResolvers<string>()
    const watching = client.watch(['leases'] satisfies Topic[], (event) => {
      if (event.revision !== revision) announced.resolve(event.revision)
    })
    const stranger = createServer().listen(port, '127.0.0.1')
    await once(stranger, 'listening')
    await announced.promise
    const { rows } = await client.call('leases.list', {})
    expect(rows).toMatchObject([{ name: 'watched', state: 'stranger', pid: process.pid }])
    await watching.dispose()
    stranger.close()
    await client.call('leases.release', { name: 'watched' })
  })

  test('hostile labels and commands of containers come through as data', async () => {
    const hostile = '\u001b]0;owned\u0007\nline two\u202e'
    const id = (
      await engine.docker(
        'run',
        '--detach',
        '--label',
        `note=${hostile}`,
        'shop',
        'sh',
        '-c',
        `sleep 600 # ${hostile}`,
      )
    ).trim()
    const { rows } = await client.call('containers.list', {})
    expect(rows[0]?.labels['note']).toBe(hostile)
    const process = (await client.call('processes.list', {})).rows.find(
      ({ container }) => container?.id === id,
    )
    expect(process?.command).toContain(hostile)
    await engine.docker('rm', '--force', id)
  })

  test('a user who may not see others sees their sockets as such, and may not stop them', async () => {
    const theirs = await startDaemonAsNobody()
    const program = `require('net').createServer().listen(${base + 5}, '127.0.0.1', () => process.send('up'))`
    const server = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    await once(server, 'message')
    const pid = server.pid ?? 0
    try {
      const other = theirs.client()
      const { rows } = await other.call('ports.list', {})
      expect(rows.find(({ port }) => port === base + 5)).toMatchObject({
        pid: null,
        pids: [],
        process: null,
        command: null,
        user: 'root',
        container: null,
      })
      const { name, startedAt } = await other.call('processes.show', { pid })
      const holder = { pid, startedAt: startedAt ?? '' }
      const denied = { code: 'permission-denied', message: expect.stringContaining('root') as string }
      await expect(other.call('ports.free', { port: base + 5, holders: [holder] })).rejects.toMatchObject(
        denied,
      )
      await expect(other.call('processes.stop', { ...holder, name })).rejects.toMatchObject(denied)
      expect(server.exitCode ?? server.signalCode).toBeNull()
      await expect(other.call('leases.allocate', { name: 'low', port: 1 })).rejects.toMatchObject({
        code: 'permission-denied',
      })
      await other.dispose()
    } finally {
      server.kill('SIGKILL')
      await theirs.stop()
    }
  })
})
