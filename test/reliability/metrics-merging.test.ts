import { expect, test } from 'vitest'
import { Random } from '../support/random.ts'
import { scale } from '../support/scale.ts'
import { accuracy, Aggregate, boundOf, bucketOf } from '#base/aggregate.ts'

const of = (values: readonly number[]): Aggregate => {
  const aggregate = new Aggregate(true)
  for (const value of values) aggregate.add(value)
  return aggregate
}

/** Microseconds as servers have them: most near each other, some far away, all alike, or anything at all. */
function values(random: Random): number[] {
  const shape = random.int(0, 3)
  const count = random.int(1, 400)
  return Array.from({ length: count }, () => {
    if (shape === 0) return random.int(0, 3)
    if (shape === 1) return 12_345
    if (shape === 2) return Math.floor(Math.exp(random.next() * 25))
    return random.next() < 0.95 ? random.int(900, 1100) : random.int(1, 60_000_000)
  })
}

test('a percentile is at most 2 % beside the value that stands there, whatever the values', () => {
  const random = new Random(1)
  for (let round = 0; round < scale(300, 20_000); round++) {
    const all = values(random)
    const sorted = all.toSorted((a, b) => a - b)
    for (const share of [0.01, 0.5, 0.9, 0.95, 0.99, 1]) {
      const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
      const told = of(all).percentile(share) ?? Number.NaN
      // Zero and one share a bucket.
      const allowed = Math.max(accuracy * exact * (1 + 1e-9), exact <= 1 ? 1 : 0)
      expect(Math.abs(told - exact), `${share} of ${sorted.join()}`).toBeLessThanOrEqual(allowed)
    }
  }
})

test('parts put together in any partition and any order are the whole, to the last bit', () => {
  const random = new Random(2)
  for (let round = 0; round < scale(200, 10_000); round++) {
    const all = values(random)
    let parts = [...Map.groupBy(all, () => random.int(0, 8)).values()].map(of)
    while (parts.length > 1) {
      const [one, other] = [random.int(0, parts.length - 1), random.int(0, parts.length - 1)]
      if (one === other) continue
      const [into, from] = [parts[one], parts[other]]
      if (into === undefined || from === undefined) throw new Error('Both are there')
      into.merge(from)
      parts = parts.filter((part) => part !== from)
    }
    const [merged, whole] = [parts[0], of(all)]
    expect(merged?.buckets).toEqual(whole.buckets)
    expect(merged).toMatchObject({
      weight: whole.weight,
      sum: whole.sum,
      least: whole.least,
      most: whole.most,
    })
  }
})

test('a value lies above the bound of the bucket before its own, and not above that of its own', () => {
  for (let value = 2; value < 1e13; value = Math.ceil(value * 1.013)) {
    const bucket = bucketOf(value)
    expect(value).toBeLessThanOrEqual(boundOf(bucket) * (1 + 1e-9))
    expect(value).toBeGreaterThan(boundOf(bucket - 1) * (1 - 1e-9))
  }
})

test('nothing has no percentile', () => {
  expect(new Aggregate(true).percentile(0.5)).toBeNull()
  expect(new Aggregate(false).percentile(0.5)).toBeNull()
})
