import { framesIn, type KeptRecord } from '../../daemon/logs/segments/frame.ts'
import { LogStore } from '../../daemon/logs/segments/log-store.ts'
import type { NewRecord } from '../../daemon/logs/segments/record-batch.ts'

/** So small that a test has many of them, and so large that they have an index. */
const sizes = { segmentBytes: 2_400_000, hotSegments: 1 }
export const linesAtOnce = 125

/** A store of small segments, whose work is done in this thread. */
export const openNumbered = (folder: string): LogStore => new LogStore(folder, { sizes })

const filling = 'abcdefghijklmnopqrstuvwxyz0123456789 '.repeat(30)

/** A line of about 1,000 characters that tells its number. */
export const lineOf = (number: number): NewRecord => ({
  // No age closes or removes it.
  time: Date.UTC(2100, 0, 1) + number,
  timeFrom: 'line',
  level: number % 7 === 0 ? 'error' : 'info',
  kind: 'application',
  source: 'output',
  format: 'plain',
  messageAt: 0,
  bytes: Buffer.from(
    `line ${number} code-${(number * 2_654_435_761) % 4_294_967_296} ${filling.slice(number % 37, 950)}`,
  ),
})

/** Keeps everything, and compresses all that may be. @param now - in a hundred years, all that grows is old as well. */
export const keepAll = (store: LogStore, now: number = Date.now() + 1e8): void =>
  store.keep({ perApp: { days: 1e6, bytes: 1e15 }, bytes: 1e15 }, now)

/** Everything that a store holds of an app, in the order of its numbers. */
export function allRecords(store: LogStore, app: string): readonly KeptRecord[] {
  const found: KeptRecord[] = []
  for (const { segment, facts } of store.blocks([app])) {
    const bytes = segment.read(facts, (length) => store.scanner.room(length))
    for (const frame of bytes === null ? [] : framesIn(bytes))
      for (let row = 0; row < frame.count; row++) found.push(frame.record(row))
  }
  return found
}

/** What of lines 1 to `count` does not stand in a store once, in order and as it was written. */
export function faultsOf(store: LogStore, count: number) {
  const records = allRecords(store, 'shop')
  const numbers = records.map(({ sequence }) => sequence)
  return {
    missing: count - new Set(numbers).size,
    double: numbers.length - new Set(numbers).size,
    reordered: numbers.filter((number, index) => number < (numbers[index - 1] ?? 0)).length,
    other: records.filter(({ sequence, bytes }) => !lineOf(sequence).bytes.equals(bytes)).length,
  }
}
