import { beforeAll, expect, test } from 'vitest'
import { ago, decimal, length, size } from './times.ts'

beforeAll(() => {
  // In a page the language is the document's.
  Object.assign(globalThis, { document: { documentElement: { lang: 'en' } } })
})

const now = Date.parse('2030-01-31T03:00:00.000Z')

test.each([
  ['2030-01-31T02:59:59.000Z', 'this minute'],
  ['2030-01-31T03:00:20.000Z', 'this minute'],
  ['2030-01-31T02:55:00.000Z', '5 min. ago'],
  ['2030-01-31T01:00:00.000Z', '2 hr. ago'],
  ['2030-01-30T02:00:00.000Z', 'yesterday'],
])('%s is %s', (iso, words) => {
  expect(ago(iso, now)).toBe(words)
})

test.each([
  [30, '0 min'],
  [3600, '1 hr'],
  [86_400 * 3.5, '3 days'],
])('%s seconds are %s', (seconds, words) => {
  expect(length(seconds)).toBe(words)
})

test.each([
  [0, '0 byte'],
  [1536, '1.5 kB'],
  [25_769_803_776, '24 GB'],
])('%s bytes are %s', (bytes, words) => {
  expect(size(bytes)).toBe(words)
})

test('a load has two decimals', () => {
  expect(decimal(1.239)).toBe('1.24')
})
