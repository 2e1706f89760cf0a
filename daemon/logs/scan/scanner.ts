import type { Needle } from './needle.ts'
import { scanModule, scanPage as pageBytes, type ScanCode, type ScanMemory } from './module.ts'
import { byteTable, filterBits, filterBytes, overlap } from './tables.ts'

/** The memory: tables, the needle, the rows that were found, then what is scanned. */
const needleAt = 1024
const longestNeedle = 32 * 1024
const rowsAt = pageBytes
const mostRows = pageBytes / 4
const blockAt = 2 * pageBytes

/** Where rows stand in the room, a line feed behind each: where their text begins and ends, and where each of them does. */
interface RowsOfText {
  readonly from: number
  readonly to: number
  readonly ends: Uint32Array
}

/** Looks through bytes sixteen at a time. One for each thread: what is scanned lies in its memory, until the next is put there. */
export class Scanner {
  readonly #memory: ScanMemory
  readonly #code: ScanCode
  #needle: Needle | undefined

  constructor() {
    const { memory, code } = scanModule(16)
    this.#memory = memory
    this.#code = code
    new Uint8Array(this.#memory.buffer).set(byteTable, 0)
  }

  /** Room for so many bytes to be scanned. What was given before is no longer valid. */
  room(length: number): Buffer {
    const lacking = blockAt + length + longestNeedle - this.#memory.buffer.byteLength
    if (lacking > 0) this.#memory.grow(Math.ceil(lacking / pageBytes))
    return Buffer.from(this.#memory.buffer, blockAt, length)
  }

  /** Where in the {@link room} a needle stands next; -1 when nowhere from `from` to `to`. */
  find(needle: Needle, from: number, to: number): number {
    this.#use(needle)
    const { bytes, o1, o2, m1, m2 } = needle
    const found = this.#code.find(blockAt + from, blockAt + to, needleAt, bytes.length, o1, o2, m1, m2, 0)
    return found === -1 ? -1 : found - blockAt
  }

  /**
   * The rows of a text in the {@link room} in which a needle stands, from one on; so many at most, so that there may be more
   * behind them. They are valid until the next call. @param ends - where each row ends, a column in the room.
   */
  rows(needle: Needle, text: RowsOfText, row: number): Uint32Array {
    this.#use(needle)
    const { from, to, ends } = text
    const { bytes, o1, o2, m1, m2 } = needle
    const found = this.#code.rows(
      blockAt + from,
      blockAt + to,
      ends.byteOffset,
      row,
      ends.length,
      needleAt,
      bytes.length,
      o1,
      o2,
      m1,
      m2,
      0,
      rowsAt,
      mostRows,
    )
    return new Uint32Array(this.#memory.buffer, rowsAt, found)
  }

  #use(needle: Needle): void {
    if (needle === this.#needle) return
    new Uint8Array(this.#memory.buffer).set(needle.bytes, needleAt)
    this.#needle = needle
  }

  /** The filter of a block. @param stretches - its text. */
  filterOf(stretches: Iterable<Buffer>): Uint8Array {
    const most = 1024 * 1024
    const text = pageBytes
    const room = this.room(text + most)
    room.fill(0, 0, filterBytes)
    for (const stretch of stretches)
      for (let at = 0; at < stretch.length; at += most - overlap) {
        const length = stretch.copy(room, text, at, Math.min(stretch.length, at + most))
        this.#code.sign(blockAt + text, blockAt + text + length, blockAt, 0)
      }
    return new Uint8Array(room.subarray(0, filterBytes))
  }

  /** The filters of blocks, turned: for each bit a row in which each block has a bit. @param width - bytes of a row. */
  turned(filters: readonly Uint8Array[], width: number): Buffer {
    const rows = filters.length * filterBytes + pageBytes
    const room = this.room(rows + filterBits * width)
    room.fill(0, 0, rows + filterBits * width)
    for (const [block, filter] of filters.entries()) room.set(filter, block * filterBytes)
    this.#code.transpose(blockAt, blockAt + rows, filters.length, width)
    return Buffer.from(room.subarray(rows, rows + filterBits * width))
  }
}
