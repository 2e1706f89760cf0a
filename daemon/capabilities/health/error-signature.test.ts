import { expect, test } from 'vitest'
import { signatureOf } from './error-signature.ts'

test.each([
  ['order 17 failed: "blue shoes"', 'order 9001 failed: "hat"'],
  ['connect ECONNREFUSED 127.0.0.1:5432', 'connect ECONNREFUSED 10.0.0.7:6000'],
  ['2026-01-01T10:00:00.123Z no user 5f3c', '2026-02-03 11:12:13 no user 5f3c'],
  ['job 7b0c1e9a-1111-4222-8333-0123456789ab lost', 'job 00000000-1111-4222-8333-0123456789ab lost'],
  ['at commit deadbeef12', 'at commit 0123abcd99'],
])('%s is the same error as %s', (one, other) => {
  expect(signatureOf(one)).toBe(signatureOf(other))
})

test('other words are another error, and a stack below the first line is none', () => {
  expect(signatureOf('TypeError: a is undefined\n  at x.js:1')).toBe(signatureOf('TypeError: a is undefined'))
  expect(signatureOf('TypeError: a is undefined')).not.toBe(signatureOf('RangeError: a is undefined'))
})
