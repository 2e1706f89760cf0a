import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
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
      ['site', 'static', []],
    ])
  })

  test.each([
    ['clock', /^\d{4}-\d\d-\d\dT/],
    ['hello', /<!doctype html>/i],
    ['site', /A static site/],
  ])('%s starts, serves and stops', async (app, says) => {
    const row = await client.call('apps.start', { app })
    expect(row).toMatchObject({ state: 'running', reason: null })
    expect(await (await fetch(row.url ?? '')).text()).toMatch(says)
    expect(await client.call('apps.stop', { app })).toMatchObject({ state: 'stopped' })
    expect(appProcesses(folder)).toEqual([])
  })
})
