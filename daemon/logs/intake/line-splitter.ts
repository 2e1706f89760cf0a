import { lineFeedsIn } from '../scan/line-feeds.ts'
import { lineOf, longestLine, type LineBlock, type LineEncoding, type LineFinder } from './lines.ts'
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

  push(chunk: Buffer): LineBlock[] {
    const lines: LineBlock[] = []
    if (this.#finder !== null) this.#finder.push(chunk, lines)
    else this.#sniff(this.#first === null ? chunk : Buffer.concat([this.#first, chunk]), false, lines)
    return lines
  }

  /** The last line, which has no end; null when there is none. */
  end(): LineBlock | null {
    if (this.#finder === null && this.#first !== null) this.#sniff(this.#first, true, [])
    return this.#finder?.end() ?? null
  }

  #sniff(first: Buffer, all: boolean, lines: LineBlock[]): void {
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

  push(chunk: Buffer, into: LineBlock[]): void {
    if (chunk.length === 0) return
    let from = 0
    if (this.#halfEnd) {
      from = chunk[0] === lf ? 1 : 0
      into.push(this.#line(chunk, 0, 0, from))
    }
    const firstCr = chunk.indexOf(cr, from)
    from = firstCr === -1 ? this.#plain(chunk, from, into) : this.#mixed(chunk, from, firstCr, into)
    this.#hold(chunk, from, this.#halfEnd ? chunk.length - 1 : chunk.length)
    this.#at += chunk.length
  }

  end(): LineBlock | null {
    return this.start === this.#at ? null : this.#line(none, 0, 0, 0)
  }

  /** In a chunk that has no CR. @returns where the last line of it begins, whose end has not come. */
  #plain(chunk: Buffer, begin: number, into: LineBlock[]): number {
    const ends = lineFeedsIn(chunk, begin)
    let from = begin
    for (let first = 0; first < ends.length;) {
      const end = ends[first] ?? 0
      if (this.#heldBytes > 0 || end - from > longestLine) {
        into.push(this.#line(chunk, from, end, end + 1))
        from = end + 1
        first++
        continue
      }
      const to = ends.subarray(first, firstLonger(ends, first, from))
      into.push(this.#tight(chunk, from, to))
      first += to.length
      from = (to.at(-1) ?? 0) + 1
    }
    return from
  }

  #tight(bytes: Buffer, begin: number, to: Uint32Array): LineBlock {
    const from = new Uint32Array(to.length)
    let next = begin
    for (let line = 0; line < to.length; line++) {
      from[line] = next
      next = (to[line] ?? 0) + 1
    }
    this.start = this.#at + next
    return { bytes, from, to, tight: true, cut: 0, end: this.start }
  }

  /** In a chunk that has both: each is looked for once only. @returns where the last line of it begins. */
  #mixed(chunk: Buffer, begin: number, firstCr: number, into: LineBlock[]): number {
    const lines = new Places()
    let from = begin
    let nextCr = firstCr
    let nextLf = chunk.indexOf(lf, from)
    const add = (to: number, next: number): void => {
      if (this.#heldBytes > 0 || to - from > longestLine) {
        this.#give(chunk, lines, from, into)
        into.push(this.#line(chunk, from, to, next))
      } else lines.add(from, to)
      from = next
    }
    while (nextCr !== -1 || nextLf !== -1) {
      if (nextLf !== -1 && (nextCr === -1 || nextLf < nextCr)) add(nextLf, nextLf + 1)
      else if (nextCr === chunk.length - 1) {
        this.#halfEnd = true
        break
      } else {
        add(nextCr, nextLf === nextCr + 1 ? nextCr + 2 : nextCr + 1)
        nextCr = chunk.indexOf(cr, from)
      }
      if (nextLf !== -1 && nextLf < from) nextLf = chunk.indexOf(lf, from)
    }
    this.#give(chunk, lines, from, into)
    return from
  }

  /** Gives lines of which what follows begins at `next`. */
  #give(bytes: Buffer, lines: Places, next: number, into: LineBlock[]): void {
    const taken = lines.take()
    if (taken === null) return
    this.start = this.#at + next
    into.push({ bytes, ...taken, tight: false, cut: 0, end: this.start })
  }

  #line(chunk: Buffer, from: number, to: number, next: number): LineBlock {
    const end = this.#at + next
    this.start = end
    this.#halfEnd = false
    this.#hold(chunk, from, to)
    const line = lineOf(this.#held.subarray(0, this.#heldBytes), this.#cut, end)
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

/** The first of these line ends, from one on, whose line is too long; how many there are when none is. */
function firstLonger(ends: Uint32Array, first: number, begin: number): number {
  if ((ends.at(-1) ?? 0) - begin <= longestLine) return ends.length
  let from = begin
  for (let line = first; line < ends.length; line++) {
    const end = ends[line] ?? 0
    if (end - from > longestLine) return line
    from = end + 1
  }
  return ends.length
}

/** Where lines begin and end. */
class Places {
  #from: number[] = []
  #to: number[] = []

  add(from: number, to: number): void {
    this.#from.push(from)
    this.#to.push(to)
  }

  take(): { readonly from: Uint32Array; readonly to: Uint32Array } | null {
    if (this.#from.length === 0) return null
    const taken = { from: Uint32Array.from(this.#from), to: Uint32Array.from(this.#to) }
    this.#from = []
    this.#to = []
    return taken
  }
}
