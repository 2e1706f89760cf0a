import { globSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { anyRecord, numbers, record, temporaryFolder } from '../logs.fixture.ts'
import { framesIn, type KeptRecord } from './frame.ts'
import { LogStore } from './log-store.ts'
import { RecordBatch, type NewRecord } from './record-batch.ts'

/** Everything that a store holds of an app, in the order of its numbers. */
function all(store: LogStore, app: string): readonly KeptRecord[] {
  const found: KeptRecord[] = []
  for (const { segment, facts } of store.blocks([app])) {
    const bytes = segment.read(facts, (length) => store.scanner.room(length))
    if (bytes === null) continue
    for (const frame of framesIn(bytes))
      for (let row = 0; row < frame.count; row++) found.push(frame.record(row))
  }
  return found
}

/** Writes so many batches, one record to a hundred in each. @returns what was written, numbered. */
function fill(store: LogStore, batches: number, next: (below: number) => number): readonly KeptRecord[] {
  const written: KeptRecord[] = []
  for (let batch = 0; batch < batches; batch++) {
    const records: NewRecord[] = Array.from({ length: 1 + next(100) }, () => anyRecord(next, batch * 1000))
    const from = store.next
    store.append('shop', 'output', RecordBatch.of(records), { batch })
    records.forEach((one, index) => written.push({ ...one, sequence: from + index }))
  }
  return written
}

describe('a store of logs', () => {
  test('gives back every record as it was, byte for byte, also when it is opened again', () => {
    using temporary = temporaryFolder()
    const store = new LogStore(temporary.folder)
    const written = fill(store, 300, numbers(1))
    expect(all(store, 'shop')).toEqual(written)
    store.dispose()
    const again = new LogStore(temporary.folder)
    expect(all(again, 'shop')).toEqual(written)
    expect(again.markOf('shop', 'output')).toEqual({ batch: 299 })
    expect(again.next).toBe(written.length + 1)
    again.dispose()
  })

  test('closes what is full into blocks, and goes on', () => {
    using temporary = temporaryFolder()
    const store = new LogStore(temporary.folder)
    const lines = Array.from({ length: 5000 }, (_, line) => record('x'.repeat(900) + String(line)))
    for (let batch = 0; batch < 17; batch++) store.append('shop', 'output', RecordBatch.of(lines), { batch })
    const names = readdirSync(path.join(temporary.folder, 'shop'))
    expect(names.filter((name) => name.endsWith('.seg'))).toHaveLength(1)
    expect(names.filter((name) => name.endsWith('.open'))).toHaveLength(1)
    expect(all(store, 'shop').map(({ bytes }) => bytes.subarray(900).toString())).toEqual(
      Array.from({ length: 85_000 }, (_, line) => String(line % 5000)),
    )
    expect(store.markOf('shop', 'output')).toEqual({ batch: 16 })
    store.dispose()
    const again = new LogStore(temporary.folder)
    expect(all(again, 'shop')).toHaveLength(85_000)
    expect(again.markOf('shop', 'output')).toEqual({ batch: 16 })
    again.dispose()
  })

  test('reads what was closed before segments said whose they are', () => {
    using temporary = temporaryFolder()
    const sizes = { segmentBytes: 200_000, hotSegments: 1 }
    const store = new LogStore(temporary.folder, { sizes })
    const written = fill(store, 120, numbers(4))
    store.dispose()
    const [file = ''] = globSync(path.join(temporary.folder, 'shop', '*.seg'))
    const bytes = readFileSync(file)
    const at = bytes.length - 12 - bytes.readUInt32LE(bytes.length - 12)
    const { blocks } = JSON.parse(bytes.toString('utf8', at, bytes.length - 12)) as { blocks: unknown }
    const json = Buffer.from(JSON.stringify(blocks))
    const tail = Buffer.from(bytes.subarray(-12))
    tail.writeUInt32LE(json.length, 0)
    tail.writeUInt32LE(crc32(json), 4)
    writeFileSync(file, Buffer.concat([bytes.subarray(0, at), json, tail]))
    const again = new LogStore(temporary.folder, { sizes })
    expect(all(again, 'shop')).toEqual(written)
    expect(again.damagedOf('shop')).toBe(0)
    again.dispose()
  })

  test('goes on after a write that was cut off anywhere, with the mark of what is there', () => {
    using temporary = temporaryFolder()
    const store = new LogStore(temporary.folder)
    const next = numbers(2)
    const ends: { size: number; count: number }[] = []
    const file = (): string => globSync(path.join(temporary.folder, 'shop', '*.open'))[0] ?? ''
    let written: readonly KeptRecord[] = []
    for (let batch = 0; batch < 20; batch++) {
      written = [...written, ...fill(store, 1, next)]
      ends.push({ size: readFileSync(file()).length, count: written.length })
    }
    store.dispose()
    const whole = readFileSync(file())
    for (let cut = 0; cut < 100; cut++) {
      const size = next(whole.length + 1)
      writeFileSync(file(), whole)
      truncateSync(file(), size)
      const again = new LogStore(temporary.folder)
      const there = ends.filter((end) => end.size <= size).at(-1)?.count ?? 0
      expect(all(again, 'shop')).toEqual(written.slice(0, there))
      again.append('shop', 'output', RecordBatch.of([record('after')]), 'after')
      expect(all(again, 'shop').at(-1)).toMatchObject({ bytes: Buffer.from('after') })
      again.dispose()
    }
  })

  test('never answers a record other than it was written, whatever happens to the file', () => {
    using temporary = temporaryFolder()
    const store = new LogStore(temporary.folder)
    const next = numbers(3)
    const written = fill(store, 40, next)
    store.keep({ perApp: { days: 100_000, bytes: 1e9 }, bytes: 1e9 }, Date.UTC(2026, 1, 1))
    const later = fill(store, 10, next)
    store.dispose()
    const byNumber = new Map([...written, ...later].map((one) => [one.sequence, one]))
    const files = globSync(path.join(temporary.folder, 'shop', '*.{seg,open}'))
    expect(files).toHaveLength(2)
    const whole = files.map((file) => readFileSync(file))
    for (let round = 0; round < 100; round++) {
      for (const [index, file] of files.entries()) {
        const bytes = Buffer.from(whole[index] ?? '')
        const at = next(bytes.length)
        bytes[at] = (bytes[at] ?? 0) ^ (1 << next(8))
        writeFileSync(file, bytes)
      }
      const again = new LogStore(temporary.folder)
      const found = all(again, 'shop')
      for (const one of found) expect(one).toEqual(byNumber.get(one.sequence))
      // What is lacking is told, unless its source will be read again from before it.
      const mark = again.markOf('shop', 'output') as { batch: number } | undefined
      if (found.length < byNumber.size) expect(again.damagedOf('shop') > 0 || mark?.batch !== 9).toBe(true)
      again.dispose()
      for (const file of globSync(path.join(temporary.folder, 'shop', '*.cut'))) truncateSync(file, 0)
    }
  })

  test('keeps no more than it may, and what is newest', () => {
    using temporary = temporaryFolder()
    const store = new LogStore(temporary.folder)
    const lines = Array.from({ length: 5000 }, () => record('x'.repeat(1000)))
    for (let batch = 0; batch < 40; batch++) store.append('shop', 'output', RecordBatch.of(lines), {})
    const before = all(store, 'shop').length
    store.keep({ perApp: { days: 100_000, bytes: 1e12 }, bytes: 1e12 }, 2_000_000, {
      shop: { bytes: 140_000_000 },
    })
    const left = all(store, 'shop')
    expect(left.length).toBeLessThan(before)
    expect(left.at(-1)?.sequence).toBe(200_000)
    store.keep({ perApp: { days: 1, bytes: 1e12 }, bytes: 1e12 }, 1_000_000 + 10 * 24 * 60 * 60 * 1000)
    expect(all(store, 'shop')).toHaveLength(0)
    store.append('shop', 'output', RecordBatch.of([record('on')]), {})
    expect(all(store, 'shop').map(({ sequence }) => sequence)).toEqual([200_001])
    store.dispose()
  })
})
