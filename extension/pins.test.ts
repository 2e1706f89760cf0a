import { expect, test } from 'vitest'
import { comparePin } from './pins.ts'

const head = (sequence: number, hash: string) => ({
  sequence,
  hash,
  timestamp: '2026-01-01T00:00:00.000Z',
  signature: '',
})

test('a trail that became shorter or different at the pinned place is noticed', () => {
  const pin = { sequence: 5, hash: 'a' }
  expect(comparePin(undefined, head(5, 'a'))).toBe('first')
  expect(comparePin(pin, head(5, 'a'))).toBe('same')
  expect(comparePin(pin, head(6, 'b'))).toBe('grown')
  expect(comparePin(pin, head(4, 'z'))).toBe('shorter')
  expect(comparePin(pin, null)).toBe('shorter')
  expect(comparePin(pin, head(5, 'b'))).toBe('different')
})
