import { open, type FileHandle } from 'node:fs/promises'
import { systemCode } from '#base/failure.ts'
import { gapOf, type OutputGap } from './output-gap.ts'
import type { OutputPiece } from './programs.ts'

/** A part of what was written that is there, and where in the file. */
interface Stretch {
  readonly from: number
  readonly to: number
  readonly at: number
}

const stretches = (length: number, gap: OutputGap | null): readonly [Stretch, ...Stretch[]] =>
  gap === null || length < gap.at
    ? [{ from: 0, to: length, at: 0 }]
    : [
        { from: 0, to: gap.from, at: 0 },
        { from: gap.to, to: gap.to + length - gap.at, at: gap.at },
      ]

/** Where a piece may end: after a character, after a line, or there as well where the last line has no end. */
export type PieceEnd = 'character' | 'line' | 'line or end'

/**
 * What was written from a byte on, without what is gone of it. Of a file that is shorter than it was, because it was
 * emptied, there is nothing more.
 */
export async function readPiece(
  path: string,
  from: number,
  bytes: number,
  ends: PieceEnd = 'character',
): Promise<OutputPiece> {
  let file: FileHandle | undefined
  try {
    file = await open(path, 'r')
    const gap = await gapOf(path)
    const there = stretches((await file.stat()).size, gap)
    const size = there.at(-1)?.to ?? 0
    let [next, room, text] = [Math.min(from, size), bytes, '']
    for (const stretch of there) {
      if (next >= stretch.to) continue
      next = Math.max(next, stretch.from)
      const end = Math.min(stretch.to, next + room)
      const found = await bytesAt(file, stretch.at + next - stretch.from, end - next)
      const isAtEnd = end >= stretch.to && (stretch !== there.at(-1) || ends === 'line or end')
      const whole =
        ends !== 'character' && !isAtEnd
          ? wholeLines(found, bytes)
          : wholeCharacters(found, end >= stretch.to)
      text += whole.toString('utf8')
      room -= whole.length
      next += whole.length
      if (next < stretch.to) break
    }
    return { text, next, size }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { text: '', next: from, size: 0 }
    throw error
  } finally {
    await file?.close()
  }
}

async function bytesAt(file: FileHandle, at: number, count: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, at)
  return buffer.subarray(0, bytesRead)
}

/** Without a line that is cut at the end, unless it is longer than a piece. */
function wholeLines(read: Buffer, bytes: number): Buffer {
  const end = read.lastIndexOf('\n') + 1
  return end === 0 && read.length >= bytes ? wholeCharacters(read, false) : read.subarray(0, end)
}

/** Without a character that is cut at the end, unless nothing else is there to be read. */
function wholeCharacters(bytes: Buffer, isLast: boolean): Buffer {
  let end = bytes.length
  while (end > 0 && bytes.length - end < 3 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end -= 1
  const lead = bytes[end - 1] ?? 0
  const needed = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1
  const cut = end > 0 && needed > 1 && bytes.length - (end - 1) < needed
  if (!cut) return bytes
  return isLast && end === 1 ? bytes : bytes.subarray(0, end - 1)
}
