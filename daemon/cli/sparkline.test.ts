import { expect, test } from 'vitest'
import { sparkline } from './sparkline.ts'

test('the greatest is the highest, zero the lowest, and what is not known is neither', () => {
  expect(sparkline([0, 50, null, 100, 99])).toBe('▁▅ ██')
  expect(sparkline([0, 0])).toBe('▁▁')
  expect(sparkline([null, null])).toBe('  ')
  expect(sparkline([])).toBe('')
})
