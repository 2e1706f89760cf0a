import type { LogLevel } from '#contract/log-words.ts'
import {
  flagsOf,
  frameHead,
  kindIn,
  layFrame,
  levelIn,
  Places,
  sealed,
  timeFromIn,
  type KeptRecord,
  type SourceMark,
} from './frame.ts'

/** A record that was given no number yet. */
export type NewRecord = Omit<KeptRecord, 'sequence'>
/** What is known of a record besides its text. */
export type RecordHead = Omit<NewRecord, 'bytes'>

const lineFeed = Buffer.from('\n')

/**
 * Records that are to be kept together, in columns: no object is made for each. The last of them may grow. Their text is
 * each record's bytes and a line feed, in pieces of what was read.
 */
export class RecordBatch {
  readonly time: Float64Array
  /** Where the text of each ends. */
  readonly end: Uint32Array
  readonly messageAt: Uint16Array
  /** As {@link flagsOf} makes them. */
  readonly flags: Uint8Array
  readonly source: Uint8Array
  readonly format: Uint8Array
  readonly sources = new Places()
  readonly formats = new Places()
  readonly #pieces: Buffer[] = []
  count = 0
  /** Of the text, with the line feed behind the last record. */
  length = 0
  /** A stretch of bytes that stand in one another's wake, and which is no piece yet. */
  #bytes: Buffer = lineFeed
  #from = 0
  #to = 0

  /** @param most - records. */
  constructor(most: number) {
    this.time = new Float64Array(most)
    this.end = new Uint32Array(most)
    this.messageAt = new Uint16Array(most)
    this.flags = new Uint8Array(most)
    this.source = new Uint8Array(most)
    this.format = new Uint8Array(most)
  }

  static of(records: readonly NewRecord[]): RecordBatch {
    const batch = new RecordBatch(records.length)
    for (const record of records) batch.add(record, record.bytes)
    return batch
  }

  /** All records of some, in this order. */
  static joined(batches: readonly RecordBatch[]): RecordBatch {
    const [first] = batches
    if (first !== undefined && batches.length === 1) return first
    const all = new RecordBatch(batches.reduce((sum, { count }) => sum + count, 0))
    for (const batch of batches) all.#take(batch)
    return all
  }

  /** Begins a record; its text is what is written from now on. */
  begin(time: number, messageAt: number, flags: number, source: number, format: number): void {
    const row = this.count++
    this.time[row] = time
    this.end[row] = this.length
    this.messageAt[row] = Math.min(messageAt, 0xffff)
    this.flags[row] = flags
    this.source[row] = source
    this.format[row] = format
  }

  add(record: RecordHead, bytes: Buffer): void {
    const { time, timeFrom, level, kind, messageAt, source, format } = record
    const flags = flagsOf(level, kind, timeFrom)
    this.begin(time, messageAt, flags, this.sources.of(source), this.formats.of(format))
    this.write(bytes)
  }

  /** Writes a line of the last record. */
  write(bytes: Buffer): void {
    this.#cut()
    this.#pieces.push(bytes, lineFeed)
    this.#grow(bytes.length)
  }

  /** The same, of bytes that a line feed stands behind. */
  writeFrom(bytes: Buffer, from: number, to: number): void {
    if (bytes !== this.#bytes || from !== this.#to) {
      this.#cut()
      this.#bytes = bytes
      this.#from = from
    }
    this.#to = to + 1
    this.#grow(to - from)
  }

  /** The text, in pieces that follow one another. */
  get text(): readonly Buffer[] {
    this.#cut()
    return this.#pieces
  }

  /** Takes the last record out. @returns a copy of its text, without the line feed behind it. */
  takeLast(): Buffer {
    this.#cut()
    const begin = this.#lastBegin
    const bytes = Buffer.allocUnsafeSlow(this.length - begin)
    for (let left = bytes.length; left > 0;) {
      const piece = this.#pieces.pop() ?? lineFeed
      const taken = Math.min(left, piece.length)
      const kept = piece.length - taken
      left -= piece.copy(bytes, left - taken, kept)
      if (kept > 0) this.#pieces.push(piece.subarray(0, kept))
    }
    this.count--
    this.length = begin
    return bytes.subarray(0, -1)
  }

  /** How grave the last record is. */
  get lastLevel(): LogLevel | null {
    return levelIn(this.flags[this.count - 1] ?? 0)
  }

  /** Says how grave the last record is, where that is not known. */
  tellLevel(level: LogLevel): void {
    const flags = this.flags[this.count - 1] ?? 0
    if (levelIn(flags) === null) this.flags[this.count - 1] = flagsOf(level, kindIn(flags), timeFromIn(flags))
  }

  /** What is known of the last record. */
  lastHead(): RecordHead {
    const row = this.count - 1
    const flags = this.flags[row] ?? 0
    return {
      time: this.time[row] ?? 0,
      timeFrom: timeFromIn(flags),
      level: levelIn(flags),
      kind: kindIn(flags),
      source: this.sources.names[this.source[row] ?? 0] ?? '',
      format: this.formats.names[this.format[row] ?? 0] ?? 'plain',
      messageAt: this.messageAt[row] ?? 0,
    }
  }

  #take(other: RecordBatch): void {
    const { sources, formats } = other
    for (let row = 0; row < other.count; row++) {
      const source = this.sources.of(sources.names[other.source[row] ?? 0] ?? '')
      const format = this.formats.of(formats.names[other.format[row] ?? 0] ?? 'plain')
      const [time, messageAt, flags] = [other.time[row], other.messageAt[row], other.flags[row]]
      this.begin(time ?? 0, messageAt ?? 0, flags ?? 0, source, format)
      this.end[this.count - 1] = this.length + (other.end[row] ?? 0)
    }
    this.#cut()
    this.#pieces.push(...other.text)
    this.length += other.length
  }

  /** Where the text of the last record begins. */
  get #lastBegin(): number {
    return this.count < 2 ? 0 : (this.end[this.count - 2] ?? 0) + 1
  }

  #grow(bytes: number): void {
    this.length += bytes + 1
    this.end[this.count - 1] = this.length - 1
  }

  #cut(): void {
    if (this.#to > this.#from) this.#pieces.push(this.#bytes.subarray(this.#from, this.#to))
    this.#from = this.#to = 0
    this.#bytes = lineFeed
  }
}

/** What is written at once, and is there as a whole or not at all. */
export interface Frame {
  readonly batch: RecordBatch
  /** The number of its first record. */
  readonly first: number
  /** By what was read. */
  readonly marks: Readonly<Record<string, SourceMark>>
  /** Whose they are. */
  readonly app?: string | undefined
}

/** The bytes of a frame. */
export function encodeFrame({ batch, first, marks, app }: Frame): Buffer {
  const { count, length: text } = batch
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let row = 0; row < count; row++) {
    const time = batch.time[row] ?? 0
    if (time < least) least = time
    if (time > most) most = time
  }
  const names = { sources: batch.sources.names, formats: batch.formats.names, marks, app }
  const { frame, columns, base } = layFrame({ count, text, least, most, first, names })
  let at = frameHead
  for (const piece of batch.text) at += piece.copy(frame, at)
  for (let row = 0; row < count; row++) {
    columns.time[row] = (batch.time[row] ?? 0) - base
    columns.sequence[row] = row
  }
  columns.end.set(batch.end.subarray(0, count))
  columns.messageAt.set(batch.messageAt.subarray(0, count))
  columns.flags.set(batch.flags.subarray(0, count))
  columns.source.set(batch.source.subarray(0, count))
  columns.format.set(batch.format.subarray(0, count))
  return sealed(frame)
}
