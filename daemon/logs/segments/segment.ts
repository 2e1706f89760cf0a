import {
  closeSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import type { Scanner } from '../scan/scanner.ts'
import { blockBytes, grown, noFacts, type BlockFacts } from './block.ts'
import { writeAll, writeClosed } from './close-segment.ts'
import { frameLength, framesIn, FrameView, isIntact, type SourceMark } from './frame.ts'
import { encodeFrame, type Frame } from './record-batch.ts'
import { leastIndexed, SegmentIndex } from './segment-index.ts'
import { readTable } from './segment-table.ts'

/** A file of frames. While it is open it grows; once closed it is never written again. */
export class Segment {
  readonly file: string
  readonly isOpen: boolean
  /** Bytes that were found damaged, which are passed over. */
  damaged = 0
  #blocks: BlockFacts[] = []
  readonly #descriptor: number
  #size = 0
  #disposed = false
  #index: SegmentIndex | null = null
  readonly #marks: Record<string, SourceMark> = {}
  readonly #checked = new Set<number>()

  private constructor(file: string, descriptor: number, isOpen: boolean) {
    this.file = file
    this.isOpen = isOpen
    this.#descriptor = descriptor
  }

  /** Opens one that grows, or makes it. What was not written as a whole when somebody ended is cut off. */
  static grow(file: string): Segment {
    const segment = new Segment(file, openSync(file, 'a+', 0o600), true)
    const bytes = segment.#readAll()
    const end = segment.#takeFrames(bytes)
    if (end < bytes.length) {
      // What its sources said there is read again; it is kept all the same, for whoever wants to know what happened.
      writeFileSync(`${file}.cut`, bytes.subarray(end), { mode: 0o600 })
      ftruncateSync(segment.#descriptor, end)
    }
    segment.#size = end
    return segment
  }

  /** Opens one that was closed. */
  static closed(file: string): Segment {
    const segment = new Segment(file, openSync(file, 'r'), false)
    segment.#size = fstatSync(segment.#descriptor).size
    const known = readTable(segment.#size, (at, length) => segment.#bytesAt(at, length))
    if (known === null) segment.#takeFrames(segment.#readAll())
    else segment.#blocks = [...known]
    return segment
  }

  get blocks(): readonly BlockFacts[] {
    return this.#blocks
  }

  get size(): number {
    return this.#size
  }

  /** How far each source was read when this was last written. */
  get marks(): Readonly<Record<string, SourceMark>> {
    return this.#marks
  }

  forgetMarks(isWanted: (key: string) => boolean): void {
    for (const key of Object.keys(this.#marks)) if (!isWanted(key)) delete this.#marks[key]
  }

  /** Writes a frame as a whole. @throws what the system says when it cannot; the file is then as it was before. */
  append(frame: Frame): void {
    const bytes = encodeFrame(frame)
    try {
      writeAll(this.#descriptor, bytes)
    } catch (error) {
      ftruncateSync(this.#descriptor, this.#size)
      throw error
    }
    this.#take(bytes, this.#size)
    this.#size += bytes.length
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
    if (this.#disposed) return null
    const bytes = this.#bytesAt(block.at, block.length, room(block.length))
    // Somebody has cut the file.
    if (bytes.length < block.length) return null
    if (this.isOpen || this.#checked.has(block.at)) return bytes
    if (!areIntact(bytes)) {
      this.damaged += block.length
      return null
    }
    this.#checked.add(block.at)
    return bytes
  }

  /** Which of its blocks may hold all these bits, by their place; null when all may. */
  blocksWith(bits: readonly number[], scanner: Scanner): readonly boolean[] | null {
    if (this.#disposed || this.isOpen || bits.length === 0 || this.#blocks.length < leastIndexed) return null
    this.#index ??= SegmentIndex.open(this.#indexFile, this.#blocks.length)
    const found = this.#index?.blocksWith(bits) ?? null
    if (found !== null) return found
    // There is none, or it is damaged.
    this.#index?.dispose()
    this.makeIndex(scanner)
    this.#index = SegmentIndex.open(this.#indexFile, this.#blocks.length)
    return this.#index?.blocksWith(bits) ?? null
  }

  /** Makes the index of a closed one. Nothing is wrong without it, only slow. */
  makeIndex(scanner: Scanner): void {
    if (this.#blocks.length < leastIndexed) return
    SegmentIndex.write(this.#indexFile, scanner, this.#texts(), this.#blocks.length)
  }

  /** Writes what this holds into one that is closed. */
  close(file: string): void {
    writeClosed(file, this.#frames())
  }

  /** Lets go of it. @param remove - for ever. */
  dispose(remove = false): void {
    this.#disposed = true
    closeSync(this.#descriptor)
    this.#index?.dispose()
    if (!remove) return
    rmSync(this.file, { force: true })
    rmSync(this.#indexFile, { force: true })
  }

  get #indexFile(): string {
    return `${this.file}.idx`
  }

  *#frames(): Generator<FrameView> {
    for (const block of this.#blocks) yield* framesIn(this.#bytesAt(block.at, block.length))
  }

  /** The text of each block; none of one that is damaged. */
  *#texts(): Generator<readonly Buffer[]> {
    for (const block of this.#blocks) {
      const bytes = this.read(block, (length) => Buffer.allocUnsafeSlow(length))
      yield bytes === null
        ? []
        : [...framesIn(bytes)].map(({ textFrom, textTo }) => bytes.subarray(textFrom, textTo))
    }
  }

  /** Takes every frame that is intact. @returns where the last of them ends. */
  #takeFrames(bytes: Buffer): number {
    let end = 0
    for (let at = 0; at < bytes.length;) {
      if (!isIntact(bytes, at)) {
        const next = nextIntact(bytes, at + 8)
        if (next === null) break
        this.damaged += next - at
        at = next
        continue
      }
      const length = frameLength(bytes, at) ?? 0
      this.#take(bytes.subarray(at, at + length), at)
      end = at += length
    }
    return end
  }

  #take(bytes: Buffer, at: number): void {
    const frame = new FrameView(bytes, 0)
    Object.assign(this.#marks, frame.marks)
    const last = this.#blocks.at(-1)
    const goesOn = last !== undefined && last.length < blockBytes && last.at + last.length === at
    const block = grown(goesOn ? last : noFacts(at), bytes.length, frame)
    if (goesOn) this.#blocks[this.#blocks.length - 1] = block
    else this.#blocks.push(block)
  }

  #readAll(): Buffer {
    return this.#bytesAt(0, fstatSync(this.#descriptor).size)
  }

  #bytesAt(at: number, length: number, bytes: Buffer = Buffer.allocUnsafeSlow(length)): Buffer {
    let done = 0
    while (done < length) {
      const read = readSync(this.#descriptor, bytes, done, length - done, at + done)
      if (read === 0) break
      done += read
    }
    return bytes.subarray(0, done)
  }
}

function areIntact(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length;) {
    if (!isIntact(bytes, at)) return false
    at += frameLength(bytes, at) ?? bytes.length
  }
  return true
}

const beginning = Buffer.from('QLF1')

/** Frames begin at multiples of 8. */
function nextIntact(bytes: Buffer, from: number): number | null {
  for (let at = bytes.indexOf(beginning, from); at !== -1; at = bytes.indexOf(beginning, at + 1))
    if (at % 8 === 0 && isIntact(bytes, at)) return at
  return null
}
