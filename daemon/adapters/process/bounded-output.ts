import { execFile } from 'node:child_process'
import { copyFile, open, stat, truncate } from 'node:fs/promises'
import { promisify } from 'node:util'
import { systemCode } from '#base/failure.ts'

export interface OutputBounds {
  /** A file on whose account the disk holds more is cut, in bytes. */
  readonly most: number
  /** What is left of it then: the end, whole and in order. */
  readonly kept: number
}

/** What a page of a file system may measure at most; a hole that begins and ends on one frees all of itself. */
const pageBytes = 65_536
/** The mark takes the place of the first lines after the hole. */
const markRoom = 65_536

/**
 * Cuts a file that programs are appending to. On Linux the disk takes back its beginning and every offset stays as it
 * was, so nothing that is written meanwhile can be lost (fallocate(2), FALLOC_FL_PUNCH_HOLE). Where that cannot be done,
 * what is there is set aside to `FILE.1` and the file is emptied. A line in the file tells of either.
 */
export async function boundOutput(file: string, { most, kept }: OutputBounds): Promise<void> {
  const found = await statOf(file)
  if (found === null || found.blocks * 512 <= most) return
  const cut = Math.floor((found.size - kept) / pageBytes) * pageBytes
  if (process.platform === 'linux' && (await punched(file, cut))) return markHole(file, cut)
  await setAside(file)
}

async function statOf(file: string) {
  try {
    return await stat(file)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw error
  }
}

async function punched(file: string, bytes: number): Promise<boolean> {
  const hole = ['--punch-hole', '--offset', '0', '--length', String(bytes)]
  try {
    await promisify(execFile)('fallocate', [...hole, file])
    return true
  } catch {
    // The program is not installed, or the file system has no holes.
    return false
  }
}

/** Writes over the line that was cut in two, and as many after it as the mark needs. */
async function markHole(file: string, offset: number): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(markRoom), 0, markRoom, offset)
    const mark = `[quantum-admin: ${offset} bytes that were written before this are gone]`
    const end = buffer.subarray(0, bytesRead).indexOf('\n', mark.length)
    // One line of 64 KiB without an end is cut by the mark as well.
    const room = end === -1 ? mark.length : end
    await handle.write(mark.padEnd(room, ' '), offset)
  } finally {
    await handle.close()
  }
}

/** What is written between the copy and the cut is lost, and said to be. */
export async function setAside(file: string): Promise<void> {
  await copyFile(file, `${file}.1`)
  await truncate(file, 0)
  const handle = await open(file, 'a')
  try {
    await handle.write(
      '[quantum-admin: what was written before this was set aside to the file with .1 at its end; ' +
        'lines of that moment may be missing]\n',
    )
  } finally {
    await handle.close()
  }
}
