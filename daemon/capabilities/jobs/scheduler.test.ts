import { expect, test } from 'vitest'
import * as cron from '../../config/cron.ts'
import { lookAgainMs, Scheduler, type ScheduledJob } from './scheduler.ts'

const minute = 60_000
const start = Date.parse('2026-05-01T11:59:30Z')

/** A scheduler on a clock that only goes when told, and what it ran. */
function setup(jobs: readonly Partial<ScheduledJob>[]) {
  const clock = { wall: start, now: () => clock.wall, monotonic: () => clock.wall - start }
  const ran: string[] = []
  const done = new Set<number>()
  const reported: unknown[] = []
  const refusing = { fire: false, take: false }
  const scheduler = new Scheduler({
    clock,
    cron: () => Promise.resolve(cron),
    stored: () => Promise.resolve([]),
    fired: ({ time }) => Promise.resolve(done.has(time)),
    fire: ({ job }, time) => {
      if (refusing.fire) return Promise.reject(new Error('the disk is full'))
      done.add(Date.parse(time))
      ran.push(`${job} ${time.slice(11, 16)}`)
      return Promise.resolve()
    },
    take: () => (refusing.take ? Promise.reject(new Error('the disk is full')) : Promise.resolve()),
    report: (error) => reported.push(error),
  })
  const usual = { app: 'shop', job: 'tick', pattern: '0 * * * *', zone: 'UTC', missed: 'once' } as const
  scheduler.set(
    jobs.map((job) => ({ ...usual, ...job })),
    () => true,
  )
  const after = (ms: number): Promise<number> => {
    clock.wall += ms
    return scheduler.look()
  }
  return { scheduler, ran, reported, refusing, after }
}

test('it is looked at no later than something is due, and at least every ten seconds', async () => {
  const { after, ran } = setup([{}])
  expect(await after(0)).toBe(lookAgainMs)
  expect(await after(25_000)).toBe(5000)
  expect(await after(5000)).toBe(lookAgainMs)
  expect(ran).toEqual(['tick 12:00'])
})

test('what was missed is run once, or left out where that is wanted', async () => {
  const once = setup([{ missed: 'once' }])
  const skip = setup([{ missed: 'skip' }])
  for (const { after } of [once, skip]) {
    await after(0)
    await after(190 * minute)
    await after(51 * minute)
  }
  expect(once.ran).toEqual(['tick 15:00', 'tick 16:00'])
  expect(skip.ran).toEqual(['tick 16:00'])
})

test('what cannot be begun is tried again until it can, and is told', async () => {
  const { after, ran, refusing, reported } = setup([{}])
  await after(0)
  refusing.fire = true
  expect(await after(minute)).toBeLessThan(lookAgainMs)
  await after(minute)
  expect([ran, reported.length]).toEqual([[], 2])
  refusing.fire = false
  await after(minute)
  await after(minute)
  expect(ran).toEqual(['tick 12:00'])
})

test('a schedule that cannot be written does not count until it is, and holds up no other', async () => {
  const { after, ran, refusing, scheduler } = setup([{}])
  refusing.take = true
  await after(0)
  await after(minute)
  expect([ran, scheduler.nextOf('shop', 'tick')]).toEqual([[], null])
  refusing.take = false
  await after(minute)
  await after(60 * minute)
  expect(ran).toEqual(['tick 13:00'])
})

test('one that never comes never runs, and a changed one counts from then on', async () => {
  const never = setup([{ pattern: '0 3 31 2 *' }])
  expect(await never.after(0)).toBe(lookAgainMs)
  await never.after(400 * 24 * 60 * minute)
  expect(never.ran).toEqual([])
  const { after, ran, scheduler } = setup([{}])
  await after(0)
  scheduler.set(
    [{ app: 'shop', job: 'tick', pattern: '30 * * * *', zone: 'UTC', missed: 'once' }],
    () => true,
  )
  await after(15 * minute)
  await after(30 * minute)
  expect(ran).toEqual(['tick 12:30'])
})
