import { execFile } from 'node:child_process'
import { appendFile, copyFile, open, stat, truncate } from 'node:fs/promises'
import { promisify } from 'node:util'
import { systemCode } from '#base/failure.ts'
import { gapOf, keepGap } from './output-gap.ts'
import type { OutputBounds } from './programs.ts'

/** What a page of a file system may measure at most; a hole that begins and ends on one frees all of itself. */
const pageBytes = 65_536
/** The mark takes the place of the first lines after the hole. */
const markRoom = 65_536

const markOf = (gone: number): string =>
  `[quantum-admin: ${gone} bytes that were written before this are gone]`

/**
 * Cuts a file that programs are appending to. On Linux the disk takes back a part of it and every offset stays as it
 * was, so nothing that is written meanwhile can be lost (fallocate(2), FALLOC_FL_PUNCH_HOLE). Where that cannot be done,
 * what is there is set aside to `FILE.1` and the file is emptied or, when its beginning is to be kept, it is shortened.
 * A line in the file tells of either.
 */
export async function boundOutput(file: string, { most, kept, begin = 0 }: OutputBounds): Promise<void> {
  const found = await statOf(file)
  if (found === null || found.blocks * 512 <= most) return
  const to = Math.floor((found.size - kept) / pageBytes) * pageBytes
  if (begin === 0) {
    if (!(await punched(file, 0, to))) await setAside(file)
    else await markHole(file, 0, to)
  } else if (!(await holed(file, begin, to))) await shorten(file, begin, kept)
}

/** @returns false where it cannot be done, and in a file that was shortened before. */
async function holed(file: string, begin: number, to: number): Promise<boolean> {
  const before = await gapOf(file)
  if (before !== null && before.at !== before.to) return false
  const from = await endOfBeginning(file, begin)
  // Noted before it is made: nobody is to read what is no longer there.
  await keepGap(file, { from, to, at: to })
  if (await punched(file, Math.ceil(from / pageBytes) * pageBytes, to)) {
    await markHole(file, from, to)
    return true
  }
  await keepGap(file, before)
  return false
}

/**
 * Cuts the middle out of a file that nobody appends to any more, so that it is no longer than so many bytes: how it
 * began and how it ended are left. Its bytes are counted as they were, so whoever was reading it goes on.
 */
export async function trimMiddle(file: string, longest: number): Promise<void> {
  const found = await statOf(file)
  const kept = Math.floor(longest * keptShare)
  if (found !== null && found.size > longest) await shorten(file, kept, kept)
}

/** Of what is cut, so much is left at the beginning and at the end. */
const keptShare = 0.25

/** What is written between the look at its end and the cut is lost. */
async function shorten(file: string, begin: number, kept: number): Promise<void> {
  const from = await endOfBeginning(file, begin)
  const [gap, { size: length }] = await Promise.all([gapOf(file), stat(file)])
  const written = gap === null || length < gap.at ? length : length - gap.at + gap.to
  const last = await bytesOf(file, Math.max(from, length - kept), kept)
  const end = last.subarray(last.indexOf('\n') + 1)
  const text = Buffer.concat([Buffer.from(`${markOf(written - end.length - from)}\n`), end])
  await keepGap(file, null)
  await truncate(file, from)
  await appendFile(file, text)
  await keepGap(file, { from, to: written - text.length, at: from })
}

/** Where the last whole line of the first bytes ends; where it was cut before, when it was. */
async function endOfBeginning(file: string, begin: number): Promise<number> {
  const gap = await gapOf(file)
  return gap?.from ?? ((await bytesOf(file, 0, begin)).lastIndexOf('\n') + 1 || begin)
}

async function bytesOf(file: string, from: number, count: number): Promise<Buffer> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, from)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

async function statOf(file: string) {
  try {
    return await stat(file)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw error
  }
}

async function punched(file: string, from: number, to: number): Promise<boolean> {
  if (process.platform !== 'linux') return false
  const hole = ['--punch-hole', '--offset', String(from), '--length', String(to - from)]
  try {
    await promisify(execFile)('fallocate', [...hole, file])
    return true
  } catch {
    // The program is not installed, or the file system has no holes.
    return false
  }
}

/** Writes over the line that was cut in two, and as many after it as the mark needs. */
async function markHole(file: string, from: number, offset: number): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(markRoom), 0, markRoom, offset)
    const mark = markOf(offset - from)
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
