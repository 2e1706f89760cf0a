import { longestLine, type LineEncoding, type LineFinder, type SplitLine } from './lines.ts'
import { Utf16Lines } from './utf16-lines.ts'

/**
 * Bytes in, lines out. A line ends with LF, CRLF or CR. Of one that is too long the rest is counted and dropped as it
 * comes. What is pushed belongs to the splitter, because lines are parts of it.
 */
export class LineSplitter {
  #finder: LineFinder | null = null
  #encoding: LineEncoding | null = null
  /** The first bytes of a file, for as long as they may be half a mark. */
  #first: Buffer | null = null
  #at: number

  /** @param at - where the input begins. @param encoding - what is known of a file that was begun before. */
  constructor(at = 0, encoding: LineEncoding | null = null) {
    this.#at = at
    if (at > 0 || encoding !== null) this.#begin(encoding ?? 'bytes')
  }

  /** Null until there is enough to know. */
  get encoding(): LineEncoding | null {
    return this.#encoding
  }

  /** Where the line begins that is not at its end yet: reading can go on from here. */
  get start(): number {
    return this.#finder?.start ?? this.#at
  }

  push(chunk: Buffer): SplitLine[] {
    const lines: SplitLine[] = []
    if (this.#finder !== null) this.#finder.push(chunk, lines)
    else this.#sniff(this.#first === null ? chunk : Buffer.concat([this.#first, chunk]), false, lines)
    return lines
  }

  /** The last line, which has no end; null when there is none. */
  end(): SplitLine | null {
    if (this.#finder === null && this.#first !== null) this.#sniff(this.#first, true, [])
    return this.#finder?.end() ?? null
  }

  #sniff(first: Buffer, all: boolean, lines: SplitLine[]): void {
    const mark = marks.find(({ bytes }) => bytes.equals(first.subarray(0, bytes.length)))
    const half = marks.some(({ bytes }) => bytes.subarray(0, first.length).equals(first))
    if (mark === undefined && half && !all) {
      this.#first = first
      return
    }
    this.#first = null
    this.#at += mark?.bytes.length ?? 0
    this.#begin(mark?.encoding ?? 'bytes').push(first.subarray(mark?.bytes.length ?? 0), lines)
  }

  #begin(encoding: LineEncoding): LineFinder {
    this.#encoding = encoding
    this.#finder = encoding === 'bytes' ? new ByteLines(this.#at) : new Utf16Lines(encoding, this.#at)
    return this.#finder
  }
}

const marks: readonly { readonly bytes: Buffer; readonly encoding: LineEncoding }[] = [
  { bytes: Buffer.from([0xef, 0xbb, 0xbf]), encoding: 'bytes' },
  { bytes: Buffer.from([0xff, 0xfe]), encoding: 'utf16le' },
  { bytes: Buffer.from([0xfe, 0xff]), encoding: 'utf16be' },
]

const lf = 10
const cr = 13

/** Lines of everything whose line ends are single bytes. */
class ByteLines implements LineFinder {
  start: number
  /** Where the next chunk begins. */
  #at: number
  /** What has come of a line, with room behind it for more. */
  #held: Buffer = none
  #heldBytes = 0
  #cut = 0
  /** The last byte was a CR, of which nobody knows yet whether an LF belongs to it. */
  #halfEnd = false

  constructor(at: number) {
    this.start = at
    this.#at = at
  }

  push(chunk: Buffer, into: SplitLine[]): void {
    if (chunk.length === 0) return
    let from = 0
    if (this.#halfEnd) {
      from = chunk[0] === lf ? 1 : 0
      into.push(this.#line(chunk, 0, 0, from))
    }
    const firstCr = chunk.indexOf(cr, from)
    if (firstCr !== -1) from = this.#mixed(chunk, from, firstCr, into)
    else
      for (let end = chunk.indexOf(lf, from); end !== -1; end = chunk.indexOf(lf, from)) {
        into.push(this.#line(chunk, from, end, end + 1))
        from = end + 1
      }
    this.#hold(chunk, from, this.#halfEnd ? chunk.length - 1 : chunk.length)
    this.#at += chunk.length
  }

  end(): SplitLine | null {
    return this.start === this.#at ? null : this.#line(none, 0, 0, 0)
  }

  /** In a chunk that has both: each is looked for once only. @returns where the last line of it begins. */
  #mixed(chunk: Buffer, begin: number, firstCr: number, into: SplitLine[]): number {
    let from = begin
    let nextCr = firstCr
    let nextLf = chunk.indexOf(lf, from)
    while (nextCr !== -1 || nextLf !== -1) {
      if (nextLf !== -1 && (nextCr === -1 || nextLf < nextCr)) {
        into.push(this.#line(chunk, from, nextLf, nextLf + 1))
        from = nextLf + 1
      } else if (nextCr === chunk.length - 1) {
        this.#halfEnd = true
        return from
      } else {
        const next = nextLf === nextCr + 1 ? nextCr + 2 : nextCr + 1
        into.push(this.#line(chunk, from, nextCr, next))
        from = next
        nextCr = chunk.indexOf(cr, from)
      }
      if (nextLf !== -1 && nextLf < from) nextLf = chunk.indexOf(lf, from)
    }
    return from
  }

  #line(chunk: Buffer, from: number, to: number, next: number): SplitLine {
    const end = this.#at + next
    this.start = end
    if (this.#heldBytes === 0 && to - from <= longestLine && !this.#halfEnd)
      return { bytes: chunk.subarray(from, to), cut: 0, end }
    this.#halfEnd = false
    this.#hold(chunk, from, to)
    const line = { bytes: this.#held.subarray(0, this.#heldBytes), cut: this.#cut, end }
    this.#held = none
    this.#heldBytes = 0
    this.#cut = 0
    return line
  }

  #hold(chunk: Buffer, from: number, to: number): void {
    const taken = Math.min(to - from, longestLine - this.#heldBytes)
    this.#cut += to - from - taken
    if (taken === 0) return
    const needed = this.#heldBytes + taken
    if (this.#held.length < needed) {
      const grown = Buffer.allocUnsafeSlow(
        Math.min(longestLine, Math.max(256, needed, 2 * this.#held.length)),
      )
      this.#held.copy(grown, 0, 0, this.#heldBytes)
      this.#held = grown
    }
    chunk.copy(this.#held, this.#heldBytes, from, from + taken)
    this.#heldBytes = needed
  }
}

const none = Buffer.alloc(0)
