import { scanModule, scanPage } from './module.ts'

/** Looked through at once. */
const pieceBytes = 256 * 1024
/** The memory: a piece, then a place of four bytes for each of its bytes. */
const out = pieceBytes

/** Where the line feeds are, found sixteen bytes at a time. */
class LineFeeds {
  readonly #code
  readonly #piece: Uint8Array
  readonly #found: Uint32Array

  constructor() {
    const { memory, code } = scanModule((pieceBytes * 5) / scanPage)
    this.#code = code
    this.#piece = new Uint8Array(memory.buffer, 0, pieceBytes)
    this.#found = new Uint32Array(memory.buffer, out, pieceBytes)
  }

  in(bytes: Buffer, from: number): Uint32Array {
    const first = this.#next(bytes, from)
    if (from + pieceBytes >= bytes.length) return first
    const parts = [first]
    for (let at = from + pieceBytes; at < bytes.length; at += pieceBytes) parts.push(this.#next(bytes, at))
    const all = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0))
    let at = 0
    for (const part of parts) {
      all.set(part, at)
      at += part.length
    }
    return all
  }

  #next(bytes: Buffer, from: number): Uint32Array {
    const length = Math.min(pieceBytes, bytes.length - from)
    bytes.copy(this.#piece, 0, from, from + length)
    return this.#found.slice(0, this.#code.feeds(0, length, -from, out))
  }
}

let scanning: LineFeeds | undefined

/** The places of all line feeds in these bytes, from a place on. */
export const lineFeedsIn = (bytes: Buffer, from: number): Uint32Array =>
  (scanning ??= new LineFeeds()).in(bytes, from)
