import { crc32 } from 'node:zlib'
import type { BlockFacts } from './block.ts'
import type { Frame } from './record-batch.ts'

/** What stands at the end of a closed segment. */
export interface SegmentTable {
  /** Whose it is, and the name of its file without the ending: a file that was put in another's place is none of ours. */
  readonly app: string
  readonly name: string
  /** Bytes that were damaged already when it was closed. */
  readonly lost: number
  readonly blocks: readonly BlockFacts[]
  /** How far everything was read by then: the segment that grows may be damaged. */
  readonly marks: Frame['marks']
}

/** Behind the blocks of a closed segment stands what is known of them: JSON, then its length, its CRC-32 and "QLT1". */
const magic = 0x31544c51
export const tableTail = 12

export function tableBytes(table: SegmentTable): Buffer {
  const json = Buffer.from(JSON.stringify(table))
  const tail = Buffer.alloc(tableTail)
  tail.writeUInt32LE(json.length, 0)
  tail.writeUInt32LE(crc32(json), 4)
  tail.writeUInt32LE(magic, 8)
  return Buffer.concat([json, tail])
}

/**
 * The table at the end of a file; null when it is not there as it was written. One of an older form has blocks alone.
 * @param bytesAt - reads the file.
 */
export function readTable(
  size: number,
  bytesAt: (at: number, length: number) => Buffer,
): Partial<SegmentTable> | null {
  if (size < tableTail) return null
  const tail = bytesAt(size - tableTail, tableTail)
  if (tail.length < tableTail) return null
  const [length, sum, sign] = [tail.readUInt32LE(0), tail.readUInt32LE(4), tail.readUInt32LE(8)]
  if (sign !== magic || length > size - tableTail) return null
  const json = bytesAt(size - tableTail - length, length)
  if (crc32(json) !== sum) return null
  // Only `tableBytes` writes it, and its check sum is right.
  const table = JSON.parse(json.toString('utf8')) as SegmentTable | BlockFacts[]
  return Array.isArray(table) ? { blocks: table } : table
}
