import { expect, test } from 'vitest'
import { durationMs, sizeBytes } from './units.ts'

test.each([
  ['500ms', 500],
  ['10s', 10_000],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['7d', 604_800_000],
  ['0s', 0],
])('the duration %s is %d ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms)
})

test.each(['', '10', '10 s', '1.5s', '-1s', '10S', '10min', 's', '9'.repeat(400) + 'ms', 'toString'])(
  '%j is no duration',
  (text) => {
    expect(durationMs(text)).toBeNull()
  },
)

test('a duration that no timer can wait for is refused', () => {
  expect(durationMs('24d')).toBeLessThan(2 ** 31)
  expect(durationMs('25d')).toBeNull()
})

test.each([
  ['10KB', 10_240],
  ['10MB', 10_485_760],
  ['2GB', 2_147_483_648],
])('the size %s is %d bytes', (text, bytes) => {
  expect(sizeBytes(text)).toBe(bytes)
})

test.each(['', '10', '10B', '10mb', '1.5GB', '-1GB', '999999999999GB'])('%j is no size', (text) => {
  expect(sizeBytes(text)).toBeNull()
})
