import { readSync } from 'node:fs'
import type { BlockFacts } from './block.ts'
import { frameLength, framesIn, FrameView, isIntact } from './frame.ts'
import { unpackBlock } from './packed-block.ts'

/** The ending of a closed segment whose blocks are compressed. */
export const packedEnding = '.packed'

/** Bytes of a file, as many as there are. @throws what the system says. */
export function bytesAt(
  descriptor: number,
  at: number,
  length: number,
  bytes: Buffer = Buffer.allocUnsafeSlow(length),
): Buffer {
  let done = 0
  while (done < length) {
    const read = readSync(descriptor, bytes, done, length - done, at + done)
    if (read === 0) break
    done += read
  }
  return bytes.subarray(0, done)
}

export interface BlockReading {
  readonly packed: boolean
  /** Whether its frames are to be looked at as well: once is enough. */
  readonly check: boolean
  /** Gives memory for so many bytes; it begins at a multiple of 8. */
  readonly room?: (length: number) => Buffer
}

/** The frames of a block; null when they are not as they were written, or cannot be read. */
export function readBlock(
  descriptor: number,
  { at, length }: Pick<BlockFacts, 'at' | 'length'>,
  { packed, check, room = (size) => Buffer.allocUnsafeSlow(size) }: BlockReading,
): Buffer | null {
  let bytes: Buffer
  try {
    bytes = bytesAt(descriptor, at, length, packed ? Buffer.allocUnsafe(length) : room(length))
  } catch {
    // A disk that cannot read a place has lost what stood there.
    return null
  }
  // Somebody has cut the file.
  if (bytes.length < length) return null
  if (!packed) return check && !areIntact(bytes) ? null : bytes
  const frames = unpackBlock(bytes)
  if (frames === null) return null
  const placed = room(frames.length)
  frames.copy(placed)
  return check && !areIntact(placed) ? null : placed
}

function areIntact(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length;) {
    if (!isIntact(bytes, at)) return false
    at += frameLength(bytes, at) ?? bytes.length
  }
  return true
}

/** The frames among these bytes that are as they were written, and where each stands. */
export function* intactFrames(bytes: Buffer): Generator<readonly [at: number, frame: FrameView]> {
  for (let at = 0; at < bytes.length;) {
    if (!isIntact(bytes, at)) {
      const next = nextIntact(bytes, at + 8)
      if (next === null) return
      at = next
    }
    const length = frameLength(bytes, at) ?? bytes.length
    yield [at, new FrameView(bytes.subarray(at, at + length), 0)]
    at += length
  }
}

/** The stretches of text in the frames of a block. */
export const textsIn = (bytes: Buffer): readonly Buffer[] => [...framesIn(bytes)].map(({ text }) => text)

const beginning = Buffer.from('QLF1')

/** Frames begin at multiples of 8. */
function nextIntact(bytes: Buffer, from: number): number | null {
  for (let at = bytes.indexOf(beginning, from); at !== -1; at = bytes.indexOf(beginning, at + 1))
    if (at % 8 === 0 && isIntact(bytes, at)) return at
  return null
}
