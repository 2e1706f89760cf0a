import { basename } from 'node:path'
import { compare, FileReading, findShifted } from './file-reading.ts'
import { idOf, type FilePlace } from './place.ts'
import { findById, rotationsOf, type Rotation } from './rotations.ts'
import { NotReadable, openSource, type Source } from './source.ts'

/** Where reading goes on. */
export interface Found {
  readonly reading: FileReading
  readonly notes: readonly string[]
  /** What was being read is nowhere any more: nothing follows what was read of it. */
  readonly lost: boolean
}

/** A packed file keeps the second in which it was last written to, at least. */
const timeSlack = 2_000_000_000n

/**
 * Finds the file in which a place is: under its own name, under that which a rotation gave it, in a copy or packed. When
 * it is nowhere, what came after it is begun.
 * @throws NotReadable when neither that nor anything that came after it can be read now.
 */
export async function findPlace(path: string, place: FilePlace): Promise<Found> {
  const current = await openOr(path)
  const sameFile = !(current instanceof NotReadable) && idOf(current) === idOf(place)
  const likeness = current instanceof NotReadable ? 'other' : await compare(current, place, sameFile)
  if (!(current instanceof NotReadable) && likeness === 'same') return going(current, place)
  const elsewhere = await findElsewhere(path, place)
  if (elsewhere !== null) {
    if (!(current instanceof NotReadable)) await current.close()
    return going(elsewhere, place, ...(sameFile ? [copied(elsewhere)] : []))
  }
  if (current instanceof NotReadable) throw current
  if (likeness === 'perhaps') return going(current, place, mended)
  const shifted = sameFile ? await findShifted(current, place) : null
  if (shifted !== null) return going(current, shifted, shortened(place))
  return begun(path, current, place, sameFile)
}

const going = async (source: Source, place: FilePlace, ...notes: readonly string[]): Promise<Found> => ({
  reading: await FileReading.from(source, place),
  notes,
  lost: false,
})

/** The first of what was rotated away after a place was last seen, or else the file itself, from its beginning. */
async function begun(path: string, current: Source, place: FilePlace, sameFile: boolean): Promise<Found> {
  const notes = [sameFile ? truncated(place) : gone(place)]
  const later = (await rotationsOf(path)).filter(({ modified }) => modified > BigInt(place.modified))
  const opened = await firstReadable(later, notes)
  if (opened !== null) await current.close()
  return { reading: await FileReading.from(opened ?? current, null), notes, lost: true }
}

/** Opens what came after a file that was rotated away. @returns null when nothing did yet. */
export async function openNext(path: string, reading: FileReading, notes: string[]): Promise<Source | null> {
  const rotations = await rotationsOf(path)
  const at = await positionOf(reading, rotations)
  const { modified, names } = reading.look
  const later = at === -1 ? rotations.filter((one) => one.modified > modified) : rotations.slice(at + 1)
  const opened = await firstReadable(later, notes)
  if (opened !== null) {
    if (at === -1 && names === 0) notes.push(unsure)
    return opened
  }
  return openSource(path)
}

/** Where a file stands among what was rotated away: by what the system calls it, or packed. -1 when it does not. */
async function positionOf(reading: FileReading, rotations: readonly Rotation[]): Promise<number> {
  const at = rotations.findIndex(({ id }) => id === idOf(reading.source))
  if (at !== -1) return at
  for (const [n, rotation] of rotations.entries())
    if (await holds(rotation, reading.place, reading.look.modified)) return n
  return -1
}

/** Where a place is found besides under its file's own name. Null when it is nowhere. */
async function findElsewhere(path: string, place: FilePlace): Promise<Source | null> {
  const rotations = (await rotationsOf(path)).toReversed()
  const renamed = rotations.find(({ id }) => id === idOf(place))?.path ?? (await findById(path, idOf(place)))
  if (renamed !== null && renamed !== path) {
    const source = await openOr(renamed)
    if (!(source instanceof NotReadable)) {
      const likeness = await compare(source, place, true)
      if (likeness === 'same' || likeness === 'perhaps') return source
      await source.close()
    }
  }
  for (const rotation of rotations)
    if (await holds(rotation, place, BigInt(place.modified))) {
      const source = await openOr(rotation.path)
      if (!(source instanceof NotReadable)) return source
    }
  return null
}

/** Whether a place is in what a rotation made. Nothing that was last written before it can hold it. */
async function holds(rotation: Rotation, place: FilePlace, modified: bigint): Promise<boolean> {
  if (!rotation.readable || rotation.modified + timeSlack < modified) return false
  const source = await openOr(rotation.path)
  if (source instanceof NotReadable) return false
  try {
    return (await compare(source, place, false)) === 'same'
  } finally {
    await source.close()
  }
}

async function firstReadable(rotations: readonly Rotation[], notes: string[]): Promise<Source | null> {
  for (const rotation of rotations) {
    const source = rotation.readable ? await openOr(rotation.path) : null
    if (source !== null && !(source instanceof NotReadable)) return source
    notes.push(
      `${basename(rotation.path)} was not read: ${source?.message ?? 'it is packed, and not by gzip'}`,
    )
  }
  return null
}

async function openOr(path: string): Promise<Source | NotReadable> {
  try {
    return await openSource(path)
  } catch (error) {
    if (error instanceof NotReadable) return error
    throw error
  }
}

const copied = ({ path }: Source): string =>
  `the file was copied to ${basename(path)} and emptied: what was written between the two, if anything, is lost`

const mended = 'the beginning of the file was taken out up to where it was being read'

const shortened = ({ offset, size }: FilePlace): string =>
  `the middle of the file was taken out; at byte ${offset} of ${size} reading goes on where it was`

function truncated({ offset, size }: FilePlace): string {
  return size > offset
    ? `at least ${size - offset} bytes were lost when the file was truncated or made anew`
    : `the file was truncated or made anew: what was written to it after byte ${offset}, if anything, is lost`
}

const gone = ({ offset, size }: FilePlace): string =>
  size > offset
    ? `at least ${size - offset} bytes were lost: the file they were in is gone`
    : `the file that was read is gone: what was written to it after byte ${offset}, if anything, is lost`

const unsure = 'the file that was read is gone; others that came after it may be gone too'
