import { expect, test } from 'vitest'
import type { LogLine } from '#contract/logs.ts'
import { LineWindow } from './line-window.ts'

/** A log of numbers, whose cursors are numbers too: `before 7` ends with 6, `after 7` begins with 7. */
const page = (from: number, to: number) => ({
  lines: Array.from({ length: to - from }, (_, index): LogLine => {
    const id = `shop/${from + index}`
    const time = '2026-11-22T08:00:00.000Z'
    return {
      id,
      app: 'shop',
      source: 'output',
      time,
      timeFrom: 'line',
      level: null,
      kind: 'application',
      text: id,
      messageAt: 0,
    }
  }),
  older: from === 0 ? null : String(from),
  newer: String(to),
})

const shown = (window: LineWindow): readonly string[] =>
  Array.from({ length: window.count }, (_, index) => {
    const item = window.at(window.first + index)
    return item?.kind === 'line' ? item.line.id.slice('shop/'.length) : `(${item?.count})`
  })

test('pages before and after make one list, and a row keeps its number', () => {
  const window = new LineWindow(10_000)
  window.prepend(page(100, 200))
  const number = window.numberOf('shop/150')
  window.prepend(page(0, 100))
  window.append(page(200, 300))
  expect(shown(window)).toEqual(page(0, 300).lines.map((_, index) => String(index)))
  expect(window.numberOf('shop/150')).toBe(number)
  expect([window.older, window.newer]).toEqual([null, '300'])
})

test('what is too much goes at the other end, in whole chunks that can be asked for again', () => {
  const window = new LineWindow(2000)
  window.prepend(page(5000, 6000))
  expect(window.append(page(6000, 7000))).toBe(false)
  expect(window.append(page(7000, 8000))).toBe(true)
  expect([window.count, window.older, window.newer]).toEqual([2000, '6000', '8000'])
  expect(window.prepend(page(5000, 6000))).toBe(true)
  expect([window.count, window.older, window.newer]).toEqual([2000, '5000', '7000'])
  window.append(page(7000, 8000))
  expect(shown(window)).toEqual(page(6000, 8000).lines.map((_, index) => String(6000 + index)))
})

test('never more than so many rows are kept, however the log is walked', () => {
  const window = new LineWindow(3000)
  window.prepend(page(50_000, 50_400))
  for (let i = 0; i < 40; i++) {
    const from = Number(window.older)
    window.prepend(page(from - 1000, from))
  }
  for (let i = 0; i < 30; i++) {
    const to = Number(window.newer)
    window.append(page(to, to + 1000))
    expect(window.count).toBeLessThanOrEqual(3000)
  }
  const numbers = shown(window).map(Number)
  expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index))
})

test('lines that trickle in become few chunks, which go in time', () => {
  const window = new LineWindow(1000)
  window.prepend(page(0, 1))
  for (let i = 1; i < 5000; i++) window.append(page(i, i + 1))
  expect(window.count).toBeGreaterThan(400)
  expect(window.count).toBeLessThanOrEqual(1000)
  expect(window.newer).toBe('5000')
  expect(window.older).toBe(shown(window)[0])
})

test('lines that were left out are a row that says so, and where they are', () => {
  const window = new LineWindow(10_000)
  window.prepend(page(0, 10))
  window.append(page(500, 510), 490)
  expect(shown(window).slice(9, 12)).toEqual(['9', '(490)', '500'])
  expect(window.at(10 + window.first)).toEqual({ kind: 'gap', count: 490, before: '500' })
})

test('a list that was cleared has nothing before it', () => {
  const window = new LineWindow(100)
  window.startAfter('50')
  expect([window.count, window.older, window.newer]).toEqual([0, null, '50'])
  window.append(page(50, 60))
  expect([window.count, window.older, window.newer]).toEqual([10, null, '60'])
})

test('pages without a line move the ends on', () => {
  const window = new LineWindow(100)
  window.prepend({ lines: [], older: '40', newer: '90' })
  window.prepend({ lines: [], older: '20', newer: '40' })
  expect([window.older, window.newer]).toEqual(['20', '90'])
  window.prepend({ ...page(10, 20) })
  expect([window.older, window.newer]).toEqual(['10', '90'])
  window.append({ lines: [], older: null, newer: '95' })
  expect(window.newer).toBe('95')
})

test('what is missing is counted for as long as its row is there', () => {
  const window = new LineWindow(1000)
  window.prepend(page(0, 10))
  window.append({ ...page(100, 700), older: '100' }, 90)
  expect([window.missing, window.lines, window.count]).toEqual([90, 610, 611])
  window.append(page(700, 1300))
  expect([window.missing, window.lines]).toEqual([0, 600])
})
