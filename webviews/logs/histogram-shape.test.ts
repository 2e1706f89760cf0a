import { expect, test } from 'vitest'
import { barsOf, bucketAt, bucketCount, spanOf } from './histogram-shape.ts'

const histogram = {
  from: '2026-11-22T08:00:00.000Z',
  to: '2026-11-22T08:10:00.000Z',
  bucketMs: 60_000,
  buckets: [
    { from: '2026-11-22T08:01:00.000Z', counts: { info: 3, error: 1 } },
    { from: '2026-11-22T08:09:00.000Z', counts: { none: 2 } },
  ],
  total: 6,
}

test('bars stand where their time is, the gravest level at the bottom', () => {
  const bars = barsOf(histogram)
  expect(bars.map(({ level, x }) => [level, x])).toEqual([
    ['error', 0.1],
    ['info', 0.1],
    ['none', 0.9],
  ])
  const heights = bars.map(({ y, height }) => [y, height])
  expect(heights.flat()).toEqual([0.75, 0.25, 0, 0.75, 0.5, 0.5].map((value) => expect.closeTo(value)))
})

test('a part of the picture is a time, whichever way it is drawn', () => {
  expect(bucketCount(histogram)).toBe(10)
  expect([-1, 0, 0.55, 1, 2].map((share) => bucketAt(histogram, share))).toEqual([0, 0, 5, 9, 9])
  const span = { since: '2026-11-22T08:02:00.000Z', until: '2026-11-22T08:05:00.000Z' }
  expect(spanOf(histogram, 2, 4)).toEqual(span)
  expect(spanOf(histogram, 4, 2)).toEqual(span)
})
