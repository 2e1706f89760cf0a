import { closeSync, openSync, readSync, renameSync, writeFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import type { Scanner } from '../scan/scanner.ts'
import { filterBits } from '../scan/tables.ts'

/** Fewer blocks are looked through as fast as their index. */
export const leastIndexed = 16

/*
 * An index on disk: pages of 4,096 bytes which hold the rows, one for each bit of a block's filter, then the CRC-32 of each
 * page, then: "QLI1", the number of blocks, bytes of a row, the CRC-32 of all CRCs and these (uint32 each, little-endian).
 */
const pageBytes = 4096
const tailBytes = 16
const magic = 0x31494c51

/** Bytes of a row: enough for a bit of each block, and never across two pages. */
const widthOf = (blocks: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, blocks / 8)))

/** Tells which blocks of a closed segment may hold a text. It is made of the segment, and can be made again. */
export class SegmentIndex {
  readonly #descriptor: number
  readonly #blocks: number
  readonly #width: number
  readonly #sums: Buffer

  private constructor(descriptor: number, blocks: number, width: number, sums: Buffer) {
    this.#descriptor = descriptor
    this.#blocks = blocks
    this.#width = width
    this.#sums = sums
  }

  /** Makes the file. @param texts - of each block, its stretches of text. */
  static write(file: string, scanner: Scanner, texts: Iterable<readonly Buffer[]>, blocks: number): void {
    const width = widthOf(blocks)
    const rows = scanner.rows(texts, blocks, width)
    const pages = rows.length / pageBytes
    const sums = Buffer.alloc(pages * 4)
    for (let page = 0; page < pages; page++)
      sums.writeUInt32LE(crc32(rows.subarray(page * pageBytes, (page + 1) * pageBytes)), page * 4)
    const tail = Buffer.alloc(tailBytes)
    tail.writeUInt32LE(magic, 0)
    tail.writeUInt32LE(blocks, 4)
    tail.writeUInt32LE(width, 8)
    tail.writeUInt32LE(sumOf(sums, tail), 12)
    writeFileSync(`${file}.new`, Buffer.concat([rows, sums, tail]), { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }

  /** Null when there is none, or not as it was written. @param blocks - of its segment. */
  static open(file: string, blocks: number): SegmentIndex | null {
    const width = widthOf(blocks)
    const rows = filterBits * width
    const sumBytes = (rows / pageBytes) * 4
    let descriptor: number
    try {
      descriptor = openSync(file, 'r')
    } catch {
      return null
    }
    const end = Buffer.alloc(sumBytes + tailBytes)
    const sums = end.subarray(0, sumBytes)
    const tail = end.subarray(sumBytes)
    const isWhole =
      readSync(descriptor, end, 0, end.length, rows) === end.length &&
      tail.readUInt32LE(0) === magic &&
      tail.readUInt32LE(4) === blocks &&
      tail.readUInt32LE(8) === width &&
      tail.readUInt32LE(12) === sumOf(sums, tail)
    if (isWhole) return new SegmentIndex(descriptor, blocks, width, sums)
    closeSync(descriptor)
    return null
  }

  /** Which blocks may have all these bits; null when a page that tells of it is damaged. */
  blocksWith(bits: readonly number[]): readonly boolean[] | null {
    const all = Buffer.alloc(this.#width, 0xff)
    const row = Buffer.alloc(pageBytes)
    for (const bit of bits) {
      const at = bit * this.#width
      const page = Math.floor(at / pageBytes)
      if (readSync(this.#descriptor, row, 0, pageBytes, page * pageBytes) !== pageBytes) return null
      if (crc32(row) !== this.#sums.readUInt32LE(page * 4)) return null
      let left = 0
      for (let byte = 0; byte < this.#width; byte++)
        left |= all[byte] = (all[byte] ?? 0) & (row[(at % pageBytes) + byte] ?? 0)
      if (left === 0) break
    }
    return Array.from(
      { length: this.#blocks },
      (_, block) => (((all[block >> 3] ?? 0) >> (block & 7)) & 1) === 1,
    )
  }

  dispose(): void {
    closeSync(this.#descriptor)
  }
}

const sumOf = (sums: Buffer, tail: Buffer): number => crc32(tail.subarray(0, 12), crc32(sums))
