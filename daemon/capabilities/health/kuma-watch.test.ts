import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { KumaConfig } from '../../config/health-config.ts'
import { toHealth } from '../../config/health-config.ts'
import { monitorsOfMetrics, monitorsOfPage } from '../../exchange/kuma-monitors.ts'
import { appOn, startHealth, until, useHealth } from './health.fixture.ts'
import { KumaServer } from './kuma.fixture.ts'

const world = useHealth()

/** As Kuma writes times. */
const time = (agoMs: number): string =>
  new Date(Date.now() - agoMs).toISOString().replace('T', ' ').replace('Z', '')
const beat = (status: number, agoMs: number, msg = '', ping: number | null = 12) => ({
  status,
  time: time(agoMs),
  msg,
  ping,
})
const page = {
  config: { slug: 'shop', title: 'Shop' },
  incident: null,
  publicGroupList: [
    {
      id: 1,
      name: 'Web',
      weight: 1,
      monitorList: [
        { id: 4, name: 'Orders', sendUrl: 0 },
        { id: 7, name: 'Pay: ment ☃' },
      ],
    },
    {
      id: 2,
      name: 'Rest',
      weight: 2,
      monitorList: [
        { id: 9, name: 'Orders' },
        { id: 11, name: 'Old' },
        { id: 12, name: 'New' },
      ],
    },
  ],
}
const heartbeats = (orders: number) => ({
  heartbeatList: {
    4: [
      beat(1, 180_000),
      beat(0, 120_000, 'timeout'),
      beat(orders, 60_000, orders === 0 ? 'Request failed with status code 503' : '200 - OK'),
    ],
    7: [beat(2, 20_000, 'connect ECONNREFUSED')],
    9: [0, beat(3, 30_000)],
    11: [beat(1, 7_320_000), beat(1, 7_260_000), beat(1, 7_200_000)],
    12: [],
  },
  uptimeList: { '4_24': 0.9 },
})

const kumaOf = (url: string, said: Partial<KumaConfig> = {}): KumaConfig => ({
  url,
  statusPage: 'shop',
  key: null,
  monitors: null,
  intervalMs: 50,
  ...said,
})
const health = (kuma: KumaConfig) => ({ ...toHealth({}), kuma })

async function watching(said: Partial<KumaConfig> = {}, apart: readonly string[] = []) {
  const kuma = await KumaServer.start(world.life)
  kuma.pages.set('/api/status-page/shop', page)
  kuma.pages.set('/api/status-page/heartbeat/shop', heartbeats(0))
  world.apps = [
    appOn(null, { health: health(kumaOf(kuma.url, said)), path: null, takesPort: false, state: 'stopped' }),
  ]
  const started = await startHealth(world)
  const monitors = async () =>
    (await started.call('health.list', {})).rows.filter(({ source }) => source === 'kuma')
  await until(async () => (await monitors()).every(({ check }) => check !== 'kuma' || apart.includes(check)))
  return { kuma, monitors, ...started }
}

test('monitors of a status page stand beside the checks, each in our word for its state', async () => {
  const { kuma, monitors, call } = await watching()
  const rows = await monitors()
  expect(rows.map(({ check, kind, state, reason }) => [check, kind, state, reason])).toEqual([
    ['kuma:new', 'monitor', 'unknown', 'Uptime Kuma says nothing of it yet'],
    ['kuma:old', 'monitor', 'unknown', expect.stringContaining('has had no heartbeat since ')],
    ['kuma:orders', 'monitor', 'unhealthy', 'is down: Request failed with status code 503'],
    ['kuma:orders-2', 'monitor', 'paused', null],
    ['kuma:pay-ment', 'monitor', 'degraded', 'is pending: connect ECONNREFUSED'],
  ])
  const [, , orders, maintained] = rows
  // Down since the first of the heartbeats that say so.
  expect(Date.now() - Date.parse(orders?.since ?? '')).toBeGreaterThan(119_000)
  expect(maintained).toMatchObject({ pausedBy: 'Uptime Kuma', pausedUntil: null })
  const detail = await call('health.show', { app: 'shop', check: 'kuma:orders' })
  expect(detail.results.map(({ grade, reason }) => [grade, reason])).toEqual([
    ['bad', 'Request failed with status code 503'],
    ['bad', 'timeout'],
    ['good', null],
  ])
  kuma.pages.set('/api/status-page/heartbeat/shop', heartbeats(1))
  await until(async () =>
    (await monitors()).some(({ check, state }) => check === 'kuma:orders' && state === 'healthy'),
  )
  expect((await call('incidents.list', {})).rows).toEqual([])
})

test('they are only shown: checking and pausing an app leaves them out', async () => {
  const { call } = await watching()
  for (const method of ['health.check', 'health.pause', 'health.resume'] as const) {
    expect((await call(method, { app: 'shop' })).map(({ kind }) => kind)).toEqual(['process'])
    await expect(call(method, { app: 'shop', check: 'kuma:orders' })).rejects.toMatchObject({
      code: 'not-found',
    })
  }
})

test('what a Kuma said counts no longer when it has not answered for three intervals', async () => {
  const { kuma, monitors } = await watching({ intervalMs: 100 })
  await kuma.stop()
  await until(async () => (await monitors()).every(({ state }) => state === 'unknown'))
  const [row] = await monitors()
  expect(row?.reason).toMatch(/^127\.0\.0\.1:\d+ failed: nothing listens there$/)
  await kuma.listen()
  await until(async () => (await monitors()).some(({ state }) => state === 'unhealthy'))
})

test('the metrics of a Kuma are read with its API key, and only those that are wanted are shown', async () => {
  const kuma = await KumaServer.start(world.life)
  kuma.pages.set(
    '/metrics',
    [
      '# HELP monitor_status Monitor Status (1 = UP, 0= DOWN, 2= PENDING, 3= MAINTENANCE)',
      '# TYPE monitor_status gauge',
      'monitor_status{monitor_name="Say \\"hi\\", {now}",monitor_type="http",monitor_url="https://example.com",monitor_hostname="null",monitor_port="null"} 1',
      'monitor_status{monitor_name="Mail",monitor_type="port",monitor_url="https://",monitor_hostname="mail.example.com",monitor_port="587"} 0',
      'monitor_status{monitor_name="Unwanted",monitor_type="http",monitor_url="https://x",monitor_hostname="null",monitor_port="null"} 0',
      'monitor_response_time{monitor_name="Say \\"hi\\", {now}",monitor_type="http",monitor_url="https://example.com",monitor_hostname="null",monitor_port="null"} 97',
      'process_cpu_user_seconds_total 1.5',
      '',
    ].join('\n'),
  )
  const said = { statusPage: null, key: 'secret:api', monitors: ['Say "hi", {now}', 'Mail'] }
  world.apps = [appOn(null, { health: health(kumaOf(`${kuma.url}/`, said)), path: null, takesPort: false })]
  const { call } = await startHealth(world)
  const rows = async () => (await call('health.list', {})).rows.filter(({ source }) => source === 'kuma')
  await until(async () => (await rows()).length === 2)
  expect((await rows()).map(({ check, state, latencyMs }) => [check, state, latencyMs])).toEqual([
    ['kuma:mail', 'unhealthy', null],
    ['kuma:say-hi-now', 'healthy', 97],
  ])
  expect(kuma.asked[0]).toEqual({
    path: '/metrics',
    authorization: `Basic ${Buffer.from(':hunter2').toString('base64')}`,
  })
})

test.each([
  [{ statusPage: 'other' }, /^127\.0\.0\.1:\d+ answered 404: there is no such status page$/],
  [{ statusPage: null, key: 'secret:none' }, /there is no secret none, which is to hold an API key$/],
  [{ url: 'http://169.254.169.254' }, /^169\.254\.169\.254 was not asked/],
  [{ statusPage: 'html' }, /answered, and not as Uptime Kuma does$/],
])('a Kuma that cannot be read is one row that says why: %j', async (said, reason) => {
  const kuma = await KumaServer.start(world.life)
  kuma.pages.set('/api/status-page/html', '<html>')
  kuma.pages.set('/api/status-page/heartbeat/html', '<html>')
  world.apps = [appOn(null, { health: health(kumaOf(kuma.url, said)), path: null, takesPort: false })]
  const { call } = await startHealth(world)
  const row = async () => (await call('health.list', {})).rows.find(({ source }) => source === 'kuma')
  await until(async () => (await row())?.reason !== 'it was not asked yet')
  expect(await row()).toMatchObject({
    check: 'kuma',
    state: 'unknown',
    reason: expect.stringMatching(reason) as string,
  })
  const before = kuma.asked.length
  world.apps = [appOn(null, { path: null, takesPort: false })]
  await call('health.check', { app: 'shop' })
  await until(async () => (await row()) === undefined)
  await wait(120)
  // One that was on its way may still have come.
  expect(kuma.asked.length).toBeLessThanOrEqual(before + 2)
})

test('whatever stands in a page or among metrics is understood or passed over', () => {
  expect(monitorsOfPage(null, null)).toBeNull()
  expect(monitorsOfPage({ publicGroupList: [] }, {})).toBeNull()
  const odd = {
    publicGroupList: [
      1,
      { monitorList: 'x' },
      { monitorList: [null, { id: '__proto__', name: 5 }, { id: 3, name: '\u001b[31m' }] },
    ],
  }
  const beats = { heartbeatList: { 3: [{ status: 9, time: 'never' }, { status: 1, time: 'x' }, 7, null] } }
  expect(monitorsOfPage(odd, beats)?.map(({ key, status }) => [key, status])).toEqual([
    ['monitor-1', null],
    ['monitor-2', null],
    ['e-31m', null],
  ])
  expect(monitorsOfMetrics('<html>')).toBeNull()
  expect(monitorsOfMetrics('monitor_status{monitor_name="a"} NaN\nmonitor_status{ 1\n')).toMatchObject([
    { key: 'a', status: null },
  ])
  const many = `monitor_status{monitor_name="${'a'.repeat(50_000)}"} 1\n`.repeat(50)
  const start = performance.now()
  monitorsOfMetrics(many)
  monitorsOfMetrics(`monitor_status{${'a="\\\\'.repeat(200_000)}`)
  expect(performance.now() - start).toBeLessThan(1000)
})
