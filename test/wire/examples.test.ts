import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '#client/client.ts'
import { appProcesses } from '../support/app-processes.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { inRoot } from '../support/paths.ts'
import { withPeers } from '../support/peers.ts'

describe.runIf(withPeers('python'))('the examples', () => {
  let daemon: TestDaemon
  let client: Client
  let folder: string

  beforeAll(async () => {
    daemon = await startDaemon({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
    client = daemon.client()
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-examples-')))
    cpSync(inRoot('examples'), folder, { recursive: true })
    await client.call('apps.add', { folder })
  })
  afterAll(async () => {
    await client.dispose()
    await daemon.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('are found, each as what it is, with nothing wrong', async () => {
    const { rows } = await client.call('apps.list', {})
    expect(rows.map(({ name, kind, problems }) => [name, kind, problems])).toEqual([
      ['clock', 'python', []],
      ['hello', 'node', []],
      ['orders', 'quantum', []],
      ['site', 'static', []],
      ['stack', 'compose', []],
    ])
  })

  // The fifth, `stack`, is run in test/integration/compose-apps.test.ts, on a real engine.
  test.each([
    ['clock', /^\d{4}-\d\d-\d\dT/],
    ['hello', /<!doctype html>/i],
    ['orders', /<q:component name="orders">/],
    ['site', /A static site/],
  ])('%s starts, serves and stops', async (app, says) => {
    const row = await client.call('apps.start', { app })
    expect(row).toMatchObject({ state: 'running', reason: null })
    expect(await (await fetch(row.url ?? '')).text()).toMatch(says)
    expect(await client.call('apps.stop', { app })).toMatchObject({ state: 'stopped' })
    expect(appProcesses(folder)).toEqual([])
  })

  test('stack says that it needs an engine where there is none', async () => {
    await expect(client.call('apps.start', { app: 'stack' })).rejects.toMatchObject({
      code: 'engine-unavailable',
      message: expect.stringContaining('stack needs a container engine: ') as string,
    })
  })

  test.each([
    ['clock', 'python3', ['app.py']],
    ['hello', process.execPath, ['server.mjs']],
    ['site', 'python3', ['-m', 'http.server', '18993', '--bind', '127.0.0.1']],
  ])(
    '%s is seen when somebody else has started it, and a restart takes it over',
    async (app, program, words) => {
      const child = spawn(program, words, {
        cwd: path.join(folder, app),
        env: { ...process.env, PORT: '18993' },
        stdio: 'ignore',
      })
      const ended = once(child, 'exit')
      try {
        const row = async () => (await client.call('apps.list', {})).rows.find(({ name }) => name === app)
        while ((await row())?.state !== 'external') await sleep(50)
        expect(await row()).toMatchObject({ pid: child.pid, port: 18993 })
        await expect(client.call('apps.start', { app })).rejects.toMatchObject({ code: 'conflict' })
        const taken = await client.call('apps.restart', { app })
        expect(taken).toMatchObject({ state: 'running', reason: null })
        await ended
        expect((await fetch(taken.url ?? '')).status).toBe(200)
        await client.call('apps.stop', { app })
        expect(appProcesses(folder)).toEqual([])
      } finally {
        child.kill('SIGKILL')
      }
    },
  )

  test('orders behaves as an app of the Quantum framework does', async () => {
    const { url } = await client.call('apps.start', { app: 'orders' })
    const answer = await fetch(`${url}health`)
    expect(await answer.json()).toMatchObject({ status: 'healthy', service: 'quantum' })
    const [first = ''] = readFileSync(path.join(folder, 'orders', '.quantum.pid'), 'utf8').split('\n')
    expect(first).toMatch(/^\d+ \d+$/)
    expect(appProcesses(folder).map(({ pid }) => pid)).toContain(Number(first.split(' ')[0]))
    const { lines } = await client.call('apps.output', { app: 'orders' })
    expect(lines.at(-1)).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d INFO     quantum\.server - GET \/health 200 \d+ms$/,
    )
    await client.call('apps.stop', { app: 'orders' })
    expect(existsSync(path.join(folder, 'orders', '.quantum.pid'))).toBe(false)
    const tests = execFileSync(path.join(folder, 'orders', 'bin', 'quantum'), ['test'], {
      cwd: path.join(folder, 'orders'),
      encoding: 'utf8',
    })
    expect(tests.trimEnd().split('\n').at(-1)).toBe('3 passed, 0 failed')
  })
})
