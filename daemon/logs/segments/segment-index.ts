import { closeSync, openSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import type { Scanner } from '../scan/scanner.ts'
import { filterBits } from '../scan/tables.ts'
import type { BlockFacts } from './block.ts'
import { replaceFile, writeAll } from './whole-files.ts'

/** Fewer blocks are looked through as fast as their index. */
export const leastIndexed = 16

/*
 * An index on disk: pages of 4,096 bytes which hold the rows, one for each bit of a block's filter, then the CRC-32 of each
 * page, then: "QLI3", the number of blocks, bytes of a row, what it is an index of, the CRC-32 of all CRCs and these (uint32
 * each, little-endian).
 */
const pageBytes = 4096
const tailBytes = 20
const magic = 0x33494c51

/** Bytes of a row: enough for a bit of each block, and never across two pages. */
const widthOf = (blocks: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, blocks / 8)))

/** What an index says that it is one of: of these blocks and no others, however they are written. */
const signOf = (blocks: readonly BlockFacts[]): number =>
  crc32(
    JSON.stringify(
      blocks.map(({ firstSequence, lastSequence, count, minTime, maxTime }) => [
        firstSequence,
        lastSequence,
        count,
        minTime,
        maxTime,
      ]),
    ),
  )

/** Bytes of the index of so many blocks. */
export function indexBytes(blocks: number): number {
  const rows = filterBits * widthOf(blocks)
  return blocks < leastIndexed ? 0 : rows + (rows / pageBytes) * 4 + tailBytes
}

/** Tells which blocks of a closed segment may hold a text. It is made of the segment, and can be made again. */
export class SegmentIndex {
  readonly #descriptor: number
  readonly #blocks: number
  readonly #width: number
  readonly #sums: Buffer
  /** Pages that were read and are as they were written. */
  readonly #checked: Uint8Array
  readonly #all: Buffer
  readonly #row: Buffer
  readonly #page = Buffer.alloc(pageBytes)

  private constructor(descriptor: number, blocks: number, width: number, sums: Buffer) {
    this.#descriptor = descriptor
    this.#blocks = blocks
    this.#width = width
    this.#sums = sums
    this.#checked = new Uint8Array(sums.length / 4)
    this.#all = Buffer.alloc(width)
    this.#row = Buffer.alloc(width)
  }

  /** Makes the file, of the filters of these blocks. */
  static write(
    file: string,
    scanner: Scanner,
    filters: readonly Uint8Array[],
    blocks: readonly BlockFacts[],
  ): void {
    const width = widthOf(blocks.length)
    const rows = scanner.turned(filters, width)
    const pages = rows.length / pageBytes
    const sums = Buffer.alloc(pages * 4)
    for (let page = 0; page < pages; page++)
      sums.writeUInt32LE(crc32(rows.subarray(page * pageBytes, (page + 1) * pageBytes)), page * 4)
    const tail = Buffer.alloc(tailBytes)
    tail.writeUInt32LE(magic, 0)
    tail.writeUInt32LE(blocks.length, 4)
    tail.writeUInt32LE(width, 8)
    tail.writeUInt32LE(signOf(blocks), 12)
    tail.writeUInt32LE(sumOf(sums, tail), 16)
    replaceFile(file, (descriptor) => {
      for (const part of [rows, sums, tail]) writeAll(descriptor, part)
    })
  }

  /** Null when there is none, or not as it was written. @param blocks - of its segment. */
  static open(file: string, blocks: readonly BlockFacts[]): SegmentIndex | null {
    const width = widthOf(blocks.length)
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
      isRead(descriptor, end, rows) &&
      tail.readUInt32LE(0) === magic &&
      tail.readUInt32LE(4) === blocks.length &&
      tail.readUInt32LE(8) === width &&
      tail.readUInt32LE(12) === signOf(blocks) &&
      tail.readUInt32LE(16) === sumOf(sums, tail)
    if (isWhole) return new SegmentIndex(descriptor, blocks.length, width, sums)
    closeSync(descriptor)
    return null
  }

  /** The places of blocks that may have all these bits; null when what tells of it is damaged. */
  placesWith(bits: readonly number[]): readonly number[] | null {
    const [all, row, width] = [this.#all, this.#row, this.#width]
    all.fill(0xff)
    for (const bit of bits) {
      const at = bit * width
      if (!this.#isChecked(Math.floor(at / pageBytes)) || !isRead(this.#descriptor, row, at)) return null
      let left = 0
      for (let byte = 0; byte < width; byte++) left |= all[byte] = (all[byte] ?? 0) & (row[byte] ?? 0)
      if (left === 0) return []
    }
    const places: number[] = []
    for (let block = 0; block < this.#blocks; block++)
      if ((((all[block >> 3] ?? 0) >> (block & 7)) & 1) === 1) places.push(block)
    return places
  }

  #isChecked(page: number): boolean {
    if (this.#checked[page] === 1) return true
    if (!isRead(this.#descriptor, this.#page, page * pageBytes)) return false
    if (crc32(this.#page) !== this.#sums.readUInt32LE(page * 4)) return false
    this.#checked[page] = 1
    return true
  }

  dispose(): void {
    closeSync(this.#descriptor)
  }
}

/** Reads as many bytes as there is room for; false when there are fewer, or they cannot be read. */
function isRead(descriptor: number, bytes: Buffer, at: number): boolean {
  try {
    return readSync(descriptor, bytes, 0, bytes.length, at) === bytes.length
  } catch {
    return false
  }
}

const sumOf = (sums: Buffer, tail: Buffer): number => crc32(tail.subarray(0, 16), crc32(sums))
