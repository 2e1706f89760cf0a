import { expect, test } from 'vitest'
import type { HistoryRow } from '#contract/history.ts'
import { isoTime } from '#base/clock.ts'
import { toHealth } from '../../config/health-config.ts'
import { appOn, running, startHealth, statusServer, until, useHealth } from './health.fixture.ts'
import { onsetOf } from './timeline-checks.ts'

const world = useHealth()

const row = (id: number, said: Partial<HistoryRow>): HistoryRow => ({
  id,
  kind: 'files',
  turn: 'changed',
  at: isoTime(Date.now()),
  after: null,
  app: 'shop',
  title: 'price.js was changed',
  detail: null,
  file: '/srv/shop/price.js',
  line: null,
  names: ['price.js'],
  ...said,
})

async function broken() {
  const { told, port } = await statusServer(world.life)
  world.apps = [appOn(port), appOn(1, { app: 'billing', health: { ...toHealth({}), enabled: false } })]
  world.standings.set('shop', running())
  const started = await startHealth(world)
  await until(async () => (await started.row()).state === 'healthy')
  const fail = async () => {
    told.status = 500
    await until(async () => (await started.call('incidents.list', {})).rows.length > 0)
  }
  return { ...started, fail, told }
}

test('the first change before the onset is told with its place, and what others did is left out', async () => {
  const { call, fail } = await broken()
  world.history = [row(2, {}), row(1, { app: 'billing', title: 'other.js was changed', names: ['other.js'] })]
  await fail()
  const timeline = await call('incidents.timeline', { number: 1 })
  const { results } = await call('health.show', { app: 'shop', check: 'http', limit: 1000 })
  const firstBad = results.findLast(({ grade }) => grade === 'bad')
  expect(timeline).toMatchObject({ number: 1, app: 'shop', onset: firstBad?.at, left: 0 })
  const [cause] = timeline.causes
  expect(cause).toMatchObject({ text: 'price.js was changed', reason: 'at the moment of the first failure' })
  expect(timeline.events[cause?.event ?? -1]).toMatchObject({
    kind: 'files',
    opens: { type: 'file', file: '/srv/shop/price.js', line: null },
  })
  expect(timeline.events.map(({ title }) => title)).toEqual([
    'price.js was changed',
    'The check http of shop failed',
  ])
})

test('of what nobody has changed nothing is said, and there is no timeline of what never was', async () => {
  const { call, fail } = await broken()
  await fail()
  expect((await call('incidents.timeline', { number: 1 })).causes).toEqual([])
  await expect(call('incidents.timeline', { number: 2 })).rejects.toMatchObject({ code: 'not-found' })
})

test('what was told when it was resolved is told for as long as the incident is kept', async () => {
  const { call, fail, told, rows } = await broken()
  world.history = [row(1, {})]
  await fail()
  told.status = 200
  await until(async () => (await call('incidents.list', { open: true })).rows.length === 0)
  await until(async () => (await rows.timeline(1)) !== null)
  world.history = []
  const { causes, events } = await call('incidents.timeline', { number: 1 })
  expect(causes[0]?.text).toBe('price.js was changed')
  expect(events.at(-1)?.title).toBe('The check http of shop is good again')
})

test('the onset is the first failure of any check that goes on to the one that opened the incident', () => {
  const result = (check: string, at: number, grade: 'good' | 'bad') => ({
    app: 'shop',
    check,
    at: isoTime(at),
    grade,
    latencyMs: null,
    reason: null,
  })
  const results = [
    result('port', 1000, 'bad'),
    result('port', 2000, 'good'),
    result('port', 3000, 'bad'),
    result('http', 3500, 'good'),
    result('http', 4000, 'bad'),
    result('port', 4100, 'bad'),
  ]
  expect(onsetOf('shop', 4000, results)).toBe(3000)
  expect(onsetOf('shop', 4000, results.slice(0, 2))).toBe(4000)
  expect(onsetOf('other', 4000, results)).toBe(4000)
})
