import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CheckRunner, type Recurring } from './check-runner.ts'

/** Both clocks in the hands of the test; timers are those of the test as well. */
let wall = 0
const clock = { now: () => wall + performance.now(), monotonic: () => performance.now() }

beforeEach(() => {
  wall = 1_700_000_000_000
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => vi.useRealTimers())

const every = (key: string, intervalMs: number, lane = key, most = 32): Recurring => ({
  key,
  lane,
  most,
  intervalMs,
  jitterMs: intervalMs / 10,
})

/** A generator of the test's own, so that equal runs are equal. */
let state = 1
const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647

function runnerWith(run: (key: string) => Promise<void>) {
  const sleeps: number[] = []
  const runner = new CheckRunner({ clock, random, run, slept: () => sleeps.push(performance.now()) })
  return { runner, sleeps }
}

test('5,000 things every 10 s are done every 10 s each, spread over it, whoever is slow', async () => {
  const times = new Map<string, number[]>()
  let under = 0
  let most = 0
  const { runner } = runnerWith(async (key) => {
    times.set(key, [...(times.get(key) ?? []), performance.now()])
    most = Math.max(most, ++under)
    await new Promise((resolve) => setTimeout(resolve, 5))
    under--
  })
  runner.set(Array.from({ length: 5000 }, (_, n) => every(`c${n}`, 10_000, 'one host')))
  await vi.advanceTimersByTimeAsync(60_000)
  const counts = [...times.values()].map(({ length }) => length)
  expect([times.size, Math.min(...counts), Math.max(...counts)]).toEqual([5000, 5, 6])
  const perSecond = Map.groupBy([...times.values()].flat(), (at) => Math.floor(at / 1000))
  const busiest = Math.max(...[...perSecond.values()].map(({ length }) => length))
  expect(busiest).toBeLessThan(1.4 * 500)
  expect(most).toBeLessThanOrEqual(32)
  runner.dispose()
})

test('a host that never answers holds up nobody else, and nothing of it piles up', async () => {
  const done = new Map<string, number>()
  let stuck = 0
  const { runner } = runnerWith((key) => {
    done.set(key, (done.get(key) ?? 0) + 1)
    if (!key.startsWith('dead')) return Promise.resolve()
    stuck++
    return new Promise((resolve) => setTimeout(resolve, 600_000))
  })
  runner.set([
    ...Array.from({ length: 1000 }, (_, n) => every(`dead${n}`, 1000, 'dead')),
    ...Array.from({ length: 50 }, (_, n) => every(`live${n}`, 1000, 'live')),
  ])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(stuck).toBe(32)
  expect(Math.min(...Array.from({ length: 50 }, (_, n) => done.get(`live${n}`) ?? 0))).toBeGreaterThanOrEqual(
    57,
  )
  runner.dispose()
})

test('at most 200 are under way together', async () => {
  let under = 0
  const { runner } = runnerWith(() => {
    under++
    return new Promise(() => undefined)
  })
  runner.set(Array.from({ length: 1000 }, (_, n) => every(`c${n}`, 1000)))
  await vi.advanceTimersByTimeAsync(5000)
  expect(under).toBe(200)
  runner.dispose()
})

test('an hour of sleep is told once, before anything else is done; clocks that are put back or a little on are none', async () => {
  const { runner, sleeps } = runnerWith(() => Promise.resolve())
  runner.set([every('one', 10_000)])
  await vi.advanceTimersByTimeAsync(20_000)
  for (const jump of [1000, -1000, -3_600_000, -10 * 365 * 86_400_000]) {
    wall += jump
    await vi.advanceTimersByTimeAsync(6000)
  }
  expect(sleeps).toEqual([])
  wall += 3_600_000
  await vi.advanceTimersByTimeAsync(6000)
  expect(sleeps).toHaveLength(1)
  runner.dispose()
})

test('what is asked for now is one that began after it was asked for', async () => {
  let begun = 0
  const { runner } = runnerWith(async () => {
    begun++
    await new Promise((resolve) => setTimeout(resolve, 100))
  })
  runner.set([every('one', 1_000_000)])
  await vi.advanceTimersByTimeAsync(50)
  expect(begun).toBe(1)
  let settled = false
  void runner.now('one').then(() => (settled = true))
  await vi.advanceTimersByTimeAsync(75)
  expect([begun, settled]).toEqual([2, false])
  await vi.advanceTimersByTimeAsync(100)
  expect([begun, settled]).toEqual([2, true])
  runner.dispose()
})
