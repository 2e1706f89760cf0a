import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
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
