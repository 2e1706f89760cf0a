import { expect, test } from 'vitest'
import { Pace } from './pace.ts'

const share = 0.01

/** Looks one after the other for a while; answers how many there were and what they cost. */
function run(pace: Pace, forMs: number, look: (count: number) => { costMs: number; changed: boolean }) {
  let now = 0
  let count = 0
  let spent = 0
  while (now < forMs) {
    const result = look(count++)
    spent += result.costMs
    pace.note(result, now)
    now += Math.max(200, pace.intervalMs)
  }
  return { count, share: spent / forMs }
}

test('cheap looks come at their interval', () => {
  expect(run(new Pace(share), 60_000, () => ({ costMs: 1, changed: false })).count).toBe(300)
})

test('costly looks come so seldom that they stay within the share', () => {
  const pace = new Pace(share)
  run(pace, 5_000, () => ({ costMs: 30, changed: false }))
  expect(pace.intervalMs).toBe(3000)
  expect(run(pace, 600_000, () => ({ costMs: 30, changed: false })).share).toBeCloseTo(share, 3)
})

test('the first looks and a costly one now and then change nothing', () => {
  const pace = new Pace(share)
  expect(
    run(pace, 60_000, (count) => ({ costMs: count < 2 || count % 5 === 0 ? 500 : 1, changed: false })).count,
  ).toBe(300)
})

test('a burst of costly changes is shown at once', () => {
  const pace = new Pace(share)
  const looks = run(pace, 20_000, (count) => ({
    costMs: count % 5 === 0 ? 100 : 1,
    changed: count % 5 === 0,
  }))
  expect(looks.count).toBe(100)
})

test('changes that never end make looks rare, and calm brings them back', () => {
  const pace = new Pace(share)
  run(pace, 60_000, () => ({ costMs: 100, changed: true }))
  expect(pace.intervalMs).toBe(2000)
  pace.note({ costMs: 0, changed: false }, 10_000_000)
  expect(pace.intervalMs).toBe(0)
})

test('signs are followed while they tell of something, and not for long where they never do', () => {
  const pace = new Pace(share)
  for (let now = 0; now < 20_000; now += 100) pace.note({ costMs: 5, changed: true, hurried: true }, now)
  expect(pace.mayHurry).toBe(true)
  let followed = 0
  for (let now = 20_000; now < 80_000; now += 100) {
    const hurried = pace.mayHurry
    pace.note({ costMs: 5, changed: false, hurried }, now)
    if (hurried) followed++
  }
  expect(followed).toBeLessThan(60)
  expect(pace.intervalMs).toBe(500)
})
