import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { connectLocal } from '#client/connect.ts'
import { PlotFeed } from '../../extension/dashboard/plot-feed.ts'
import { Model } from '../../extension/model.ts'
import { toPageOf, type Plots, type Want } from '../../webviews/dashboard/messages.ts'
import { startDaemon } from '../support/daemon.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const want: Want = { kind: 'apps', app: '', range: '1h', zoom: null, points: 120 }
/** Ten minutes ago somebody asked, and nobody since. */
const requests = (count: number): string =>
  Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      level: 30,
      time: Date.now() - 600_000,
      req: { method: 'GET', url: '/' },
      res: { statusCode: index === 0 ? 500 : 200 },
      responseTime: 10 * (index + 1),
      msg: 'request completed',
    }),
  ).join('\n')

async function feedOf(configs: Readonly<Record<string, string>>) {
  const root = mkdtempSync(path.join(tmpdir(), 'qa-plots-'))
  closing.push(() => rmSync(root, { recursive: true, force: true }))
  for (const [name, config] of Object.entries(configs)) {
    mkdirSync(path.join(root, name))
    writeFileSync(path.join(root, name, 'quantum.config.yaml'), config)
    writeFileSync(path.join(root, name, 'access.log'), `${requests(10)}\n`)
  }
  const daemon = await startDaemon({
    env: { DOCKER_HOST: 'unix:///nowhere/docker.sock', QUANTUM_ADMIN_METRICS_SECONDS: '0.2' },
  })
  closing.push(() => daemon.stop())
  const client = daemon.client()
  closing.push(() => client.dispose())
  const model = new Model({
    open: () => Promise.resolve(connectLocal({ home: daemon.home, client: 'vscode/0', launcher: null })),
    log: () => undefined,
  })
  closing.push(() => model.dispose())
  const told: Plots[] = []
  const feed = new PlotFeed(model, (plots) => void told.push(plots))
  closing.push(() => feed.dispose())
  const interest = model.want(['metrics', 'health', 'audit'])
  closing.push(() => interest.dispose())
  await model.start()
  feed.look(true)
  await client.call('apps.add', { folder: root })
  return { client, feed, told }
}

const config = `admin:
  run: { command: sleep 1000 }
  health: { interval: 1s, failures: 1, checks: { works: { command: 'false' } } }
  logs: { sources: [{ file: access.log, kind: access }] }
`

test('what apps told of is drawn with gaps where they told nothing, and with what was done and what broke', async () => {
  const { client, feed, told } = await feedOf({
    shop: config,
    api: 'admin: { run: { command: sleep 1000 } }\n',
  })
  closing.push(() => client.call('apps.stop', { app: 'shop' }))
  feed.want(want)
  await client.call('apps.start', { app: 'shop' })
  const soon = { timeout: 20_000 }
  const line = (panel: string) => told.at(-1)?.lines.find((one) => one.panel === panel && one.name === 'shop')
  await expect
    .poll(() => line('requests')?.values.filter((value) => value !== null && value > 0), soon)
    .toHaveLength(1)
  const { stepMs = 1, begin = 0 } = line('requests') ?? {}
  const at = line('requests')?.values.findIndex((value) => value !== null && value > 0) ?? 0
  expect(Math.abs(begin + (at + 0.5) * stepMs - (Date.now() - 600_000))).toBeLessThan(90_000)
  // Before that, and between that and the start of the app, nobody knows.
  expect(
    line('requests')
      ?.values.slice(0, at)
      .every((value) => value === null),
  ).toBe(true)
  expect(line('requests')?.values[at + 2]).toBeNull()
  expect(line('errors')?.values[at]).toBeCloseTo(0.1)
  expect(line('slowest')?.values[at]).toBeGreaterThan(80)
  await expect
    .poll(() => told.at(-1)?.marks.map(({ kind, app }) => [kind, app]), soon)
    .toEqual([
      ['start', 'shop'],
      ['incident', 'shop'],
    ])
  const [start, incident] = told.at(-1)?.marks ?? []
  expect(feed.marked(start?.key ?? '')).toMatchObject({ entry: { action: 'start' } })
  expect(feed.marked(incident?.key ?? '')).toMatchObject({ incident: { number: 1, app: 'shop' } })
  expect(feed.marked('__proto__')).toBeUndefined()
  for (const plots of told) expect(toPageOf({ type: 'plots', plots })).not.toBeNull()
  await expect.poll(() => line('availability')?.stepMs, soon).toBe(60_000)
  // One app, with its checks; the machine; and one that never was.
  feed.want({ ...want, kind: 'app', app: 'shop' })
  const names = (panel: string) =>
    told.at(-1)?.lines.flatMap((one) => (one.panel === panel ? [one.name || one.metric] : []))
  await expect.poll(() => names('availability'), soon).toEqual(['process', 'works'])
  expect(names('latency')).toEqual(['latencyP50', 'latencyP95', 'latencyP99'])
  const works = told.at(-1)?.lines.find(({ panel, name }) => panel === 'availability' && name === 'works')
  expect(works?.values.filter((value) => value !== null && value !== 0)).toEqual([])
  feed.want({ ...want, kind: 'machine' })
  await expect.poll(() => told.at(-1)?.lines.some(({ panel }) => panel === 'memory'), soon).toBe(true)
  feed.want({ ...want, kind: 'app', app: 'nobody' })
  await expect.poll(() => told.at(-1)?.problem, soon).toContain('nobody')
  // What nobody sees is not asked for.
  feed.look(false)
  const count = told.length
  await delay(3000)
  expect(told.length).toBe(count)
})
