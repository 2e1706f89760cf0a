import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'
import { blockBytes, grown, noFacts, type BlockFacts } from './block.ts'
import { FrameView, mostNames, type KeptRecord } from './frame.ts'
import { encodeFrame, RecordBatch } from './record-batch.ts'
import { tableBytes } from './segment-table.ts'

/** Writes frames into a segment that is never written again, in blocks of one frame each. It is there as a whole or not at all. */
export function writeClosed(file: string, frames: Iterable<FrameView>): void {
  const descriptor = openSync(`${file}.new`, 'w', 0o600)
  try {
    const table: BlockFacts[] = []
    let at = 0
    for (const records of inBlocks(frames)) {
      const first = records[0]?.sequence ?? 0
      const beyond = Uint32Array.from(records, ({ sequence }) => sequence - first)
      const bytes = encodeFrame({ batch: RecordBatch.of(records), first, beyond, marks: {} })
      writeAll(descriptor, bytes)
      table.push(grown(noFacts(at), bytes.length, new FrameView(bytes, 0)))
      at += bytes.length
    }
    writeAll(descriptor, tableBytes(table))
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(`${file}.new`, file)
}

/** Writes bytes where the file ends. */
export function writeAll(descriptor: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done, bytes.length - done)
}

function* inBlocks(frames: Iterable<FrameView>): Generator<readonly KeptRecord[]> {
  let records: KeptRecord[] = []
  let length = 0
  const sources = new Set<string>()
  for (const frame of frames)
    for (let row = 0; row < frame.count; row++) {
      const record = frame.record(row)
      records.push(record)
      sources.add(record.source)
      length += record.bytes.length + 1
      if (length < blockBytes && sources.size < mostNames) continue
      yield records
      records = []
      length = 0
      sources.clear()
    }
  if (records.length > 0) yield records
}
