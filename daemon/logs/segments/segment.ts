import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { crc32 } from 'node:zlib'
import { blockBytes, grown, noFacts, type BlockFacts } from './block.ts'
import {
  decodeFrames,
  encodeFrame,
  frameLength,
  isIntact,
  marksAt,
  recordAt,
  type Frame,
  type KeptRecord,
  type SourceMark,
} from './frame.ts'

/** A file of frames. While it is open it grows; once closed it is never written again. */
export class Segment {
  readonly file: string
  readonly isOpen: boolean
  /** Bytes that were found damaged, which are passed over. */
  damaged = 0
  #blocks: BlockFacts[] = []
  #descriptor: number
  #size = 0
  #disposed = false
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
    const known = segment.#readTable()
    if (known === null) segment.#takeFrames(segment.#readAll())
    else segment.#blocks = known
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

  /** Writes a frame as a whole. @throws what the system says when it cannot; the file is then as it was before. */
  append(frame: Frame): void {
    const bytes = encodeFrame(frame)
    try {
      for (let done = 0; done < bytes.length;)
        done += writeSync(this.#descriptor, bytes, done, bytes.length - done)
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

  /** The bytes of a block; null when they are damaged, or gone because they were to be kept no longer. */
  read(block: BlockFacts): Buffer | null {
    if (this.#disposed) return null
    const bytes = this.#bytesAt(block.at, block.length)
    if (this.isOpen || this.#checked.has(block.at)) return bytes
    if (!areIntact(bytes)) {
      this.damaged += block.length
      return null
    }
    this.#checked.add(block.at)
    return bytes
  }

  /** Writes what this holds into a closed one, in blocks, which takes this one's place. */
  close(file: string): void {
    const descriptor = openSync(`${file}.new`, 'w', 0o600)
    try {
      const table: BlockFacts[] = []
      let at = 0
      for (const records of this.#inBlocks()) {
        const bytes = encodeFrame({ records, marks: {} })
        writeSync(descriptor, bytes)
        table.push(grown(noFacts(at), bytes.length, decodeFrames(bytes)))
        at += bytes.length
      }
      writeSync(descriptor, tableBytes(table))
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(`${file}.new`, file)
  }

  dispose(): void {
    this.#disposed = true
    closeSync(this.#descriptor)
  }

  *#inBlocks(): Generator<readonly KeptRecord[]> {
    let records: KeptRecord[] = []
    let length = 0
    for (const block of this.#blocks) {
      const columns = decodeFrames(this.#bytesAt(block.at, block.length))
      for (let row = 0; row < columns.count; row++) {
        const record = recordAt(columns, row)
        records.push(record)
        length += record.bytes.length + 1
        if (length < blockBytes) continue
        yield records
        records = []
        length = 0
      }
    }
    if (records.length > 0) yield records
  }

  /** Takes every frame that is intact. @returns where the last of them ends. */
  #takeFrames(bytes: Buffer): number {
    let end = 0
    for (let at = 0; at < bytes.length;) {
      if (!isIntact(bytes, at)) {
        const next = nextIntact(bytes, at + 1)
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

  #take(frame: Buffer, at: number): void {
    Object.assign(this.#marks, marksAt(frame, 0))
    const last = this.#blocks.at(-1)
    const goesOn = last !== undefined && last.length < blockBytes && last.at + last.length === at
    const block = grown(goesOn ? last : noFacts(at), frame.length, decodeFrames(frame))
    if (goesOn) this.#blocks[this.#blocks.length - 1] = block
    else this.#blocks.push(block)
  }

  #readAll(): Buffer {
    return this.#bytesAt(0, fstatSync(this.#descriptor).size)
  }

  #bytesAt(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    let done = 0
    while (done < length) {
      const read = readSync(this.#descriptor, bytes, done, length - done, at + done)
      if (read === 0) break
      done += read
    }
    return bytes.subarray(0, done)
  }

  /** The table of a closed one; null when it is not there as it was written. */
  #readTable(): BlockFacts[] | null {
    if (this.#size < tableTail) return null
    const tail = this.#bytesAt(this.#size - tableTail, tableTail)
    const [length, sum, sign] = [tail.readUInt32LE(0), tail.readUInt32LE(4), tail.readUInt32LE(8)]
    if (sign !== tableMagic || length > this.#size - tableTail) return null
    const json = this.#bytesAt(this.#size - tableTail - length, length)
    // Only `tableBytes` writes it, and its check sum is right.
    return crc32(json) === sum ? (JSON.parse(json.toString('utf8')) as BlockFacts[]) : null
  }
}

/** "QLT1" */
const tableMagic = 0x31544c51
const tableTail = 12

function tableBytes(table: readonly BlockFacts[]): Buffer {
  const json = Buffer.from(JSON.stringify(table))
  const tail = Buffer.alloc(tableTail)
  tail.writeUInt32LE(json.length, 0)
  tail.writeUInt32LE(crc32(json), 4)
  tail.writeUInt32LE(tableMagic, 8)
  return Buffer.concat([json, tail])
}

function areIntact(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length;) {
    if (!isIntact(bytes, at)) return false
    at += frameLength(bytes, at) ?? bytes.length
  }
  return true
}

const beginning = Buffer.from('QLF1')

function nextIntact(bytes: Buffer, from: number): number | null {
  for (let at = bytes.indexOf(beginning, from); at !== -1; at = bytes.indexOf(beginning, at + 1))
    if (isIntact(bytes, at)) return at
  return null
}
