import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '#client/client.ts'
import { startCheckedServer, type CheckedServer } from '../support/checked-server.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { cpuMsOf, memoryOf } from '../support/process-usage.ts'
import { figure, full, scale } from '../support/scale.ts'

const checks = scale(300, 5000)
/** Of one file. */
const perApp = 1000
const intervalS = scale(2, 10)
const measuredS = scale(4, 60)

describe.runIf(process.platform === 'linux')('R16: many checks of one host', () => {
  let daemon: TestDaemon
  let client: Client
  let server: CheckedServer
  let folder: string

  beforeAll(async () => {
    server = await startCheckedServer()
    folder = mkdtempSync(path.join(tmpdir(), 'qa-load-'))
    for (let from = 0; from < checks; from += perApp) {
      const app = path.join(folder, `shop${from}`)
      mkdirSync(app)
      const lines = Array.from(
        { length: Math.min(perApp, checks - from) },
        (_, n) =>
          `      c${n}: { url: "http://127.0.0.1:${server.port}/c${from + n}", interval: ${intervalS}s }`,
      )
      const config = ['admin:', '  run: { command: sleep 1 }', '  health:', '    checks:', ...lines].join(
        '\n',
      )
      writeFileSync(path.join(app, 'quantum.config.yaml'), config)
    }
    daemon = await startDaemon({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
    client = daemon.client()
    for (let from = 0; from < checks; from += perApp)
      await client.call('apps.add', { folder: path.join(folder, `shop${from}`) })
  })

  afterAll(async () => {
    await client.dispose()
    await daemon.stop()
    server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test(`${checks} checks every ${intervalS} s are all made in time`, async () => {
    // Until each was made once, and what their first look costs is over.
    await wait((intervalS + 3) * 1000)
    await server.asked()
    const pid = daemon.process.pid ?? 0
    const [cpu, started] = [cpuMsOf(pid), performance.now()]
    await wait(measuredS * 1000)
    const [used, ms] = [cpuMsOf(pid) - cpu, performance.now() - started]
    const share = (used / ms) * 100
    const counts = Object.values(await server.asked()).map(({ length }) => length)
    const perCheck = used / counts.reduce((sum, one) => sum + one, 0)
    figure(
      'R16',
      `${checks} HTTP checks every ${intervalS} s: ${share.toFixed(1)} % of a core, ${perCheck.toFixed(2)} ms each, ${memoryOf(pid).now.toFixed(0)} MiB`,
    )
    const times = measuredS / intervalS
    expect(counts).toHaveLength(checks)
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(times - 1)
    expect(Math.max(...counts)).toBeLessThanOrEqual(times + 2)
    const { rows } = await client.call('health.list', {})
    expect(rows.filter(({ kind, state }) => kind === 'http' && state !== 'healthy')).toEqual([])
    expect((await client.call('incidents.list', {})).rows).toEqual([])
    if (full) expect(share).toBeLessThanOrEqual(25)
  }, 120_000)
})
