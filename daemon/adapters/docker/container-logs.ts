/** A line is cut here; what follows up to its end is dropped. */
export const maxLineBytes = 256 << 10
const cutMarker = ' … [line cut at 256 KiB]'
const linesAtOnce = 1000

/**
 * Turns a container's log into lines, whatever it holds: invalid UTF-8 becomes U+FFFD, a long line is cut.
 * @param tty - the log of a terminal is plain bytes; any other comes in frames of stdout and stderr, each with a
 * header of 8 bytes: stream, three zeros, length big-endian (Docker Engine API, "Attach to a container").
 */
export async function readLog(
  stream: AsyncIterable<Buffer>,
  tty: boolean,
  emit: (lines: readonly string[]) => Promise<void>,
): Promise<void> {
  const log = tty ? new PlainLog() : new FramedLog()
  for await (const chunk of stream) await emitAll(log.push(chunk), emit)
  await emitAll(log.end(), emit)
}

/** One batch after the other: the stream is not read on while the receiver is busy. */
async function emitAll(
  lines: readonly string[],
  emit: (lines: readonly string[]) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < lines.length; from += linesAtOnce)
    await emit(lines.slice(from, from + linesAtOnce))
}

class PlainLog {
  readonly #line = new LineBuffer()

  push(chunk: Buffer): readonly string[] {
    return this.#line.push(chunk)
  }

  end(): readonly string[] {
    return this.#line.end()
  }
}

class FramedLog {
  readonly #streams = [new LineBuffer(), new LineBuffer(), new LineBuffer(), new LineBuffer()]
  #header: Buffer = Buffer.alloc(0)
  #current: LineBuffer | null = null
  /** Bytes of the current frame that are still to come. */
  #left = 0
  #plain = false

  push(chunk: Buffer): readonly string[] {
    const lines: string[] = []
    let rest = chunk
    while (rest.length > 0) {
      // A frame may be empty: then another header follows.
      while (this.#current === null && rest.length > 0) rest = this.#readHeader(rest)
      const stream = this.#current
      if (stream === null) break
      const payload = this.#plain ? rest : rest.subarray(0, this.#left)
      lines.push(...stream.push(payload))
      rest = rest.subarray(payload.length)
      if (!this.#plain && (this.#left -= payload.length) === 0) this.#current = null
    }
    return lines
  }

  /** Answers what follows the header; the header may come in pieces. */
  #readHeader(bytes: Buffer): Buffer {
    // A chunk holds thousands of short frames: only a header that came in pieces is worth a copy.
    const all = this.#header.length === 0 ? bytes : Buffer.concat([this.#header, bytes])
    this.#header = Buffer.alloc(0)
    if (all.length < 8) {
      this.#header = all
      return Buffer.alloc(0)
    }
    const stream = this.#streams[all.readUInt8(0)]
    if (stream === undefined || all.readUIntBE(1, 3) !== 0) {
      // Not in frames after all, as some engines send it: better shown as it is than not at all.
      this.#plain = true
      this.#current = this.#streams[1] ?? null
      return all
    }
    this.#left = all.readUInt32BE(4)
    this.#current = this.#left === 0 ? null : stream
    return all.subarray(8)
  }

  end(): readonly string[] {
    return this.#streams.flatMap((stream) => stream.end())
  }
}

/** Collects one stream's bytes until a line is whole, so that characters and lines are never torn apart. */
class LineBuffer {
  #parts: Buffer[] = []
  #size = 0
  #cut = false

  push(bytes: Buffer): string[] {
    const lines: string[] = []
    let from = 0
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
      this.#keep(bytes.subarray(from, end))
      lines.push(this.#take())
      from = end + 1
    }
    this.#keep(bytes.subarray(from))
    return lines
  }

  end(): string[] {
    return this.#size > 0 ? [this.#take()] : []
  }

  #keep(bytes: Buffer): void {
    const room = maxLineBytes - this.#size
    if (bytes.length > room) this.#cut = true
    const kept = bytes.subarray(0, room)
    if (kept.length > 0) this.#parts.push(kept)
    this.#size += kept.length
  }

  #take(): string {
    const bytes = this.#parts.length === 1 && this.#parts[0] ? this.#parts[0] : Buffer.concat(this.#parts)
    const text = this.#cut
      ? // As a stream: the character that the cut went through is left out.
        new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: true }) + cutMarker
      : bytes.toString('utf8').replace(/\r$/, '')
    this.#parts = []
    this.#size = 0
    this.#cut = false
    return text
  }
}
