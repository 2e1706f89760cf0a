import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import { dataOf, errorOf } from '../support/cli.ts'
import { startDaemon, type CliResult, type TestDaemon } from '../support/daemon.ts'

// The shapes of docs/cli.md, strictly: a member too many or too few is a broken promise to scripts.
const time = z.iso.datetime({ precision: 3, offset: false })
const row = z.strictObject({
  app: z.string(),
  environment: z.string().nullable(),
  check: z.string(),
  kind: z.enum(['http', 'tcp', 'process', 'container', 'database', 'command', 'monitor']),
  target: z.string(),
  source: z.enum(['config', 'found', 'kuma']),
  state: z.enum(['healthy', 'degraded', 'unhealthy', 'unknown', 'paused']),
  reason: z.string().nullable(),
  since: time,
  checkedAt: time.nullable(),
  latencyMs: z.number().nullable(),
  intervalMs: z.int(),
  severity: z.enum(['critical', 'warning']),
  pausedUntil: time.nullable(),
  pausedBy: z.string().nullable(),
})
const detail = row.extend({
  timeoutMs: z.int(),
  retries: z.int(),
  failures: z.string(),
  successes: z.string(),
  degradedAboveMs: z.int().nullable(),
  push: z
    .strictObject({ sentAt: time.nullable(), problem: z.string().nullable(), failingSince: time.nullable() })
    .nullable(),
  certificateEndsAt: time.nullable(),
  results: z.array(
    z.strictObject({
      at: time,
      grade: z.enum(['good', 'soft', 'bad']),
      latencyMs: z.number().nullable(),
      reason: z.string().nullable(),
    }),
  ),
})
const incident = z.strictObject({
  number: z.int().min(1),
  app: z.string(),
  environment: z.string().nullable(),
  check: z.string(),
  severity: z.enum(['critical', 'warning']),
  cause: z.string(),
  startedAt: time,
  acknowledgedAt: time.nullable(),
  acknowledgedBy: z.string().nullable(),
  resolvedAt: time.nullable(),
  resolution: z.string().nullable(),
  durationMs: z.number(),
})
const incidentDetail = incident.extend({
  notes: z.array(z.strictObject({ at: time, by: z.string(), text: z.string() })),
})
const told = z.object({
  series: z.object({
    lines: z.array(z.object({ metric: z.string(), values: z.array(z.number().nullable()) })),
  }),
})

const opens = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('audit'), sequence: z.int() }),
  z.strictObject({ type: z.literal('log'), id: z.string() }),
  z.strictObject({ type: z.literal('file'), file: z.string(), line: z.int().nullable() }),
  z.strictObject({ type: z.literal('run'), run: z.string() }),
  z.strictObject({ type: z.literal('check'), app: z.string(), check: z.string() }),
])
const shownIncident = incidentDetail.extend({
  timeline: z.strictObject({
    onset: time,
    causes: z.array(z.strictObject({ text: z.string(), reason: z.string(), event: z.int().min(0) })).max(3),
    events: z.array(
      z.strictObject({
        at: time,
        after: time.nullable(),
        kind: z.string(),
        app: z.string().nullable(),
        title: z.string(),
        detail: z.string().nullable(),
        opens: opens.nullable(),
      }),
    ),
    left: z.int().min(0),
  }),
})

let daemon: TestDaemon
let folder: string
let app: string

const program = `
const { existsSync } = require('node:fs')
require('node:http').createServer((request, response) => {
  response.statusCode = existsSync('broken') ? 503 : 200
  response.end('{"status":"healthy"}')
}).listen(process.env.PORT)
if (existsSync('crash')) setTimeout(() => process.exit(7), 200)`

beforeAll(async () => {
  daemon = await startDaemon({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-health-')))
  app = path.join(folder, 'shop')
  mkdirSync(app)
  writeFileSync(path.join(app, 'server.cjs'), program)
  const config = [
    'admin:',
    '  run: { command: exec node server.cjs $PORT, restart: { policy: never } }',
    `  health: { path: /health, interval: 1s, failures: 2, json: '.status == "healthy"' }`,
  ]
  writeFileSync(path.join(app, 'quantum.config.yaml'), config.join('\n'))
  dataOf(await daemon.cli('apps', 'add', app, '--json'))
})
afterAll(async () => {
  await daemon.cli('apps', 'stop', 'shop', '--yes')
  await daemon.stop()
  rmSync(folder, { recursive: true, force: true })
})

const cli = (...words: readonly string[]) => daemon.cli(...words, '--json')
function shaped<T extends z.ZodType>(shape: T, result: CliResult): z.output<T> {
  const data = dataOf(result)
  expect(shape.safeParse(data).error?.issues ?? []).toEqual([])
  return shape.parse(data)
}
async function rowOf(check = 'http'): Promise<z.output<typeof row>> {
  const found = shaped(z.array(row), await cli('health', 'shop')).find((one) => one.check === check)
  if (found === undefined) throw new Error(`There is no check ${check}`)
  return found
}
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await wait(100)
}

test('an app that does not run is unknown, and one that runs is checked without a word about it', async () => {
  expect(await rowOf()).toMatchObject({ state: 'unknown', reason: 'the app does not run', kind: 'http' })
  expect(await rowOf('process')).toMatchObject({ state: 'unknown', source: 'found' })
  dataOf(await cli('apps', 'start', 'shop'))
  await until(async () => (await rowOf()).state === 'healthy' && (await rowOf('process')).state === 'healthy')
  const rows = shaped(z.array(row), await cli('health', 'check', 'shop'))
  expect(rows.map(({ check }) => check)).toEqual(['http', 'process'])
})

test('what breaks is an incident with a plain cause, which is acknowledged, noted and resolved by evidence', async () => {
  writeFileSync(path.join(app, 'broken'), '')
  await until(async () => (await rowOf()).state === 'unhealthy')
  await until(async () => shaped(z.array(incident), await cli('incidents', '--open')).length === 1)
  const failed = await cli('health', 'check', 'shop', 'http')
  expect([failed.code, errorOf(failed).code]).toEqual([6, 'check-failed'])
  expect(shaped(incident, await cli('incidents', 'ack', '1')).acknowledgedAt).not.toBeNull()
  expect(shaped(incidentDetail, await cli('incidents', 'note', '1', 'the disk was full')).notes).toHaveLength(
    1,
  )
  rmSync(path.join(app, 'broken'))
  await until(async () => shaped(z.array(incident), await cli('incidents', '--open')).length === 0)
  const { cause, resolution, timeline } = shaped(shownIncident, await cli('incidents', 'show', '1'))
  const first = timeline.causes[0]
  expect(first?.text).toBe('broken was added')
  expect(timeline.events[first?.event ?? -1]).toMatchObject({ kind: 'files', app: 'shop' })
  const { stdout } = await daemon.cli('incidents', 'show', '1')
  expect(stdout).toMatch(/^First change before onset {2}broken was added\nBecause {20}/)
  expect(stdout).toMatch(/check +The check http of shop failed/)
  expect(cause).toMatch(
    /^GET http:\/\/localhost:\d+\/health answered 503 \(expected 200-399\) 2 times since \d\d:\d\d:\d\d$/,
  )
  expect(resolution).toMatch(/^GET http:\/\/localhost:\d+\/health is healthy again$/)
  const { results, failures } = shaped(detail, await cli('health', 'show', 'shop', 'http'))
  expect(failures).toBe('2 in a row')
  expect(results.some(({ grade }) => grade === 'bad')).toBe(true)
  expect((await daemon.cli('incidents')).stdout).toContain('answered 503')
})

test('what checks came to is told over time, of the check and of its app', async () => {
  const lines = async (...words: readonly string[]) =>
    new Map(
      shaped(told, await cli('metrics', 'shop', ...words)).series.lines.map(({ metric, values }) => [
        metric,
        values.filter((value) => value !== null),
      ]),
    )
  const check = await lines('--check', 'http')
  expect([...check.keys()]).toEqual(['latencyP50', 'latencyP95', 'latencyP99', 'availability'])
  expect(Math.min(...(check.get('latencyP50') ?? [0]))).toBeGreaterThan(0)
  for (const shares of [check.get('availability'), (await lines()).get('availability')]) {
    expect(Math.max(...(shares ?? []))).toBeGreaterThan(0)
    expect(Math.min(...(shares ?? []))).toBeLessThan(1)
  }
})

test('restarts and stops by command make no incident; an app that ends by itself does, at once', async () => {
  for (let round = 0; round < 2; round++)
    dataOf(await daemon.cli('apps', 'restart', 'shop', '--yes', '--json'))
  await until(async () => (await rowOf()).state === 'healthy')
  expect(shaped(z.array(incident), await cli('incidents'))).toHaveLength(1)
  writeFileSync(path.join(app, 'crash'), '')
  await daemon.cli('apps', 'restart', 'shop', '--yes')
  await until(async () => shaped(z.array(incident), await cli('incidents')).length === 2)
  const [newest] = shaped(z.array(incident), await cli('incidents'))
  expect(newest?.cause).toMatch(
    /^The process of shop is gone: it ended with exit code 7 after .* at \d\d:\d\d:\d\d$/,
  )
  expect((await rowOf()).reason).toBe('the app has ended')
})

test('checks are paused until a time and resumed, and what is wrong is refused in words', async () => {
  const paused = shaped(z.array(row), await cli('health', 'pause', 'shop', 'http', '--until', '2h'))
  expect(paused).toMatchObject([{ check: 'http', state: 'paused' }])
  expect(Date.parse(paused[0]?.pausedUntil ?? '')).toBeGreaterThan(Date.now() + 3_600_000)
  expect(shaped(z.array(row), await cli('health', 'resume', 'shop'))).toHaveLength(2)
  for (const [words, code, error] of [
    [['health', 'nobody'], 3, 'not-found'],
    [['health', 'show', 'shop', 'nothing'], 3, 'not-found'],
    [['health', 'pause', 'shop', '--until', 'soon'], 2, 'wrong-use'],
    [['health', 'pause', 'shop', '--until', '2001-01-01'], 2, 'invalid-params'],
    [['incidents', 'show', '99'], 3, 'not-found'],
    [['incidents', 'ack', '1'], 1, 'conflict'],
    [['incidents', 'ack', 'x'], 2, 'wrong-use'],
  ] as const) {
    const result = await cli(...words)
    expect([words.join(' '), result.code, errorOf(result).code]).toEqual([words.join(' '), code, error])
  }
})
