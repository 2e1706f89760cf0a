import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '#client/client.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { until } from '../support/docker-client.ts'
import { startEngine, type TestEngine } from '../support/docker-engine.ts'
import { inRoot } from '../support/paths.ts'
import { withPeers } from '../support/peers.ts'
import { describeWithEngine } from '../support/with-engine.ts'

const present = withPeers('compose', 'git')

describeWithEngine('compose projects as apps', () => {
  let engine: TestEngine
  let daemon: TestDaemon
  let client: Client
  let folder: string

  beforeAll(async () => {
    engine = await startEngine()
    await engine.makeImage('busybox')
    daemon = await startDaemon({ env: { DOCKER_HOST: `unix://${engine.socket}` } })
    client = daemon.client()
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-compose-')))
    cpSync(inRoot('examples/stack'), path.join(folder, 'stack'), { recursive: true })
    await client.call('apps.add', { folder: path.join(folder, 'stack') })
  })
  afterAll(async () => {
    await client.dispose()
    await daemon.stop()
    await engine.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const row = async (name = 'stack') => {
    const found = (await client.call('apps.list', {})).rows.find((one) => one.name === name)
    if (found === undefined) throw new Error(`There is no row of ${name}`)
    return found
  }
  const names = async () =>
    (await engine.docker('ps', '--all', '--format', '{{.Names}}')).split('\n').filter(Boolean)
  const compose = (cwd: string, ...args: readonly string[]) =>
    execFileSync('docker-compose', args, {
      cwd,
      env: { ...process.env, DOCKER_HOST: `unix://${engine.socket}`, PORT: '18991' },
      stdio: 'pipe',
    })
  const pageAt = async (url: string | null) =>
    (await fetch(url ?? '', { headers: { connection: 'close' } })).text()

  test.runIf(present)('one starts, serves on its leased port, stops, and leaves no container', async () => {
    expect(await row()).toMatchObject({ kind: 'compose', state: 'stopped', problems: [], containers: [] })
    const started = await client.call('apps.start', { app: 'stack' })
    expect(started).toMatchObject({ state: 'running', reason: null, pid: null, restartToApply: [] })
    expect(
      started.containers.map(({ service, state, stopsWithApp }) => [service, state, stopsWithApp]),
    ).toEqual([
      ['clock', 'running', true],
      ['web', 'running', true],
    ])
    expect(await pageAt(started.url)).toContain('Two services, one app')
    const { rows: leases } = await client.call('leases.list', {})
    expect(leases).toMatchObject([{ name: 'stack', port: started.port, state: 'held' }])
    expect(await client.call('apps.start', { app: 'stack' })).toMatchObject({ state: 'running' })
    const restarted = await client.call('apps.restart', { app: 'stack' })
    expect(restarted).toMatchObject({ state: 'running', port: started.port })
    expect(restarted.containers.map(({ id }) => id)).not.toEqual(started.containers.map(({ id }) => id))
    expect(restarted.memoryBytes).toBeGreaterThan(0)
    expect(await client.call('apps.stop', { app: 'stack' })).toMatchObject({
      state: 'stopped',
      containers: [],
    })
    expect(await names()).toEqual([])
  })

  test.runIf(present)(
    'its state is that of its services, which ones are down is told, and Resources name it',
    async () => {
      const { containers } = await client.call('apps.start', { app: 'stack' })
      const clock = containers.find(({ service }) => service === 'clock')
      await engine.docker('kill', clock?.id ?? '')
      await until(
        'the app says what is down',
        async () => (await row()).reason === 'clock is exited with code 137',
      )
      expect(await row()).toMatchObject({ state: 'running' })
      const { rows } = await client.call('containers.list', {})
      expect(rows.map(({ app }) => app)).toEqual(['stack', 'stack'])
      await engine.docker('run', '-d', '--name', 'extra', '--label', 'quantum.app=stack', 'busybox')
      await until('a labelled container is shown', async () => (await row()).containers.length === 3)
      const stopped = await client.call('apps.stop', { app: 'stack' })
      expect(stopped.containers).toMatchObject([{ name: 'extra', state: 'running', stopsWithApp: false }])
      expect(await names()).toEqual(['extra'])
      await engine.docker('rm', '--force', 'extra')
    },
  )

  test.runIf(present)(
    'one that somebody else started is external until a restart takes it over',
    async () => {
      const stack = path.join(folder, 'stack')
      compose(stack, '--project-name', 'byhand', 'up', '--detach')
      await until('it is seen', async () => (await row()).state === 'external')
      expect(await row()).toMatchObject({ port: 18991, reason: expect.stringContaining('byhand') as string })
      await expect(client.call('apps.start', { app: 'stack' })).rejects.toMatchObject({ code: 'conflict' })
      const taken = await client.call('apps.restart', { app: 'stack' })
      expect(taken).toMatchObject({ state: 'running' })
      expect(await pageAt(taken.url)).toContain('Two services')
      expect((await names()).some((name) => name.startsWith('byhand'))).toBe(false)
      await client.call('apps.stop', { app: 'stack' })
      expect(await names()).toEqual([])
    },
  )

  test.runIf(present)('what is wrong with its file is told in the words of compose', async () => {
    const file = path.join(folder, 'stack', 'compose.yaml')
    const before = execFileSync('cat', [file], { encoding: 'utf8' })
    try {
      writeFileSync(file, before.replace('image: busybox', 'image: [busybox]'))
      await expect(client.call('apps.start', { app: 'stack' })).rejects.toMatchObject({
        code: 'app-failed',
        message: expect.stringMatching(/compose.* failed: .*image/) as string,
      })
      expect(await row()).toMatchObject({
        state: 'failed',
        reason: expect.stringContaining('image') as string,
      })
    } finally {
      writeFileSync(file, before)
    }
    expect(await client.call('apps.start', { app: 'stack' })).toMatchObject({ state: 'running' })
    await client.call('apps.stop', { app: 'stack' })
  })

  test.runIf(present)('two worktrees are two projects side by side', async () => {
    const main = path.join(folder, 'stack')
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], { cwd: main })
    git('init', '--quiet', '--initial-branch', 'main')
    git('add', '.')
    git('commit', '--quiet', '--message', 'stack')
    git('worktree', 'add', '--quiet', '-b', 'feature', path.join(folder, 'other', 'stack'))
    await client.call('apps.add', { folder: path.join(folder, 'other', 'stack') })
    const apps = ['stack', 'stack@feature']
    const started = await Promise.all(apps.map((app) => client.call('apps.start', { app })))
    expect(new Set(started.map(({ port }) => port)).size).toBe(2)
    for (const { url } of started) expect(await pageAt(url)).toContain('Two services')
    expect(await names()).toHaveLength(4)
    await client.call('apps.stop', { app: 'stack' })
    expect(await row('stack@feature')).toMatchObject({ state: 'running', reason: null })
    await client.call('apps.stop', { app: 'stack@feature' })
    expect(await names()).toEqual([])
  })

  test.runIf(present)(
    'it is seen as it is after the engine and the daemon were restarted, and starts again',
    async () => {
      const { url } = await client.call('apps.start', { app: 'stack' })
      await client.dispose()
      await daemon.kill()
      daemon = await startDaemon({ home: daemon.home, env: { DOCKER_HOST: `unix://${engine.socket}` } })
      client = daemon.client()
      expect(await row()).toMatchObject({ state: 'running', url, restartToApply: [] })
      await engine.restart()
      // While the engine is away the app counts as stopped as well.
      await until('its services are seen to have ended', async () =>
        /web is exited with code/.test((await row()).reason ?? ''),
      )
      expect(await row()).toMatchObject({ state: 'stopped' })
      expect(await client.call('apps.restart', { app: 'stack' })).toMatchObject({
        state: 'running',
        reason: null,
      })
      expect(await pageAt(url)).toContain('Two services')
      await client.call('apps.stop', { app: 'stack' })
      expect(await names()).toEqual([])
    },
  )

  test.runIf(present)(
    'without its folder it goes on, and its containers are ended all the same',
    async () => {
      await client.call('apps.start', { app: 'stack' })
      rmSync(path.join(folder, 'stack'), { recursive: true })
      await until('that is told', async () => /its folder is gone/.test((await row()).reason ?? ''))
      expect(await row()).toMatchObject({ state: 'running', kind: 'compose' })
      await expect(client.call('apps.restart', { app: 'stack' })).rejects.toMatchObject({
        code: 'app-invalid',
      })
      await client.call('apps.stop', { app: 'stack' })
      expect((await engine.docker('ps', '--quiet')).trim()).toBe('')
    },
  )
})
