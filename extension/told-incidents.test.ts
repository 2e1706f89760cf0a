import { expect, test } from 'vitest'
import { toldUpTo, untold, type Told } from './told-incidents.ts'

const incident = (number: number, startedAt: string, acknowledgedBy: string | null = null) => ({
  number,
  startedAt,
  acknowledgedBy,
})
const numbers = (told: Told, open: readonly ReturnType<typeof incident>[]) =>
  untold(told, open).map(({ number }) => number)

test('each incident is told once, however often and in whichever window the picture comes', () => {
  const none = toldUpTo(undefined, [])
  const first = incident(1, '2026-05-01T12:00')
  expect(numbers(none, [first])).toEqual([1])
  const told = toldUpTo(none, [first])
  expect(numbers(told, [first])).toEqual([])
  expect(toldUpTo(told, [first])).toBe(told)
  expect(toldUpTo(told, [])).toBe(told)
  const [second, third] = [incident(2, '2026-05-01T12:05'), incident(3, '2026-05-01T12:04')]
  expect(numbers(told, [third, second, first])).toEqual([2, 3])
  const later = toldUpTo(told, [third, second, first])
  expect(numbers(later, [third, second, first])).toEqual([])
  // The clock was put back before the fourth.
  const fourth = incident(4, '2016-05-01T12:00')
  expect(numbers(later, [fourth, third])).toEqual([4])
  const last = toldUpTo(later, [fourth, third])
  expect(numbers(last, [fourth, third, second, first])).toEqual([])
})

test('one that somebody sees to is not told, and counts as told', () => {
  const none = toldUpTo(undefined, [])
  const seen = incident(1, '2026-05-01T12:00', 'ana')
  expect(numbers(none, [seen])).toEqual([])
  expect(numbers(toldUpTo(none, [seen]), [{ ...seen, acknowledgedBy: null }])).toEqual([])
})

test('a store that counts from 1 again does not hide what happens from then on', () => {
  const before: Told = { number: 57, startedAt: '2026-05-01T12:00' }
  const first = incident(1, '2026-05-02T12:00')
  expect(numbers(before, [first])).toEqual([1])
  const after = toldUpTo(before, [first])
  expect(after).toEqual({ number: 1, startedAt: first.startedAt })
  expect(numbers(after, [first])).toEqual([])
  expect(numbers(after, [incident(2, '2026-05-02T12:01'), first])).toEqual([2])
})
