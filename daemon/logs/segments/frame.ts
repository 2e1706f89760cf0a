import { crc32 } from 'node:zlib'
import { logKinds, logLevels, type LogKind, type LogLevel } from '#contract/log-words.ts'
import { ByteReader, ByteWriter } from './varint.ts'

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

/** What is written at once, and is there as a whole or not at all. */
export interface Frame {
  readonly records: readonly KeptRecord[]
  /** By source. */
  readonly marks: Readonly<Record<string, SourceMark>>
}

/*
 * A frame on disk, all numbers little-endian:
 *   0  magic "QLF1"          16  number of records
 *   4  CRC-32 of all after   20  reserved
 *   8  bytes of text         24  text: each record's bytes and a line feed
 *  12  bytes of description   .  description
 * A description is the length of a JSON text and that text, a byte of flags for each record, then for each record:
 * sequence and time as differences to the one before, length, source and format by place in the JSON, messageAt.
 */
const magic = 0x31464c51
export const frameHead = 24
/** More cannot be written as a whole, and whatever claims to be larger is damage. */
export const largestFrame = 64 * 1024 * 1024

interface Description {
  readonly sources: readonly string[]
  readonly formats: readonly string[]
  readonly marks: Readonly<Record<string, SourceMark>>
}

/** The bytes of a frame. */
export function encodeFrame({ records, marks }: Frame): Buffer {
  const text = Buffer.concat(records.flatMap(({ bytes }) => [bytes, lineFeed]))
  const sources = new Places()
  const formats = new Places()
  const rows = new ByteWriter()
  let [sequence, time] = [0, 0]
  for (const record of records) rows.byte(flagsOf(record))
  for (const record of records) {
    rows.unsigned(record.sequence - sequence)
    rows.signed(record.time - time)
    rows.unsigned(record.bytes.length)
    rows.unsigned(sources.of(record.source))
    rows.unsigned(formats.of(record.format))
    rows.unsigned(record.messageAt)
    sequence = record.sequence
    time = record.time
  }
  const description: Description = { sources: sources.names, formats: formats.names, marks }
  const json = Buffer.from(JSON.stringify(description))
  const head = Buffer.alloc(frameHead + 4)
  head.writeUInt32LE(magic, 0)
  head.writeUInt32LE(text.length, 8)
  head.writeUInt32LE(4 + json.length + rows.written.length, 12)
  head.writeUInt32LE(records.length, 16)
  head.writeUInt32LE(json.length, frameHead)
  const frame = Buffer.concat([
    head.subarray(0, frameHead),
    text,
    head.subarray(frameHead),
    json,
    rows.written,
  ])
  frame.writeUInt32LE(crc32(frame.subarray(8)), 4)
  return frame
}

const lineFeed = Buffer.from('\n')

class Places {
  readonly names: string[] = []

  of(name: string): number {
    const found = this.names.indexOf(name)
    return found === -1 ? this.names.push(name) - 1 : found
  }
}

/** How long a frame that begins here is, if one does; null when what stands there is no beginning of one. */
export function frameLength(bytes: Buffer, at: number): number | null {
  if (at + frameHead > bytes.length || bytes.readUInt32LE(at) !== magic) return null
  const length = frameHead + bytes.readUInt32LE(at + 8) + bytes.readUInt32LE(at + 12)
  return length > largestFrame ? null : length
}

/** Whether a whole frame stands here as it was written. */
export function isIntact(bytes: Buffer, at: number): boolean {
  const length = frameLength(bytes, at)
  if (length === null || at + length > bytes.length) return false
  return crc32(bytes.subarray(at + 8, at + length)) === bytes.readUInt32LE(at + 4)
}

/** The records of one or more frames, by column: `null` is spared for each of thousands that no question is about. */
export interface Columns {
  readonly count: number
  /** What the text stands in. */
  readonly bytes: Buffer
  readonly sequence: Float64Array
  readonly time: Float64Array
  readonly flags: Uint8Array
  /** Where each record's text begins and ends in {@link bytes}. */
  readonly begin: Uint32Array
  readonly end: Uint32Array
  readonly source: Uint32Array
  readonly format: Uint32Array
  readonly messageAt: Uint32Array
  readonly sources: readonly string[]
  readonly formats: readonly string[]
}

/** Reads all frames that stand in these bytes, one behind the other; each has been found {@link isIntact}. */
export function decodeFrames(bytes: Buffer): Columns {
  const frames: number[] = []
  let count = 0
  for (let at = 0; at < bytes.length; at += frameLength(bytes, at) ?? bytes.length) {
    frames.push(at)
    count += bytes.readUInt32LE(at + 16)
  }
  const columns = emptyColumns(bytes, count)
  const [sources, formats] = [new Places(), new Places()]
  let row = 0
  for (const at of frames) row = decodeInto(columns, row, at, sources, formats)
  return { ...columns, sources: sources.names, formats: formats.names }
}

const emptyColumns = (bytes: Buffer, count: number) => ({
  count,
  bytes,
  sequence: new Float64Array(count),
  time: new Float64Array(count),
  flags: new Uint8Array(count),
  begin: new Uint32Array(count),
  end: new Uint32Array(count),
  source: new Uint32Array(count),
  format: new Uint32Array(count),
  messageAt: new Uint32Array(count),
})

function decodeInto(
  columns: ReturnType<typeof emptyColumns>,
  from: number,
  at: number,
  sources: Places,
  formats: Places,
): number {
  const { bytes } = columns
  const count = bytes.readUInt32LE(at + 16)
  const description = at + frameHead + bytes.readUInt32LE(at + 8)
  const json = describedAt(bytes, description)
  const [itsSources, itsFormats] = [
    json.sources.map((name) => sources.of(name)),
    json.formats.map((name) => formats.of(name)),
  ]
  const reader = new ByteReader(bytes, description + 4 + bytes.readUInt32LE(description))
  const to = from + count
  for (let row = from; row < to; row++) columns.flags[row] = reader.byte()
  let [sequence, time, text] = [0, 0, at + frameHead]
  for (let row = from; row < to; row++) {
    columns.sequence[row] = sequence += reader.unsigned()
    columns.time[row] = time += reader.signed()
    columns.begin[row] = text
    columns.end[row] = text += reader.unsigned()
    text += 1
    columns.source[row] = itsSources[reader.unsigned()] ?? 0
    columns.format[row] = itsFormats[reader.unsigned()] ?? 0
    columns.messageAt[row] = reader.unsigned()
  }
  return to
}

function describedAt(bytes: Buffer, at: number): Description {
  // Only `encodeFrame` writes it, and its check sum was right.
  return JSON.parse(bytes.toString('utf8', at + 4, at + 4 + bytes.readUInt32LE(at))) as Description
}

/** The marks of the frame that begins here. */
export const marksAt = (bytes: Buffer, at: number): Frame['marks'] =>
  describedAt(bytes, at + frameHead + bytes.readUInt32LE(at + 8)).marks

/** Bits 0-2: level, 0 for none; 3-4: kind; 5: the time is the line's own. */
const flagsOf = ({ level, kind, timeFrom }: KeptRecord): number =>
  (level === null ? 0 : logLevels.indexOf(level) + 1) |
  (logKinds.indexOf(kind) << 3) |
  (timeFrom === 'line' ? 32 : 0)

/** The place of a level among all, the first for none. */
export const levelPlace = (flags: number): number => flags & 7
export const kindPlace = (flags: number): number => (flags >> 3) & 3
export const levelOf = (flags: number): LogLevel | null => logLevels[levelPlace(flags) - 1] ?? null
export const kindOf = (flags: number): LogKind => logKinds[kindPlace(flags)] ?? 'application'

/** One record out of the columns. */
export function recordAt(columns: Columns, row: number): KeptRecord {
  const flags = columns.flags[row] ?? 0
  return {
    sequence: columns.sequence[row] ?? 0,
    time: columns.time[row] ?? 0,
    timeFrom: (flags & 32) === 0 ? 'arrival' : 'line',
    level: levelOf(flags),
    kind: kindOf(flags),
    source: columns.sources[columns.source[row] ?? 0] ?? '',
    format: columns.formats[columns.format[row] ?? 0] ?? 'plain',
    messageAt: columns.messageAt[row] ?? 0,
    bytes: columns.bytes.subarray(columns.begin[row], columns.end[row]),
  }
}
