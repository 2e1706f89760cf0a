import { crc32 } from 'node:zlib'
import type { BlockFacts } from './block.ts'

/** Behind the blocks of a closed segment stands what is known of them: JSON, then its length, its CRC-32 and "QLT1". */
const magic = 0x31544c51
const tailBytes = 12

export function tableBytes(table: readonly BlockFacts[]): Buffer {
  const json = Buffer.from(JSON.stringify(table))
  const tail = Buffer.alloc(tailBytes)
  tail.writeUInt32LE(json.length, 0)
  tail.writeUInt32LE(crc32(json), 4)
  tail.writeUInt32LE(magic, 8)
  return Buffer.concat([json, tail])
}

/** The table at the end of a file; null when it is not there as it was written. @param bytesAt - reads the file. */
export function readTable(
  size: number,
  bytesAt: (at: number, length: number) => Buffer,
): readonly BlockFacts[] | null {
  if (size < tailBytes) return null
  const tail = bytesAt(size - tailBytes, tailBytes)
  const [length, sum, sign] = [tail.readUInt32LE(0), tail.readUInt32LE(4), tail.readUInt32LE(8)]
  if (sign !== magic || length > size - tailBytes) return null
  const json = bytesAt(size - tailBytes - length, length)
  // Only `tableBytes` writes it, and its check sum is right.
  return crc32(json) === sum ? (JSON.parse(json.toString('utf8')) as BlockFacts[]) : null
}
