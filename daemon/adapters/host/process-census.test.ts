import { expect, test } from 'vitest'
import { givenOut } from './process-census.ts'

test('pids are given out in rising order and begin anew at the end', () => {
  expect([99, 100, 101, 105, 106].filter((pid) => givenOut(pid, 100, 105))).toEqual([101, 105])
  expect([2, 300, 310, 311, 32_000, 32_001].filter((pid) => givenOut(pid, 32_000, 310))).toEqual([
    2, 300, 310, 32_001,
  ])
  expect(givenOut(100, 100, 100)).toBe(false)
})
