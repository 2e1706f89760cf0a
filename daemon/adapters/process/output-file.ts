import { open, stat, truncate, appendFile, type FileHandle } from 'node:fs/promises'
import { systemCode } from '#base/failure.ts'
import type { OutputPiece } from './programs.ts'

const nothing = (from: number): OutputPiece => ({ text: '', next: from, size: 0 })

/** What a file holds from a byte on. One that is shorter by now, because it was cut, goes on at its end. */
export async function readPiece(path: string, from: number, bytes: number): Promise<OutputPiece> {
  let file: FileHandle | undefined
  try {
    file = await open(path, 'r')
    const { size } = await file.stat()
    const start = Math.min(from, size)
    const buffer = Buffer.alloc(Math.min(size - start, bytes))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start)
    const whole = wholeCharacters(buffer.subarray(0, bytesRead), start + bytesRead >= size)
    return { text: whole.toString('utf8'), next: start + whole.length, size }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return nothing(from)
    throw error
  } finally {
    await file?.close()
  }
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

/** Of what is cut, so much is left at the beginning and at the end: how it began, and how it goes now. */
const keptShare = 0.25

/** Cuts the middle out of a file that somebody appends to. */
export async function trimMiddle(path: string, longest: number): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  )
  if (size <= longest) return
  const kept = Math.floor(longest * keptShare)
  const tail = Buffer.alloc(kept)
  const file = await open(path, 'r')
  try {
    const { bytesRead } = await file.read(tail, 0, kept, size - kept)
    const text = tail.subarray(0, bytesRead)
    const mark = `\n… ${size - kept - text.length} bytes were cut here: it wrote more than is kept …\n`
    await truncate(path, kept)
    await appendFile(path, Buffer.concat([Buffer.from(mark), text.subarray(text.indexOf('\n') + 1)]))
  } finally {
    await file.close()
  }
}
