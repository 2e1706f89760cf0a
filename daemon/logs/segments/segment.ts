import {
  closeSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { filterBytes } from '../scan/tables.ts'
import { blockBytes, grown, noFacts, textOf, together, type BlockFacts } from './block.ts'
import { FrameView, mostNames, type SourceMark } from './frame.ts'
import { packedLength, unpackBlock } from './packed-block.ts'
import { bytesAt, intactFrames, packedEnding, readBlock } from './read-block.ts'
import { encodeFrame, type Frame } from './record-batch.ts'
import { indexBytes, leastIndexed, SegmentIndex } from './segment-index.ts'
import { readTable, tableTail } from './segment-table.ts'
import { indexOf, nameOf, type SegmentWork } from './segment-work.ts'
import { writeAll } from './whole-files.ts'

/** What all segments of an app have in common. */
export interface SegmentHome {
  readonly app: string
  readonly work: SegmentWork
  /** Bytes that filters of open segments may still take, of all apps together. */
  readonly room: { left: number }
}

/** So many blocks are signed at once, and one by one they are not worth it. */
const mostSigned = 64
const leastSigned = 16
/** Nobody asks for an index again so soon that could not be made, in milliseconds. */
const indexPauseMs = 30_000

/** A file of frames. While it is open it grows; once closed it is never written again. */
export class Segment {
  readonly file: string
  readonly isOpen: boolean
  readonly #home: SegmentHome
  readonly #until: number
  readonly #descriptor: number
  #blocks: BlockFacts[] = []
  #size = 0
  #disposed = false
  /** What took its place: each block of this is one or more of that. */
  #successor: Segment | null = null
  #damaged = 0
  readonly #damagedBlocks = new Set<number>()
  readonly #marks: Record<string, SourceMark> = {}
  readonly #checked = new Set<number>()
  #together: BlockFacts = noFacts(0)
  #togetherOf = -1
  /** Of an open one, of its first blocks. */
  #filters: Uint8Array[] = []
  #signing = false
  #index: SegmentIndex | null = null
  #noIndexUntil = 0

  private constructor(file: string, flags: string, home: SegmentHome, until: number) {
    this.file = file
    this.#until = until
    this.isOpen = file.endsWith('.open')
    this.#home = home
    this.#descriptor = openSync(file, flags, 0o600)
  }

  /**
   * Opens one that grows, or makes it. What was not written as a whole when somebody ended is cut off.
   * @param until - the first number that belongs to the one behind it.
   */
  static grow(file: string, home: SegmentHome, until: number = Number.POSITIVE_INFINITY): Segment {
    const segment = new Segment(file, 'a+', home, until)
    const bytes = segment.#readAll()
    const end = segment.#takeFrames(bytes)
    if (end < bytes.length) {
      // What its sources said there is read again; it is kept all the same, for whoever wants to know what happened.
      writeFileSync(cutOf(file), bytes.subarray(end), { mode: 0o600 })
      ftruncateSync(segment.#descriptor, end)
    }
    segment.#size = end
    return segment
  }

  /** Opens one that was closed. @param until - the first number that belongs to the one behind it. */
  static closed(file: string, home: SegmentHome, until: number = Number.POSITIVE_INFINITY): Segment {
    const segment = new Segment(file, 'r', home, until)
    segment.#size = fstatSync(segment.#descriptor).size
    const table = readTable(segment.#size, (at, length) => bytesAt(segment.#descriptor, at, length))
    if (table === null) {
      const bytes = segment.#readAll()
      const end = segment.#isPacked ? segment.#takePacked(bytes) : segment.#takeFrames(bytes)
      // The table at least is damaged.
      segment.#damaged += Math.max(bytes.length - end, tableTail)
    } else if ((table.app ?? home.app) !== home.app || (table.name ?? segment.name) !== segment.name)
      segment.#damaged = Math.max(1, segment.#size)
    else {
      segment.#blocks = [...(table.blocks ?? [])]
      segment.#damaged = table.lost ?? 0
      Object.assign(segment.#marks, table.marks)
    }
    return segment
  }

  get name(): string {
    return nameOf(this.file)
  }

  get blocks(): readonly BlockFacts[] {
    return this.#blocks
  }

  /** Bytes of its file. */
  get size(): number {
    return this.#size
  }

  /** Whether its first frame is there, which holds how far everything was read when it was begun. */
  get isBegun(): boolean {
    return this.#blocks[0]?.at === 0
  }

  /** Bytes that it takes on disk, with its index. */
  get bytes(): number {
    return this.#size + (this.isOpen ? 0 : indexBytes(this.#blocks.length))
  }

  /** Bytes that were found damaged, which are passed over. */
  get damaged(): number {
    return this.#damaged
  }

  /** What is known of all its blocks together. */
  get facts(): BlockFacts {
    if (this.#togetherOf !== this.#size) this.#together = together(this.#blocks)
    this.#togetherOf = this.#size
    return this.#together
  }

  /** Of an open one, the filters that were made of its first blocks. */
  get filters(): readonly Uint8Array[] {
    return this.#filters
  }

  /** How far each source was read when this was last written. */
  get marks(): Readonly<Record<string, SourceMark>> {
    return this.#marks
  }

  forgetMarks(isWanted: (key: string) => boolean): void {
    for (const key of Object.keys(this.#marks)) if (!isWanted(key)) delete this.#marks[key]
  }

  /** Writes a frame as a whole. @throws what the system says when it cannot; the file is then as it was before. */
  append(frame: Frame): FrameView {
    const bytes = encodeFrame({ ...frame, app: this.#home.app })
    try {
      writeAll(this.#descriptor, bytes)
    } catch (error) {
      ftruncateSync(this.#descriptor, this.#size)
      throw error
    }
    const kept = new FrameView(bytes, 0)
    this.#take(kept, this.#size)
    this.#size += bytes.length
    this.#sign(leastSigned)
    return kept
  }

  /** Makes what was written outlive a loss of power. */
  sync(): void {
    fsyncSync(this.#descriptor)
  }

  /** The same beside everything else. That it failed is seen when something is written. */
  syncBeside(): void {
    fsync(this.#descriptor, () => undefined)
  }

  /**
   * The bytes of a block; null when they are damaged, or gone because they were to be kept no longer.
   * @param room - gives memory for so many; it begins at a multiple of 8.
   */
  read(block: BlockFacts, room: (length: number) => Buffer): Buffer | null {
    if (this.#successor !== null) return this.#successor.#readSame(block, room)
    if (this.#disposed) return null
    const check = !this.isChecked(block)
    const bytes = readBlock(this.#descriptor, block, { packed: this.#isPacked, check, room })
    if (bytes !== null) {
      this.setChecked(block)
    } else if (!this.#damagedBlocks.has(block.at)) {
      this.#damagedBlocks.add(block.at)
      this.#damaged += block.length
    }
    return bytes
  }

  /** Whether the check sums of a block were looked at. What grows was written by ourselves. */
  isChecked({ at }: BlockFacts): boolean {
    return this.isOpen || this.#checked.has(at)
  }

  setChecked({ at }: BlockFacts): void {
    this.#checked.add(at)
  }

  /** The places of its blocks that may hold all these bits; null when all may. */
  placesWith(bits: readonly number[]): readonly number[] | null {
    if (this.#disposed || bits.length === 0 || this.#blocks.length === 0) return null
    if (this.isOpen) return this.#openPlacesWith(bits)
    if (this.#blocks.length < leastIndexed) return null
    this.#index ??= SegmentIndex.open(indexOf(this.file), this.#blocks)
    const found = this.#index?.placesWith(bits) ?? null
    if (found !== null) return found
    // There is none, or it is damaged.
    this.#index?.dispose()
    this.#index = null
    this.#makeIndex()
    return null
  }

  /** From now on what is read of this is read of another, that holds the same; the file goes. */
  replaceBy(successor: Segment): void {
    this.#successor = successor
    this.dispose()
    rmSync(this.file, { force: true })
  }

  /** Lets go of it. @param remove - for ever. */
  dispose(remove = false): void {
    if (this.#disposed) return
    this.#disposed = true
    closeSync(this.#descriptor)
    this.#index?.dispose()
    this.#home.room.left += this.#filters.length * filterBytes
    this.#filters = []
    if (!remove) return
    const files = [this.file, indexOf(this.file), cutOf(this.file.replace(/\.\w+$/, '.open'))]
    for (const file of files) rmSync(file, { force: true })
  }

  /** What a block held, of which this has several in its place. */
  #readSame({ firstSequence, lastSequence }: BlockFacts, room: (length: number) => Buffer): Buffer | null {
    const same = this.#blocks.filter(
      (block) => block.firstSequence >= firstSequence && block.lastSequence <= lastSequence,
    )
    const parts = same.flatMap((block) => this.read(block, (length) => Buffer.allocUnsafeSlow(length)) ?? [])
    if (parts.length === 0) return null
    const bytes = Buffer.concat(parts)
    const placed = room(bytes.length)
    bytes.copy(placed)
    return placed
  }

  get #isPacked(): boolean {
    return this.file.endsWith(packedEnding)
  }

  #openPlacesWith(bits: readonly number[]): readonly number[] {
    this.#sign(1)
    const places: number[] = []
    for (let place = 0; place < this.#blocks.length; place++) {
      const filter = this.#filters[place]
      if (filter === undefined || bits.every((bit) => ((filter[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0))
        places.push(place)
    }
    return places
  }

  /** Has filters made of blocks that are full, where there are at least so many. */
  #sign(least: number): void {
    if (this.#signing || this.#disposed) return
    const from = this.#filters.length
    const { room, work } = this.#home
    const most = Math.min(mostSigned, Math.floor(room.left / filterBytes))
    // The last one still grows.
    const blocks = this.#blocks.slice(from, Math.min(this.#blocks.length - 1, from + most))
    if (blocks.length < least) return
    this.#signing = true
    room.left -= blocks.length * filterBytes
    work.begin({ kind: 'sign', file: this.file, blocks }, (outcome) => {
      this.#signing = false
      if (this.#disposed || 'problem' in outcome) room.left += blocks.length * filterBytes
      else {
        this.#filters.push(...outcome.filters)
        this.#sign(leastSigned)
      }
    })
  }

  /** Nothing is wrong without it, only slow. */
  #makeIndex(): void {
    const now = performance.now()
    if (now < this.#noIndexUntil) return
    this.#noIndexUntil = now + indexPauseMs
    this.#home.work.begin({ kind: 'index', file: this.file, blocks: this.#blocks }, () => undefined)
  }

  /** Takes every frame that is intact, and ours. @returns where the last of them ends. */
  #takeFrames(bytes: Buffer): number {
    let end = 0
    for (const [at, frame] of intactFrames(bytes)) {
      this.#damaged += at - end
      end = at + frame.length
      if (this.#isOurs(frame)) this.#take(frame, at)
      else this.#damaged += frame.length
    }
    return end
  }

  /** The same, of compressed blocks. */
  #takePacked(bytes: Buffer): number {
    let at = 0
    for (let length; (length = packedLength(bytes, at)) !== null; at += length) {
      const frames = unpackBlock(bytes.subarray(at, at + length))
      if (frames === null) this.#damaged += length
      else
        for (const [, frame] of intactFrames(frames))
          if (this.#isOurs(frame)) this.#blocks.push(grown(noFacts(at), length, frame))
          else this.#damaged += length
    }
    return at
  }

  /** A file that was put in the place of another holds what is another app's, or another segment's. */
  #isOurs({ names, count, first }: FrameView): boolean {
    const isNumbered = count === 0 || (first >= Number(this.name) && first < this.#until)
    return (names.app ?? this.#home.app) === this.#home.app && isNumbered
  }

  #take(frame: FrameView, at: number): void {
    Object.assign(this.#marks, frame.marks)
    const last = this.#blocks.at(-1)
    const goesOn =
      last !== undefined &&
      last.at + last.length === at &&
      textOf(last) < blockBytes &&
      last.sources.length + frame.names.sources.length <= mostNames
    const block = grown(goesOn ? last : noFacts(at), frame.length, frame)
    if (goesOn) this.#blocks[this.#blocks.length - 1] = block
    else this.#blocks.push(block)
  }

  #readAll(): Buffer {
    return bytesAt(this.#descriptor, 0, fstatSync(this.#descriptor).size)
  }
}

const cutOf = (file: string): string => `${file}.cut`
