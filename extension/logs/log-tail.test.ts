import { expect, test } from 'vitest'
import type { LogLine, LogPage } from '#contract/logs.ts'
import { LogTail, type TailBatch } from './log-tail.ts'

const line = (number: number): LogLine => ({
  id: `shop/${number}`,
  app: 'shop',
  source: 'output',
  time: new Date(number).toISOString(),
  timeFrom: 'line',
  level: null,
  kind: 'application',
  text: String(number),
  messageAt: 0,
})

/** A log that grows by what is said, read by numbers. */
function tailOf(log: { length: number }, show: (batch: TailBatch) => Promise<void>): LogTail {
  const search = async (after: string, limit: number): Promise<LogPage> => {
    const from = Number(after)
    const to = Math.min(log.length, from + limit)
    const lines = Array.from({ length: to - from }, (_, index) => line(from + index))
    return { lines, older: String(from), newer: String(to), searchedTo: null }
  }
  return new LogTail('0', {
    search,
    show,
    failed: (error) => {
      throw error
    },
  })
}

test('everything that arrives is shown or counted, and a batch waits until the one before is drawn', async () => {
  const log = { length: 0 }
  const batches: TailBatch[] = []
  let draw = (): void => {}
  const tail = tailOf(log, (batch) => {
    batches.push(batch)
    return new Promise((resolve) => (draw = resolve))
  })
  log.length = 3
  tail.poke()
  await expect.poll(() => batches.length).toBe(1)
  expect(batches[0]).toMatchObject({ older: '0', newer: '3', skipped: 0 })
  for (let i = 0; i < 10; i++) {
    log.length += 1234
    tail.poke()
  }
  await new Promise((resolve) => setImmediate(resolve))
  expect(batches).toHaveLength(1)
  draw()
  await expect.poll(() => batches.length).toBe(2)
  draw()
  const [, flood] = batches
  expect(flood?.newer).toBe('12343')
  expect(flood?.lines.length).toBeLessThanOrEqual(2000)
  expect((flood?.lines.length ?? 0) + (flood?.skipped ?? 0)).toBe(12_340)
  expect(flood?.older).toBe(flood?.lines[0]?.text)
})

test('what is stopped shows nothing more', async () => {
  const log = { length: 10 }
  const batches: TailBatch[] = []
  const tail = tailOf(log, async (batch) => void batches.push(batch))
  tail.stop()
  tail.poke()
  await new Promise((resolve) => setImmediate(resolve))
  expect(batches).toEqual([])
})
