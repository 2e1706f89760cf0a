/** What an engine keeps at once of what a container wrote: a line, or a part of one. */
export interface EngineMessage {
  /** 1: standard output, or a terminal. 2: error output. */
  readonly stream: number
  /** When it came to the engine: `2026-11-23T23:10:42.523635982Z`; empty when it does not say. */
  readonly time: string
  /** Without the end of the line. */
  readonly bytes: Buffer
  /** Whether its line ends with it. */
  readonly ends: boolean
}

/** Docker splits lines that are longer than this; a part that is shorter is the last of its line, whatever follows. */
export const partBytes = 16_384
/** `2026-11-23T23:10:42.523635982Z ` */
const stampBytes = 31
/** A longer message is none of a log. */
const mostBytes = 16 * 1024 * 1024
const [lf, space] = [10, 32]

/**
 * Messages of a log that was asked for with timestamps, however it is torn apart. That of a terminal is plain bytes; any
 * other comes in frames with a header of 8 bytes: stream, three zeros, length big-endian (Docker Engine API, "Attach to a
 * container"). Which it is its first byte says: a plain one begins with a year.
 */
export class EngineMessages {
  #rest: Buffer = Buffer.alloc(0)
  #framed: boolean | null = null

  /** @throws Error for what is no log. */
  push(chunk: Buffer): readonly EngineMessage[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    this.#framed ??= bytes.length === 0 ? null : (bytes[0] ?? 0) < space
    const messages: EngineMessage[] = []
    const end = this.#framed === true ? takeFrames(bytes, messages) : takePlain(bytes, messages)
    // A copy: else one short message keeps the whole chunk.
    this.#rest = Buffer.from(bytes.subarray(end))
    if (this.#rest.length > mostBytes) throw new Error('The engine sent something that is no log')
    return messages
  }

  /** What a terminal wrote last, without an end. Only for a log that has come to its end. */
  end(): readonly EngineMessage[] {
    const rest = this.#rest
    this.#rest = Buffer.alloc(0)
    return this.#framed === false && rest.length > 0 ? [messageOf(1, rest)] : []
  }
}

/** @returns where what is left begins. */
function takeFrames(bytes: Buffer, into: EngineMessage[]): number {
  let at = 0
  while (at + 8 <= bytes.length) {
    const length = bytes.readUInt32BE(at + 4)
    if (length > mostBytes) throw new Error('The engine sent something that is no log')
    if (at + 8 + length > bytes.length) break
    const payload = bytes.subarray(at + 8, at + 8 + length)
    // Stream 0 is standard input, which some engines use for output.
    into.push(messageOf(bytes[at] === 2 ? 2 : 1, payload))
    at += 8 + length
  }
  return at
}

function takePlain(bytes: Buffer, into: EngineMessage[]): number {
  let at = 0
  for (;;) {
    const end = bytes.indexOf(lf, at)
    const part = at + stampBytes + partBytes
    // A part has no end of its own: it is known by the time of the next.
    const known = bytes.length >= part + stampBytes
    const isPart = (end === -1 || end > part) && known && isStamp(bytes, part)
    if (!isPart && (end === -1 || (end > part && !known))) return at
    const to = isPart ? part : end + 1
    into.push(messageOf(1, bytes.subarray(at, to)))
    at = to
  }
}

const isStamp = (bytes: Buffer, at: number): boolean =>
  bytes[at + stampBytes - 1] === space && /^\d{4}-\d\d-\d\dT/.test(bytes.toString('latin1', at, at + 11))

function messageOf(stream: number, payload: Buffer): EngineMessage {
  const gap = payload[stampBytes - 1] === space ? stampBytes - 1 : payload.subarray(0, 40).indexOf(space)
  const said = gap === -1 ? '' : payload.toString('latin1', 0, gap)
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(said)
  const ends = payload.at(-1) === lf
  const bytes = payload.subarray(isTime ? gap + 1 : 0, ends ? payload.length - 1 : payload.length)
  return { stream, time: isTime ? said : '', bytes, ends }
}
