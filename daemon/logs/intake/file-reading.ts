import { isZeros, pageLength, stretchesOf, type Stretch } from './holes.ts'
import { LineSplitter } from './line-splitter.ts'
import type { LineBlock } from './lines.ts'
import { headLength, nearLength, printedLength, printOf, type FilePlace } from './place.ts'
import type { Look, Source } from './source.ts'

/** What one look at a file gave. */
export interface Piece {
  readonly lines: readonly LineBlock[]
  /** What is to be said before these lines. */
  readonly notes: readonly string[]
  /** `changed`: what was read is not in front of what comes now, so this is not the same file any more. */
  readonly state: 'more' | 'end' | 'changed'
}

const longestRead = 1_048_576
/** Less would not hold a page of a hole wherever it begins. */
const shortestRead = 4 * pageLength

/** Reads one file from a place on. */
export class FileReading {
  readonly source: Source
  place: FilePlace
  #splitter: LineSplitter
  /** Where the next read begins. */
  #at: number
  /** What is right in front of that: it is read again with what follows, which shows that both belong together. */
  #overlap: Buffer
  #first: Buffer
  #hole = 0
  /** What is in front of where reading goes on is zeros: those that follow belong to them. */
  #inHole = false
  #look: Look
  #longest = 0

  private constructor(source: Source, place: FilePlace, look: Look, first: Buffer, overlap: Buffer) {
    this.source = source
    this.place = place
    this.#look = look
    this.#longest = source.packed ? 0 : look.size
    this.#first = first
    this.#overlap = overlap
    this.#at = place.offset
    this.#splitter = new LineSplitter(place.offset, place.encoding)
  }

  /** @param place - where to go on, in a file that has been found to be the one. Null for its beginning. */
  static async from(source: Source, place: FilePlace | null): Promise<FileReading> {
    const look = await source.look()
    const begin = place ?? beginning
    const first = await source.read(0, Math.min(headLength, begin.offset))
    const near = Math.min(nearLength, begin.offset)
    const overlap = await source.read(begin.offset - near, near)
    const { dev, ino } = source
    const modified = String(look.modified)
    const size = Math.max(begin.size, source.packed ? 0 : look.size)
    return new FileReading(source, { ...begin, dev, ino, modified, size }, look, first, overlap)
  }

  /** How the file was when it was last looked at. */
  get look(): Look {
    return this.#look
  }

  /** How long it is known to have been. */
  get longest(): number {
    return this.#longest
  }

  /** At most about so many bytes of lines. */
  async next(mostBytes: number): Promise<Piece> {
    const before = this.#look
    // As long as there was more than was read, the file need not be asked again: what is read shows whether it was cut.
    if (before.size <= this.#at || this.source.packed) this.#look = await this.source.look()
    const left = this.#look.size - this.#at
    if (left < 0 || this.#look.size < this.#longest) return changed
    this.#longest = Math.max(this.#longest, this.#look.size)
    if (left === 0 && this.#look.modified === before.modified) return this.#end()
    const wanted = Math.min(left, Math.max(shortestRead, Math.min(mostBytes, longestRead)))
    const skipped = this.#overlap.length
    const block = await this.source.read(this.#at - skipped, skipped + wanted)
    const short = block.length < skipped + wanted
    // Only a cut leaves less than there was, and only a hole or a program that writes such puts zeros into lines.
    if (!this.source.packed && (short || block.includes(0))) this.#look = await this.source.look()
    if (this.#look.size < this.#longest || !this.#goesOn(block)) return changed
    if (block.length === skipped) return this.#end()
    this.#inHole ||= skipped > 0 && isZeros(block.subarray(0, skipped))
    return this.#take(block, short || this.#look.size <= this.#at + wanted)
  }

  /** What has come of a line that has no end and gets none any more. */
  last(): LineBlock | null {
    const line = this.#splitter.end()
    if (line === null) return null
    this.#splitter = new LineSplitter(this.#at, this.#splitter.encoding)
    this.#move(this.#at, this.#overlap, this.#at - this.#overlap.length)
    return line
  }

  close(): Promise<void> {
    return this.source.close()
  }

  /** Bytes that were there before are there still, or were taken out as a hole. */
  #goesOn(block: Buffer): boolean {
    const { length } = this.#overlap
    if (block.subarray(0, length).equals(this.#overlap)) return true
    if (block.length < length || this.#look.missing < pageLength) return false
    for (let n = 0; n < length; n++) if (block[n] !== this.#overlap[n] && block[n] !== 0) return false
    return true
  }

  #end(): Piece {
    // A hole that something follows is told of when that is read.
    if (this.#hole === 0) return { lines: [], notes: [], state: 'end' }
    const notes = this.#tellHole()
    this.#move(this.#at, this.#overlap, this.#at - this.#overlap.length)
    return { lines: [], notes, state: 'end' }
  }

  #take(block: Buffer, whole: boolean): Piece {
    const skipped = this.#overlap.length
    const base = this.#at - skipped
    const fresh = block.subarray(skipped)
    if (this.#first.length < headLength)
      this.#first = Buffer.concat([this.#first, fresh.subarray(0, headLength - this.#first.length)])
    const lines: LineBlock[] = []
    let notes: readonly string[] = []
    let offset = this.place.offset
    for (const stretch of this.#stretches(fresh, whole)) {
      // What is said of a hole stands in front of the lines after it.
      if (!stretch.hole && this.#hole > 0) {
        if (lines.length > 0) break
        notes = this.#tellHole()
        offset = this.#at
      }
      lines.push(...this.#read(fresh, stretch, skipped + base))
    }
    offset = lines.at(-1)?.end ?? offset
    const end = this.#at - base
    this.#overlap = Buffer.from(block.subarray(Math.max(0, end - nearLength), end))
    if (offset !== this.place.offset) this.#move(offset, block, base)
    return { lines, notes, state: 'more' }
  }

  #stretches(fresh: Buffer, whole: boolean): readonly Stretch[] {
    if (this.#look.missing < pageLength || !fresh.includes(0))
      return [{ from: 0, to: fresh.length, hole: false }]
    return stretchesOf(fresh, this.#at, this.#inHole, whole)
  }

  /** @param base - where in the file the block begins. */
  #read(fresh: Buffer, { from, to, hole }: Stretch, base: number): readonly LineBlock[] {
    this.#at = base + to
    this.#inHole = hole
    if (!hole) return this.#splitter.push(fresh.subarray(from, to))
    const line = this.#splitter.end()
    this.#splitter = new LineSplitter(this.#at, this.#splitter.encoding)
    this.#hole += to - from
    return line === null ? [] : [line]
  }

  #tellHole(): readonly string[] {
    const note = `${this.#hole} bytes are gone: they were taken out of the file before they could be read`
    this.#hole = 0
    return [note]
  }

  /** @param block - bytes of the file, with those in front of the offset among them, from `base` on. */
  #move(offset: number, block: Buffer, base: number): void {
    const end = offset - base
    const head = Math.min(headLength, offset)
    this.place = {
      ...this.place,
      head: printedLength(this.place.head) < head ? printOf(this.#first.subarray(0, head)) : this.place.head,
      near: printOf(block.subarray(Math.max(0, end - nearLength), end)),
      offset,
      size: this.source.packed ? offset : Math.max(this.#look.size, this.#at),
      modified: String(this.#look.modified),
      encoding: this.#splitter.encoding,
    }
  }
}

const changed: Piece = { lines: [], notes: [], state: 'changed' }

const beginning = {
  head: '0',
  near: '0',
  offset: 0,
  size: 0,
  encoding: null,
}

/** Whether a file has in front of a place what was there. `holed`: there is a hole, of which reading on will tell. */
export type Likeness = 'same' | 'holed' | 'perhaps' | 'shorter' | 'other'

/**
 * Looks for what was in front of a place: the first bytes of the file and those right before it.
 * @param sameFile - it is the same file for the system; then what is gone from it may have been taken out as a hole.
 */
export async function compare(source: Source, place: FilePlace, sameFile: boolean): Promise<Likeness> {
  const look = await source.look()
  if (place.offset === 0) return sameFile ? (look.size < place.size ? 'shorter' : 'same') : 'other'
  if (look.size < place.offset) return 'shorter'
  const first = await source.read(0, printedLength(place.head))
  const hasHead = printOf(first) === place.head
  const holed = sameFile && look.missing >= pageLength
  if (!hasHead && !(holed && isZeros(first))) return 'other'
  const length = printedLength(place.near)
  const near = await source.read(place.offset - length, length)
  if (printOf(near) === place.near) return 'same'
  if (holed && isZeros(near)) return hasHead ? 'same' : 'holed'
  return hasHead ? 'other' : 'perhaps'
}

/** A file that is longer is not looked through. */
const longestSearch = 67_108_864

/**
 * Where a file goes on that was made shorter by taking out its middle: behind the bytes that were right before a place.
 * @returns null when those are not in it.
 */
export async function findShifted(source: Source, place: FilePlace): Promise<FilePlace | null> {
  const length = printedLength(place.near)
  const { size } = await source.look()
  if (printedLength(place.head) < headLength || size < headLength || size > longestSearch) return null
  if (printOf(await source.read(0, headLength)) !== place.head) return null
  const bytes = await source.read(0, size)
  for (let end = bytes.indexOf(10) + 1; end > 0; end = bytes.indexOf(10, end) + 1) {
    if (end >= length && printOf(bytes.subarray(end - length, end)) === place.near)
      return { ...place, offset: end }
  }
  return null
}
