import { expect, test } from 'vitest'
import { latest } from './latest.ts'

test('whoever asks while a scan runs gets the next one, together with all who ask meanwhile', async () => {
  const finish: ((value: number) => void)[] = []
  let started = 0
  const scan = latest(() => {
    started++
    return new Promise<number>((resolve) => finish.push(resolve))
  })
  const first = scan()
  await Promise.resolve()
  const [second, third] = [scan(), scan()]
  expect(started).toBe(1)
  finish[0]?.(1)
  expect(await first).toBe(1)
  await expect.poll(() => started).toBe(2)
  finish[1]?.(2)
  expect(await Promise.all([second, third])).toEqual([2, 2])
})

test('a scan that fails does not fail the next', async () => {
  let scans = 0
  const scan = latest(() => (++scans === 1 ? Promise.reject(new Error('no')) : Promise.resolve(scans)))
  await expect(scan()).rejects.toThrow('no')
  expect(await scan()).toBe(2)
})
