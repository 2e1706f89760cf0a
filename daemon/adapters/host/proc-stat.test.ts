import { expect, test } from 'vitest'
import { hasEnded, parseStat } from './proc-stat.ts'

const rest =
  '4711 42 42 34816 42 4194304 1500 0 2 0 130 20 7 3 20 0 11 0 98765 1234567 2048 18446744073709551615 1 1 0 0 0 0 0 4096 17642 0 0 0 17 2 0 0 0 0 0 11 12 13 14 15 16 17 0'

test('fields are found behind a name that looks like fields', () => {
  expect(parseStat(`42 (a) R 1 (b) c\n) S ${rest}`)).toEqual({
    name: 'a) R 1 (b) c\n',
    state: 'S',
    ppid: 4711,
    group: 42,
    terminal: true,
    threads: 11,
    cpuTicks: 150,
    startTicks: '98765',
    residentPages: 2048,
    layout: '11 12 13 14 15 16 17 0',
  })
})

test('a text that is cut off is nothing', () => {
  expect(parseStat('')).toBeNull()
  expect(parseStat('42 (x) S 1 2')).toBeNull()
})

test('a zombie has ended, unless other threads of it still run', () => {
  const stat = parseStat(`42 (x) Z ${rest}`)
  if (!stat) throw new Error('The line was not understood')
  expect(hasEnded(stat)).toBe(false)
  expect(hasEnded({ ...stat, threads: 1 })).toBe(true)
  expect(hasEnded({ ...stat, state: 'S', threads: 1 })).toBe(false)
})
