import { expect, test } from 'vitest'
import { randomId } from './ids.ts'

test('ids can stand on a command line, and none comes twice', () => {
  const ids = Array.from({ length: 2000 }, randomId)
  expect(ids.filter((id) => !/^[0-9a-f]{32}$/.test(id))).toEqual([])
  expect(new Set(ids).size).toBe(ids.length)
})
