import { rmSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'
import { metricNames, type MetricSeries } from '#contract/metrics.ts'
import { dataOf, errorOf } from '../support/cli.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'
import { figure, scale } from '../support/scale.ts'
import { startWritingApp, type WritingApp } from '../support/writing-app.ts'

// The shapes of docs/cli.md, strictly: a member too many or too few is a broken promise to scripts.
const time = z.iso.datetime({ precision: 3, offset: false })
const values = z.array(z.number().nullable())
const shown = z.strictObject({
  series: z.strictObject({
    revision: z.string(),
    app: z.string().nullable(),
    check: z.string().nullable(),
    from: time,
    to: time,
    stepMs: z.int(),
    lines: z.array(
      z.strictObject({
        metric: z.enum(metricNames),
        unit: z.string(),
        values,
        least: values.nullable(),
        most: values.nullable(),
      }),
    ),
  }),
  apps: z.array(
    z.strictObject({
      app: z.string(),
      cpuPercent: z.number().nullable(),
      memoryBytes: z.int().nullable(),
      requestsPerMinute: z.number().nullable(),
      errorRate: z.number().nullable(),
      latencyP50: z.number().nullable(),
      latencyP95: z.number().nullable(),
      latencyP99: z.number().nullable(),
    }),
  ),
})

const env = { QUANTUM_ADMIN_METRICS_SECONDS: '0.2', DOCKER_HOST: 'unix:///nowhere/docker.sock' }
const soon = { timeout: 20_000 }
const home = temporaryHome()
let daemon: TestDaemon
let shop: WritingApp

beforeAll(async () => {
  daemon = await startDaemon({ home, env })
  shop = await startWritingApp(daemon, 'shop')
})
afterAll(async () => {
  await shop.remove()
  await daemon.stop()
  rmSync(home, { recursive: true, force: true })
})

/** As nginx writes it, so long ago that its stretch has passed. */
function request(minutes: number, status: number): string {
  const [, day, month, year, at] = /^\w+, (\d+) (\w+) (\d+) (\S+)/.exec(
    new Date(Date.now() - minutes * 60_000).toUTCString(),
  ) ?? ['']
  return `10.0.0.7 - - [${day}/${month}/${year}:${at} +0000] "GET / HTTP/1.1" ${status} 12 "-" "curl/8"\n`
}

const seriesOf = async (...args: readonly string[]): Promise<MetricSeries> =>
  (dataOf(await daemon.cli('metrics', ...args, '--json')) as { readonly series: MetricSeries }).series

/** How many there were, of a rate of each minute. */
function countIn({ lines, stepMs }: MetricSeries, metric: string): number {
  const found = lines.find((line) => line.metric === metric)?.values ?? []
  return Math.round(found.reduce<number>((sum, value) => sum + ((value ?? 0) * stepMs) / 60_000, 0))
}

test('the machine and every app are told, in the promised shape, and in a table with how they went', async () => {
  await expect
    .poll(async () => (await seriesOf()).lines.map(({ metric }) => metric), soon)
    .toEqual(expect.arrayContaining(['cpu', 'memory']))
  await expect.poll(async () => (await daemon.cli('metrics', 'shop')).stdout, soon).toContain('memory')
  const told = shown.parse(dataOf(await daemon.cli('metrics', '--json')))
  expect(told.apps.map(({ app }) => app)).toEqual(['shop'])
  expect(told.series.lines.every((line) => line.values.length <= 120)).toBe(true)
  const { stdout } = await daemon.cli('metrics', '--since', '2m')
  expect(stdout).toMatch(/^machine · \d+ (s|min), a point every 15 s\nMETRIC +LAST/)
  expect(stdout).toMatch(/^memory +\d+ MiB .*[▁-█]$/m)
  expect(stdout).toMatch(/^shop +/m)
})

test('what is asked for wrongly is told', async () => {
  const nobody = await daemon.cli('metrics', 'nobody', '--json')
  expect([nobody.code, errorOf(nobody).code]).toEqual([3, 'not-found'])
  const check = await daemon.cli('metrics', 'shop', '--check', 'http', '--json')
  expect([check.code, errorOf(check).code]).toEqual([3, 'not-found'])
  const late = await daemon.cli('metrics', '--since', '1m', '--until', '2m', '--json')
  expect(errorOf(late).code).toBe('invalid-params')
  expect((await daemon.cli('metrics', '--since', 'soon')).code).toBe(2)
})

test('requests are counted once, however often the daemon is killed while lines of them come', async () => {
  const kills = scale(4, 20)
  const atOnce = scale(100, 2000)
  let [written, errors] = [0, 0]
  for (let kill = 0; kill < kills; kill++) {
    const pieces = Array.from({ length: 6 }, () => {
      const lines = Array.from({ length: atOnce }, () =>
        request(20 + (written % 7), written++ % 10 === 0 ? 503 : 200),
      )
      errors += lines.filter((line) => line.includes(' 503 ')).length
      return lines.join('')
    })
    const writing = (async () => {
      for (const piece of pieces) {
        await shop.write(piece)
        await wait(kill * 20)
      }
    })()
    await wait(kill * 90)
    await daemon.kill()
    daemon = await startDaemon({ home, env })
    await writing
  }
  const counted = async (): Promise<readonly number[]> => {
    const series = await seriesOf('shop', '--since', '50m', '--until', '5m')
    return [countIn(series, 'requests'), countIn(series, 'status5xx')]
  }
  await expect.poll(counted, { timeout: 60_000, interval: 200 }).toEqual([written, errors])
  // Ended in order it has nothing to count again.
  const ending = daemon.process
  ending.kill('SIGTERM')
  await new Promise((resolve) => void ending.once('close', resolve))
  daemon = await startDaemon({ home, env })
  await wait(1000)
  expect(await counted()).toEqual([written, errors])
  figure('metrics once', `${kills} kills of the daemon, ${written} requests written, ${written} counted`)
})

test('who watches sees it go on', async () => {
  const client = daemon.client()
  onTestFinished(() => client.dispose())
  const before = (await client.call('metrics.now', {})).revision
  await expect.poll(async () => (await client.call('metrics.now', {})).revision, soon).not.toBe(before)
  const told = await client.call('events.subscribe', { topics: ['metrics'] })
  expect(told.metrics).toBeDefined()
})
