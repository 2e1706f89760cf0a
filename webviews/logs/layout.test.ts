import { expect, test } from 'vitest'
import { Layout } from './layout.ts'

const extras = [
  { index: 5, height: 100 },
  { index: 2, height: 30 },
  { index: 99, height: 1 },
]

test('rows stand below one another, the open ones taking more', () => {
  const layout = new Layout(10, 20, extras)
  expect(layout.height).toBe(330)
  expect([0, 2, 3, 5, 6, 9].map((index) => layout.topOf(index))).toEqual([0, 40, 90, 130, 250, 310])
  expect(layout.bottomOf(5)).toBe(250)
})

test('each place belongs to the row that is drawn there', () => {
  const layout = new Layout(10, 20, extras)
  for (let y = 0; y < layout.height; y++) {
    const index = layout.indexAt(y)
    expect(layout.topOf(index)).toBeLessThanOrEqual(y)
    expect(layout.bottomOf(index)).toBeGreaterThan(y)
  }
  expect(layout.indexAt(-5)).toBe(0)
  expect(layout.indexAt(9999)).toBe(9)
})

test('only what is seen is drawn, also of a million rows', () => {
  const layout = new Layout(1_000_000, 20, [])
  expect(layout.visible(10_000_000, 600, 10)).toEqual({ first: 499_990, last: 500_040 })
  expect(layout.visible(0, 600, 10)).toEqual({ first: 0, last: 40 })
  expect(layout.visible(layout.height, 600, 10)).toEqual({ first: 999_989, last: 999_999 })
  expect(new Layout(0, 20, extras).visible(0, 600, 10)).toEqual({ first: 0, last: -1 })
})

test('a row is scrolled to no further than needed', () => {
  const layout = new Layout(100, 20, [])
  expect(layout.scrollFor(50, 0, 200)).toBe(820)
  expect(layout.scrollFor(50, 1500, 200)).toBe(1000)
  expect(layout.scrollFor(50, 900, 200)).toBe(900)
})
