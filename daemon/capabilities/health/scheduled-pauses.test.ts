import { expect, test } from 'vitest'
import * as cron from '../../config/cron.ts'
import { toHealth } from '../../config/health-config.ts'
import { appOn, running, startHealth, statusServer, until, useHealth } from './health.fixture.ts'
import { ScheduledPauses } from './scheduled-pauses.ts'

const minute = 60_000
const hour = 60 * minute
const nightly = { schedule: '0 3 * * *', timezone: 'UTC', forMs: 30 * minute }

async function pausesAt(start: string, windows = [nightly]) {
  const clock = { wall: Date.parse(start), now: () => clock.wall }
  const asked = { count: 0 }
  const pauses = new ScheduledPauses({
    clock,
    cron: () =>
      Promise.resolve({
        ...cron,
        lastWithin: (...args: Parameters<typeof cron.lastWithin>) => {
          asked.count++
          return cron.lastWithin(...args)
        },
      }),
  })
  await pauses.prepare(windows)
  return { clock, asked, until: () => pauses.until(windows) }
}

const iso = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString())

test('a pause goes from its time for as long as it is, wherever the clock jumps to and however it got there', async () => {
  const { clock, until } = await pausesAt('2026-05-01T02:59:59.999Z')
  expect(until()).toBeNull()
  clock.wall += 1
  expect(iso(until())).toBe('2026-05-01T03:30:00.000Z')
  for (const jump of [
    1000,
    -1000,
    hour,
    -hour,
    10 * 365 * 24 * hour,
    -10 * 365 * 24 * hour,
    7 * hour,
    13 * minute,
  ]) {
    clock.wall += jump
    for (let step = 0; step < 200; step++) {
      clock.wall += 7 * minute + 13
      const ofDay = clock.wall % (24 * hour)
      const isPaused = ofDay >= 3 * hour && ofDay < 3 * hour + nightly.forMs
      expect([jump, iso(clock.wall), until() !== null]).toEqual([jump, iso(clock.wall), isPaused])
    }
  }
})

test('several pauses are one, in their own time zones, and what meets the next goes on', async () => {
  const { clock, until } = await pausesAt('2026-03-29T00:30:00Z', [
    { schedule: '30 2 * * *', timezone: 'Europe/Berlin', forMs: hour },
    { schedule: '*/10 4 * * *', timezone: 'UTC', forMs: 10 * minute },
  ])
  expect(until()).toBeNull()
  // The clocks there go from 2:00 to 3:00: what was to begin at 2:30 begins after the gap.
  clock.wall = Date.parse('2026-03-29T01:00:00Z')
  expect(iso(until())).toBe('2026-03-29T02:00:00.000Z')
  clock.wall = Date.parse('2026-03-29T04:55:00Z')
  expect(iso(until())).toBe('2026-03-29T05:00:00.000Z')
  clock.wall = Date.parse('2026-03-29T05:00:00Z')
  expect(until()).toBeNull()
})

test('the calendar is asked when something may have changed, not with each check', async () => {
  const { clock, asked, until } = await pausesAt('2026-05-01T12:00:00Z')
  for (let second = 0; second < 3500; second++) {
    clock.wall += 1000
    until()
  }
  expect(asked.count).toBe(1)
})

const world = useHealth()

/** An app that is paused in a minute of each hour, of which the world's clock decides whether it is now. */
async function shop() {
  const server = await statusServer(world.life)
  const pause = { schedule: '30 * * * *', timezone: 'UTC', forMs: 5 * minute, checks: ['http'] }
  const health = { ...toHealth({}), intervalMs: 40, jitterMs: 5, timeoutMs: 500, pauses: [pause] }
  world.apps = [appOn(server.port, { health })]
  world.standings.set('shop', running())
  const at = (time: string) => void (world.ahead = Date.parse(time) - Date.now())
  at('2026-05-01T12:00:00Z')
  const daemon = await startHealth(world)
  const is = (state: string) => until(async () => (await daemon.row()).state === state)
  const incidents = async () => (await daemon.call('incidents.list', {})).rows
  return { ...server, ...daemon, at, is, incidents }
}

test('while it is paused by schedule it is not asked, and no incident opens or is over', async () => {
  const { told, at, is, row, incidents, call } = await shop()
  await is('healthy')
  at('2026-05-01T12:31:00Z')
  await is('paused')
  const until5 = { pausedBy: 'schedule', pausedUntil: '2026-05-01T12:35:00.000Z' }
  expect(await row()).toMatchObject(until5)
  expect(await row('process')).toMatchObject({ state: expect.not.stringMatching('paused'), pausedBy: null })
  told.status = 503
  const { asked } = told
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect([told.asked, (await incidents()).length]).toEqual([asked, 0])
  at('2026-05-01T12:35:00Z')
  await until(async () => (await incidents()).length === 1)
  // One that begins while an incident is open leaves it open, also where all would be well.
  at('2026-05-01T13:30:00Z')
  await is('paused')
  told.status = 200
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(await incidents()).toMatchObject([{ number: 1, resolvedAt: null }])
  // Set back by ten years it is another day, and still not paused without end.
  at('2016-05-01T13:36:00Z')
  await is('healthy')
  await until(async () => (await incidents())[0]?.resolvedAt !== null)
  expect((await call('health.list', {})).rows.filter(({ pausedBy }) => pausedBy !== null)).toEqual([])
}, 20_000)

test('a person may resume what is paused by schedule, until the next time; a pause by hand is told before it', async () => {
  const { told, at, is, row, call } = await shop()
  await is('healthy')
  at('2026-05-01T12:30:00Z')
  await is('paused')
  await call('health.resume', { app: 'shop', check: 'http' })
  await is('healthy')
  const { asked } = told
  await until(() => told.asked > asked + 3)
  at('2026-05-01T13:30:00Z')
  await is('paused')
  await call('health.pause', { app: 'shop', check: 'http', until: '2026-05-01T13:40:00.000Z' })
  expect(await row()).toMatchObject({ pausedBy: 'ana', pausedUntil: '2026-05-01T13:40:00.000Z' })
  at('2026-05-01T13:36:00Z')
  expect(await row()).toMatchObject({ state: 'paused', pausedBy: 'ana' })
  at('2026-05-01T13:40:00Z')
  await is('healthy')
}, 20_000)
