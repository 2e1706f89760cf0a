import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isoTime } from '#base/clock.ts'
import { Lifetime } from '#base/lifetime.ts'
import { bucketOf } from '#base/aggregate.ts'
import type { MetricName, MetricSeries } from '#contract/metrics.ts'
import type { RequestCounts } from '../../logs/log-engine.ts'
import { HandClock, setupMetrics } from './metrics.fixture.ts'
import { theMachine } from './recorded.ts'

let folder = ''
let life = new Lifetime()
let clock = new HandClock()
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qa-metrics-'))
  life = new Lifetime()
  clock = new HandClock()
})
afterEach(async () => {
  await life.dispose()
  rmSync(folder, { recursive: true, force: true })
})

const setup = (mostBytes?: number) => setupMetrics(life, folder, clock, mostBytes)
const minute = 60_000
const hour = 60 * minute
const interval = 15_000

const line = ({ lines }: MetricSeries, metric: MetricName): readonly (number | null)[] =>
  lines.find((one) => one.metric === metric)?.values ?? []

const counted = (at: number, requests: number, through: number): RequestCounts => ({
  through,
  counts: [
    {
      app: 'shop',
      level: 0,
      at: Math.floor(at / interval) * interval,
      requests,
      classes: [requests - 1, 0, 0, 1],
      latency: { weight: 1, sum: 20_000, least: 20_000, most: 20_000, buckets: [[bucketOf(20_000), 1]] },
    },
  ],
})

test('what the machine uses is told as it was, and what only grows as how fast', async () => {
  const { metrics, measured, call } = await setup()
  await metrics.look()
  clock.pass(interval)
  measured.usage = {
    ...measured.usage,
    cpuPercent: 30,
    disks: [{ name: 'sda', read: 1_000_000 + 15 * 10_240, written: 2_000_000 }],
  }
  await metrics.look()
  const series = await call('metrics.series', { since: isoTime(clock.now() - minute), points: 10 })
  expect(series).toMatchObject({ app: null, stepMs: interval })
  // The share of a time that began before anybody looked is not known.
  expect(line(series, 'cpu').filter((value) => value !== null)).toEqual([30])
  expect(line(series, 'memory').filter((value) => value !== null)).toEqual([1024 ** 3, 1024 ** 3])
  expect(line(series, 'diskRead').filter((value) => value !== null)).toEqual([10_240])
  expect(line(series, 'networkSent').filter((value) => value !== null)).toEqual([0])
  const now = await call('metrics.now', {})
  expect(now).toMatchObject({
    at: isoTime(clock.now()),
    machine: { cpuPercent: 30, load: 0.5, diskReadPerSecond: 10_240 },
    apps: [{ app: 'shop', cpuPercent: null, requestsPerMinute: null }, { app: 'idle' }],
  })
})

test('a counter that begins anew is not a fall, and one that was not there before is no growth', async () => {
  const { metrics, measured, call } = await setup()
  const networks = (...counts: readonly (readonly [string, number])[]) => {
    measured.usage = {
      ...measured.usage,
      networks: counts.map(([name, received]) => ({ name, received, sent: 0 })),
    }
  }
  networks(['eth0', 900_000])
  await metrics.look()
  clock.pass(interval)
  networks(['eth0', 15 * 1024], ['usb0', 5_000_000])
  await metrics.look()
  const series = await call('metrics.series', { since: isoTime(clock.now() - minute) })
  expect(line(series, 'networkReceived').filter((value) => value !== null)).toEqual([1024])
})

test.each([
  ['the machine slept an hour', (hand: HandClock) => void (hand.wall += hour)],
  ['the clock was put on by ten years', (hand: HandClock) => void (hand.wall += 10 * 365 * 24 * hour)],
  ['the clock was put back by an hour', (hand: HandClock) => void (hand.wall -= hour)],
])('%s: what lies between is unknown, not zero, and nothing is smeared over it', async (_, jump) => {
  const { metrics, measured, call } = await setup()
  for (let look = 0; look < 3; look++) {
    await metrics.look()
    clock.pass(interval)
  }
  const before = clock.now()
  jump(clock)
  clock.pass(interval)
  measured.usage = { ...measured.usage, networks: [{ name: 'eth0', received: 9e9, sent: 9e9 }] }
  await metrics.look()
  const around = { since: isoTime(Math.min(before, clock.now()) - minute), until: isoTime(clock.now()) }
  const series = await call('metrics.series', {
    ...around,
    points: 1000,
    metrics: ['networkReceived', 'cpu'],
  })
  for (const metric of ['networkReceived', 'cpu'] as const) {
    const values = line(series, metric)
    expect(values.at(-1)).toBeNull()
    expect(values.filter((value) => (value ?? 0) > 10)).toEqual([])
  }
  // It goes on from there.
  clock.pass(interval)
  await metrics.look()
  const next = await call('metrics.series', { since: isoTime(clock.now() - minute), metrics: ['cpu'] })
  expect(line(next, 'cpu').at(-1)).toBe(10)
})

test('requests, their classes, errors and latencies of an app are told, also none while it runs and none come', async () => {
  const { metrics, measured, call } = await setup()
  measured.apps = [{ app: 'shop', cpuPercent: 12.5, memoryBytes: 50 * 1024 ** 2 }]
  const first = clock.now()
  measured.requests = [() => counted(first, 4, 10), () => null]
  await metrics.look()
  clock.pass(interval)
  await metrics.look()
  const series = await call('metrics.series', { app: 'shop', since: isoTime(first - minute), points: 10 })
  const known = (metric: MetricName) => line(series, metric).filter((value) => value !== null)
  expect(known('cpu')).toEqual([12.5, 12.5])
  expect(known('requests')).toEqual([16, 0])
  expect(known('status2xx')).toEqual([12, 0])
  expect(known('status5xx')).toEqual([4, 0])
  expect(known('errorRate')).toEqual([0.25])
  expect(known('latencyP95')).toEqual([20])
  expect(line(series, 'requests')[0]).toBeNull()
  const [shop] = (await call('metrics.now', {})).apps
  expect(shop).toMatchObject({ cpuPercent: 12.5, requestsPerMinute: 0.8, errorRate: 0.25, latencyP99: 20 })
})

test('what was counted of logs and up to where is kept together, so that nothing is counted twice', async () => {
  const { metrics, measured, store, problems } = await setup()
  const asked: number[] = []
  const answer = (counts: RequestCounts) => (after: number) => {
    asked.push(after)
    return counts
  }
  measured.requests = [answer(counted(clock.now(), 2, 7)), answer(counted(clock.now(), 3, 9))]
  await metrics.look()
  clock.pass(2 * minute)
  // Nothing can be written: what is to be counted stays to be written.
  await sql`create trigger full before insert on metric_rollups begin select raise(abort, 'full'); end`.execute(
    store.kysely,
  )
  await expect(metrics.look()).rejects.toThrow()
  await sql`drop trigger full`.execute(store.kysely)
  expect(asked).toEqual([0, 7])
  await life.dispose()
  expect(problems).toEqual([])
  life = new Lifetime()
  const second = await setup()
  second.measured.requests = [answer({ through: 9, counts: [] })]
  await second.metrics.look()
  expect(asked.at(-1)).toBe(9)
  const series = await second.call('metrics.series', { app: 'shop', metrics: ['requests'], points: 1000 })
  const perMinute = line(series, 'requests').reduce<number>((sum, value) => sum + (value ?? 0), 0)
  expect((perMinute * series.stepMs) / minute).toBe(5)
})

test('whoever measures something else has it kept and told under its own name', async () => {
  const { metrics, call } = await setup()
  const subject = { app: 'shop', check: 'http' }
  clock.pass(10 * minute)
  for (const [index, value] of [1, 1, 0, 1].entries()) {
    const at = clock.now() - index * minute
    metrics.record({ subject, metric: 'availability', at, value })
    metrics.record({ subject, metric: 'latency', at, value: 40 })
    // What is no number is none.
    metrics.record({ subject, metric: 'latency', at, value: Number.NaN })
  }
  const asked = {
    app: 'shop',
    check: 'http',
    since: isoTime(clock.now() - 20 * minute),
    leastStepMs: hour,
  } as const
  const series = await call('metrics.series', asked)
  expect(series.stepMs).toBe(hour)
  expect(line(series, 'availability').at(-1)).toBe(0.75)
  expect(Math.abs((line(series, 'latencyP50').at(-1) ?? 0) - 40)).toBeLessThanOrEqual(0.8)
  await expect(call('metrics.series', { ...asked, check: 'tcp' })).rejects.toMatchObject({
    code: 'not-found',
  })
  await expect(call('metrics.series', { app: 'nobody' })).rejects.toMatchObject({ code: 'not-found' })
  expect((await call('metrics.series', { app: 'idle' })).lines).toEqual([])
})

test('no more points come than were asked for, and none that is no more kept that finely', async () => {
  const { metrics, call } = await setup()
  await metrics.look()
  const ask = (ago: number, points: number) =>
    call('metrics.series', { since: isoTime(clock.now() - ago), points, metrics: ['memory'] })
  for (const ago of [minute, hour, 7 * hour, 3 * 24 * hour, 30 * 24 * hour, 500 * 24 * hour])
    for (const points of [1, 7, 120, 1000]) {
      const series = await ask(ago, points)
      expect(line(series, 'memory').length, `${ago} ${points}`).toBeLessThanOrEqual(points)
      expect(Date.parse(series.to) - Date.parse(series.from)).toBe(
        series.stepMs * line(series, 'memory').length,
      )
    }
  expect((await ask(hour, 1000)).stepMs).toBe(interval)
  expect((await ask(7 * hour, 1000)).stepMs).toBe(minute)
  await expect(call('metrics.series', { since: isoTime(clock.now() + hour) })).rejects.toMatchObject({
    code: 'invalid-params',
  })
})

test('each look has a revision of its own, and what is asked holds it', async () => {
  const { metrics, call } = await setup()
  const told: string[] = []
  metrics.changed.on(() => told.push(metrics.revision))
  await metrics.look()
  await metrics.look()
  expect(new Set(told).size).toBe(2)
  expect((await call('metrics.now', {})).revision).toBe(told.at(-1))
  metrics.record({ subject: theMachine, metric: 'load', at: clock.now() - 500 * 24 * hour, value: 1 })
})
