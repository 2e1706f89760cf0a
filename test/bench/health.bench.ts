import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Lifetime } from '#base/lifetime.ts'
import { startCheckedServer, type CheckedServer } from '../support/checked-server.ts'
import { startDaemon } from '../support/daemon.ts'
import { cpuMsOf, memoryOf } from '../support/process-usage.ts'
import { percentile, type BenchRow } from './bench.ts'

// What checks cost and how even their times are: as many as somebody with a wall of monitors has.

const checks = 500
const intervalMs = 20_000
const intervals = 6

/**
 * The peer is in no registry, so that what was measured of it once stands here: Uptime Kuma 2.5.3, 500 HTTP monitors
 * every 20 s of one server on the same kind of machine (4 cores).
 */
const recorded = { name: 'Uptime Kuma 2.5.3 as recorded', cpuMs: 7.7, megabytes: 312, jitterMs: 48 }

function configOf({ port }: CheckedServer): string {
  const lines = Array.from(
    { length: checks },
    (_, at) => `      c${at}: { url: "http://127.0.0.1:${port}/c${at}", interval: 20s, jitter: 0s }`,
  )
  return ['admin:', '  run: { command: sleep 1 }', '  health:', '    checks:', ...lines].join('\n')
}

/** How much longer or shorter than the interval it was from each request for a page to the next, in milliseconds. */
const unevenness = (times: readonly number[]): readonly number[] =>
  times.slice(1).map((at, index) => Math.abs(at - (times[index] ?? at) - intervalMs))

async function measured(lifetime: Lifetime): Promise<readonly BenchRow[]> {
  const server = await startCheckedServer()
  lifetime.onDispose(() => server.stop())
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-health-bench-'))
  lifetime.onDispose(() => rmSync(folder, { recursive: true }))
  const app = path.join(folder, 'wall')
  mkdirSync(app)
  writeFileSync(path.join(app, 'quantum.config.yaml'), configOf(server))
  const daemon = await startDaemon({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
  lifetime.onDispose(() => daemon.stop())
  const client = lifetime.own(daemon.client())
  await client.call('apps.add', { folder: app })
  // Until each was made once, and its connection stands.
  await wait(intervalMs + 5000)
  await server.asked()
  const pid = daemon.process.pid ?? 0
  const before = cpuMsOf(pid)
  await wait(intervals * intervalMs)
  const used = cpuMsOf(pid) - before
  const asked = Object.values(await server.asked())
  const made = asked.reduce((sum, { length }) => sum + length, 0)
  if (made < checks * (intervals - 1)) throw new Error(`Only ${made} checks were made`)
  const peer = (value: number) => ({ name: recorded.name, value })
  const row = { ratio: 'ours-over-peer' as const }
  return [
    {
      ...row,
      what: 'CPU of a check',
      unit: 'ms',
      ours: used / made,
      peer: peer(recorded.cpuMs),
      goal: 1 / 8,
    },
    {
      ...row,
      what: 'memory',
      unit: 'MB',
      ours: memoryOf(pid).now,
      peer: peer(recorded.megabytes),
      goal: 1 / 3,
    },
    {
      ...row,
      what: 'jitter p99',
      unit: 'ms',
      ours: percentile(asked.flatMap(unevenness), 99),
      peer: peer(recorded.jitterMs),
      goal: 0.6,
    },
  ]
}

export async function bench(): Promise<readonly BenchRow[]> {
  const lifetime = new Lifetime()
  try {
    return await measured(lifetime)
  } finally {
    await lifetime.dispose()
  }
}
