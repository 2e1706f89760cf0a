import { appendFileSync, cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
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

describeWithEngine('the health of a compose project', () => {
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
    appendFileSync(path.join(folder, 'stack', 'quantum.config.yaml'), 'admin: { health: { interval: 1s } }\n')
    await client.call('apps.add', { folder: path.join(folder, 'stack') })
  })
  afterAll(async () => {
    await client.dispose()
    await daemon.stop()
    await engine.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const state = async () =>
    (await client.call('health.list', {})).rows.find(({ check }) => check === 'containers')?.state
  const open = async () => (await client.call('incidents.list', { open: true })).rows

  test.runIf(present)(
    'is that of its containers: a service that is killed and a HEALTHCHECK that fails',
    async () => {
      await client.call('apps.start', { app: 'stack' })
      await until('its containers are well', async () => (await state()) === 'healthy')
      const { rows } = await client.call('containers.list', {})
      const clock = rows.find(({ name }) => name.includes('clock'))
      await engine.docker('kill', clock?.id ?? '')
      await until('an incident is open', async () => (await open()).length === 1)
      expect((await open())[0]?.cause).toMatch(
        /^The containers of stack are not well: clock is exited with code 137 at /,
      )
      // A restart by command mends it, and makes none of its own.
      await client.call('apps.restart', { app: 'stack' })
      await until('it is resolved', async () => (await open()).length === 0)
      const label = ['--label', 'quantum.app=stack', '--name', 'extra']
      const health = ['--health-cmd', 'false', '--health-interval', '1s', '--health-retries', '1']
      await engine.docker('run', '-d', ...label, ...health, 'busybox')
      await until('an incident is open', async () => (await open()).length === 1)
      expect((await open())[0]?.cause).toMatch(
        /^The containers of stack are not well: extra is unhealthy at /,
      )
      await engine.docker('rm', '--force', 'extra')
      await until('it is resolved', async () => (await open()).length === 0)
      await client.call('apps.stop', { app: 'stack' })
      await until('nothing is known of it', async () => (await state()) === 'unknown')
      expect((await client.call('incidents.list', {})).rows).toHaveLength(2)
    },
  )
})
