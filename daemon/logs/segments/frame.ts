import { crc32 } from 'node:zlib'
import { logKinds, logLevels, type LogKind, type LogLevel } from '#contract/log-words.ts'

/** A record as it is kept. */
export interface KeptRecord {
  /** Its number among all records of all apps; rises with time of arrival. */
  readonly sequence: number
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly timeFrom: 'line' | 'arrival'
  readonly level: LogLevel | null
  readonly kind: LogKind
  readonly source: string
  /** The name of the format that it was understood by. */
  readonly format: string
  /** In UTF-16 units of its text. */
  readonly messageAt: number
  /** As they were written; lines that belong together are joined by `\n`. */
  readonly bytes: Buffer
}

/** Where reading of a source goes on, and what was read of it and not kept yet; JSON. */
export type SourceMark = unknown

/*
 * A frame on disk, all numbers little-endian, as typed arrays can be laid over it:
 *   0  magic "QLF1"                           24  the first sequence (float64)
 *   4  CRC-32 of all after                    32  the least time (float64)
 *   8  bytes of text, a multiple of 8         40  text: each record's bytes and a line feed, then zeros
 *  12  bytes of all behind it, such a multiple
 *  16  number of records
 *  20  1 when times are float64 by themselves, else they are uint32 after the least
 * Behind the text a column each: time; where the text ends, in the text (uint32); sequence after the first (uint32);
 * messageAt (uint16); flags; source and format by place in the names (uint8). Then the names and marks as JSON, and spaces.
 */
const magic = 0x31464c51
export const frameHead = 40
/** More cannot be written as a whole, and whatever claims to be larger is damage. */
const largestFrame = 64 * 1024 * 1024
export const mostNames = 255

export interface Names {
  readonly sources: readonly string[]
  readonly formats: readonly string[]
  readonly marks: Readonly<Record<string, SourceMark>>
  readonly app?: string | undefined
}

const padded = (length: number): number => (length + 7) & ~7

/** What a frame of records is laid out by. */
export interface FrameLayout {
  readonly count: number
  /** Bytes of text, line feeds among them. */
  readonly text: number
  /** The times that its records have, from and to. */
  readonly least: number
  readonly most: number
  readonly first: number
  /** Of no more than {@link mostNames} sources and formats each. */
  readonly names: Names
}

/** A frame without its text, its columns and its check sum. @returns `base`, what each time is told from. */
export function layFrame({ count, text, least, most, first, names }: FrameLayout) {
  const json = Buffer.from(JSON.stringify(names))
  const wide = count > 0 && most - least > 0xffffffff
  const shape = shapeOf(count, padded(text), wide)
  const whole = padded(shape.json + json.length)
  // Of memory of its own, so that columns can be laid over it.
  const frame = Buffer.allocUnsafeSlow(whole)
  frame.writeUInt32LE(magic, 0)
  frame.writeUInt32LE(padded(text), 8)
  frame.writeUInt32LE(whole - frameHead - padded(text), 12)
  frame.writeUInt32LE(count, 16)
  frame.writeUInt32LE(Number(wide), 20)
  frame.writeDoubleLE(first, 24)
  frame.writeDoubleLE(count === 0 ? 0 : least, 32)
  frame.fill(0, frameHead + text, shape.time)
  json.copy(frame, shape.json)
  frame.fill(0x20, shape.json + json.length)
  return { frame, columns: columnsAt(frame, 0, shape, count), base: wide ? 0 : least }
}

/** The frame, with its check sum. */
export function sealed(frame: Buffer): Buffer {
  frame.writeUInt32LE(crc32(frame.subarray(8)), 4)
  return frame
}

/** Names, each by its place among them. */
export class Places {
  readonly names: string[] = []

  of(name: string): number {
    const found = this.names.indexOf(name)
    return found === -1 ? this.names.push(name) - 1 : found
  }
}

/** Where in a frame each part begins. */
function shapeOf(count: number, text: number, wide: boolean) {
  const time = frameHead + text
  const end = time + count * (wide ? 8 : 4)
  const sequence = end + count * 4
  const messageAt = sequence + count * 4
  const flags = messageAt + count * 2
  return {
    wide,
    time,
    end,
    sequence,
    messageAt,
    flags,
    source: flags + count,
    format: flags + 2 * count,
    json: flags + 3 * count,
  }
}

function columnsAt(bytes: Buffer, at: number, shape: ReturnType<typeof shapeOf>, count: number) {
  const from = bytes.byteOffset + at
  const { buffer } = bytes
  return {
    time: shape.wide
      ? new Float64Array(buffer, from + shape.time, count)
      : new Uint32Array(buffer, from + shape.time, count),
    end: new Uint32Array(buffer, from + shape.end, count),
    sequence: new Uint32Array(buffer, from + shape.sequence, count),
    messageAt: new Uint16Array(buffer, from + shape.messageAt, count),
    flags: new Uint8Array(buffer, from + shape.flags, count),
    source: new Uint8Array(buffer, from + shape.source, count),
    format: new Uint8Array(buffer, from + shape.format, count),
  }
}

/** How long a frame that begins here is, if one does; null when what stands there is no beginning of one. */
export function frameLength(bytes: Buffer, at: number): number | null {
  if (at + frameHead > bytes.length || bytes.readUInt32LE(at) !== magic) return null
  const length = frameHead + bytes.readUInt32LE(at + 8) + bytes.readUInt32LE(at + 12)
  return length > largestFrame || length % 8 !== 0 ? null : length
}

/** Whether a whole frame stands here as it was written. */
export function isIntact(bytes: Buffer, at: number): boolean {
  const length = frameLength(bytes, at)
  if (length === null || at + length > bytes.length) return false
  return crc32(bytes.subarray(at + 8, at + length)) === bytes.readUInt32LE(at + 4)
}

/** A frame that lies in memory, and was found {@link isIntact}; nothing of it is copied. */
export class FrameView {
  readonly count: number
  /** Where its text begins in the bytes, and where it ends. */
  readonly textFrom: number
  readonly textTo: number
  readonly length: number
  readonly #bytes: Buffer
  readonly #at: number
  readonly first: number
  /** What its column of times is told from. */
  readonly base: number
  readonly columns: ReturnType<typeof columnsAt>
  readonly #json: number
  #names: Names | undefined

  /** @param at - where in the bytes it begins: a multiple of 8 in memory. */
  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
    this.length = frameLength(bytes, at) ?? 0
    this.count = bytes.readUInt32LE(at + 16)
    this.first = bytes.readDoubleLE(at + 24)
    const wide = bytes.readUInt32LE(at + 20) === 1
    this.base = wide ? 0 : bytes.readDoubleLE(at + 32)
    const shape = shapeOf(this.count, bytes.readUInt32LE(at + 8), wide)
    this.#json = shape.json
    this.columns = columnsAt(bytes, at, shape, this.count)
    this.textFrom = at + frameHead
    this.textTo = this.textFrom + (this.count === 0 ? 0 : (this.columns.end[this.count - 1] ?? 0) + 1)
  }

  get marks(): Names['marks'] {
    return this.names.marks
  }

  get names(): Names {
    // Only `layFrame` writes it, and its check sum was right.
    return (this.#names ??= JSON.parse(
      this.#bytes.toString('utf8', this.#at + this.#json, this.#at + this.length),
    ) as Names)
  }

  time(row: number): number {
    return (this.columns.time[row] ?? 0) + this.base
  }

  sequence(row: number): number {
    return (this.columns.sequence[row] ?? 0) + this.first
  }

  flags(row: number): number {
    return this.columns.flags[row] ?? 0
  }

  source(row: number): string {
    return this.names.sources[this.columns.source[row] ?? 0] ?? ''
  }

  format(row: number): string {
    return this.names.formats[this.columns.format[row] ?? 0] ?? 'plain'
  }

  /** Where a record's text begins in the bytes. */
  begin(row: number): number {
    return row === 0 ? this.textFrom : this.textFrom + (this.columns.end[row - 1] ?? 0) + 1
  }

  /** Where it ends. */
  end(row: number): number {
    return this.textFrom + (this.columns.end[row] ?? 0)
  }

  /** Of all its records, a line feed behind each. */
  get text(): Buffer {
    return this.#bytes.subarray(this.textFrom, this.textTo)
  }

  /** Copies the text of rows. @returns how many bytes. */
  copyText(from: number, to: number, target: Buffer, at: number): number {
    return this.#bytes.copy(target, at, this.begin(from), this.end(to - 1) + 1)
  }

  textOf(row: number): string {
    return this.#bytes.toString('utf8', this.begin(row), this.end(row))
  }

  /** A copy of a record. */
  record(row: number): KeptRecord {
    const flags = this.flags(row)
    return {
      sequence: this.sequence(row),
      time: this.time(row),
      timeFrom: timeFromIn(flags),
      level: levelIn(flags),
      kind: kindIn(flags),
      source: this.source(row),
      format: this.format(row),
      messageAt: this.columns.messageAt[row] ?? 0,
      bytes: Buffer.from(this.#bytes.subarray(this.begin(row), this.end(row))),
    }
  }
}

/** All frames that stand in these bytes, one behind the other, as far as what stands there are frames. */
export function* framesIn(bytes: Buffer): Generator<FrameView> {
  for (let at = 0; at < bytes.length;) {
    const length = frameLength(bytes, at)
    if (length === null || at + length > bytes.length) return
    yield new FrameView(bytes, at)
    at += length
  }
}

/** Bits 0-2: level, 0 for none; 3-4: kind; 5: the time is the line's own. */
export const flagsOf = (level: LogLevel | null, kind: LogKind, timeFrom: KeptRecord['timeFrom']): number =>
  (level === null ? 0 : logLevels.indexOf(level) + 1) |
  (logKinds.indexOf(kind) << 3) |
  (timeFrom === 'line' ? 32 : 0)

/** The place of a level among all, the first for none. */
export const levelPlace = (flags: number): number => flags & 7
export const kindPlace = (flags: number): number => (flags >> 3) & 3
export const levelIn = (flags: number): LogLevel | null => logLevels[levelPlace(flags) - 1] ?? null
export const kindIn = (flags: number): LogKind => logKinds[kindPlace(flags)] ?? 'application'
export const timeFromIn = (flags: number): KeptRecord['timeFrom'] => ((flags & 32) === 0 ? 'arrival' : 'line')
