import { scanCode } from './scan-code.ts'
import type { Needle } from './needle.ts'
import { byteTable, filterBits, filterBytes, overlap } from './tables.ts'

/** What of it is used here; the types of Node.js 22 do not tell of it. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => Memory
  readonly Module: new (code: Buffer) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
}

interface Memory {
  readonly buffer: ArrayBuffer
  /** By so many pages of 64 KiB. */
  grow(pages: number): number
}

interface Code {
  find(
    from: number,
    to: number,
    needle: number,
    length: number,
    o1: number,
    o2: number,
    m1: number,
    m2: number,
    tab: number,
  ): number
  sign(from: number, to: number, bits: number, tab: number): void
  transpose(filters: number, rows: number, count: number, width: number): void
}

const pageBytes = 65_536
/** The memory: tables, the needle, then what is scanned. */
const needleAt = 1024
const longestNeedle = 32 * 1024
const blockAt = pageBytes

/** Looks through bytes sixteen at a time. One for each thread: what is scanned lies in its memory, until the next is put there. */
export class Scanner {
  readonly #memory = new WebAssembly.Memory({ initial: 16 })
  readonly #code: Code
  #needle: Needle | undefined

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(scanCode, 'base64'))
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } })
    // It is what scan.assembly exports.
    this.#code = instance.exports as Code
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
    if (needle !== this.#needle) {
      new Uint8Array(this.#memory.buffer).set(needle.bytes, needleAt)
      this.#needle = needle
    }
    const { bytes, o1, o2, m1, m2 } = needle
    const found = this.#code.find(blockAt + from, blockAt + to, needleAt, bytes.length, o1, o2, m1, m2, 0)
    return found === -1 ? -1 : found - blockAt
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
