import { expect, test } from 'vitest'
import { dragged, leastSpanMs, moved, scaled } from './zoom.ts'

const hour = 3_600_000
const range = { from: 0, to: hour }

test('what is under the cursor stays under it', () => {
  const zoomed = scaled(range, hour / 4, 0.5, range)
  expect(zoomed).toEqual({ from: hour / 8, to: hour / 8 + hour / 2 })
  expect(scaled(zoomed ?? range, hour / 4, 0.5, range)).toEqual({
    from: (hour * 3) / 16,
    to: (hour * 7) / 16,
  })
})

test('no span is so short that nothing is in it, or so long as the range', () => {
  let span = range
  for (let count = 0; count < 50; count++) span = scaled(span, hour / 2, 0.5, range) ?? range
  expect(span.to - span.from).toBe(leastSpanMs)
  expect(scaled({ from: 0, to: hour / 2 }, 0, 2, range)).toBeNull()
})

test('nothing after now is shown, and a span keeps its length', () => {
  expect(moved({ from: hour / 2, to: hour }, 0.5, hour)).toEqual({ from: hour / 2, to: hour })
  expect(moved({ from: hour / 2, to: hour }, -0.5, hour)).toEqual({ from: hour / 4, to: (hour * 3) / 4 })
  expect(scaled({ from: hour / 2, to: hour }, hour / 2, 1.5, range)).toEqual({ from: hour / 4, to: hour })
})

test('a click is no zoom, and a short drag is made as long as it must be', () => {
  expect(dragged(1000, 1000, 5000, hour)).toBeNull()
  expect(dragged(hour / 2, hour / 4, 5000, hour)).toEqual({ from: hour / 4, to: hour / 2 })
  const short = dragged(hour / 2, hour / 2 + 10_000, 5000, hour)
  expect((short?.to ?? 0) - (short?.from ?? 0)).toBe(leastSpanMs)
})
