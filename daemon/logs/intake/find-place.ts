import { basename } from 'node:path'
import { compare, FileReading, findShifted } from './file-reading.ts'
import { headLength, idOf, printedLength, type FilePlace } from './place.ts'
import { areSame, findById, RotatedMeanwhile, rotationsOf, type Rotation } from './rotations.ts'
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
export function findPlace(path: string, place: FilePlace): Promise<Found> {
  return atRest(async (owned) => {
    const current = await openOr(path)
    if (!(current instanceof NotReadable)) owned.push(current)
    return findFrom(path, current, place)
  })
}

/** Looks again when a rotation went on meanwhile: names that are moving lead nowhere. What was opened is closed. */
async function atRest<T>(look: (owned: Source[]) => Promise<T>): Promise<T> {
  for (let looks = 0; looks < mostLooks; looks++) {
    const owned: Source[] = []
    try {
      return await look(owned)
    } catch (error) {
      for (const source of owned) await source.close()
      if (!(error instanceof RotatedMeanwhile)) throw error
    }
  }
  throw new NotReadable('is being rotated all the time')
}

const mostLooks = 100

async function findFrom(path: string, current: Source | NotReadable, place: FilePlace): Promise<Found> {
  const sameFile = !(current instanceof NotReadable) && idOf(current) === idOf(place)
  const likeness = current instanceof NotReadable ? 'other' : await compare(current, place, sameFile)
  if (!(current instanceof NotReadable) && likeness === 'same') return going(current, place)
  const elsewhere = await findElsewhere(path, place)
  if (elsewhere !== null) {
    if (!(current instanceof NotReadable)) await current.close()
    return going(elsewhere, place, ...(sameFile ? [copied(elsewhere)] : []))
  }
  if (current instanceof NotReadable) throw current
  if (likeness === 'holed') return going(current, place)
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

/** What rotations had made of a file that is not there yet, by what the system calls it. */
export const earlyRotations = (path: string): Promise<ReadonlySet<string>> =>
  atRest(async () => new Set((await rotationsOf(path)).map(({ id }) => id)))

/** Opens a file of which nothing was read. @param early - what it is known not to be, when it was waited for. */
export function openFirst(path: string, early: ReadonlySet<string> | null): Promise<Source> {
  return atRest(async (owned) => {
    const current = await openSource(path)
    owned.push(current)
    if (early === null) return current
    // It may have been rotated away before anybody looked.
    const missed = (await rotationsOf(path)).filter(({ id }) => !early.has(id))
    const first = await firstReadable(missed, [])
    if (first === null) return current
    await current.close()
    return first
  })
}

/** Opens what came after a file that was rotated away. @throws NotReadable when nothing did yet. */
export function openNext(path: string, reading: FileReading, notes: string[]): Promise<Source> {
  return atRest(async (owned) => {
    const said: string[] = []
    const rotations = await rotationsOf(path)
    const at = await positionOf(reading, rotations)
    const { modified, names } = reading.look
    const later = at === -1 ? rotations.filter((one) => one.modified > modified) : rotations.slice(at + 1)
    const opened = await firstReadable(later, said)
    if (opened !== null && at === -1 && names === 0) said.push(unsure)
    const next = opened ?? (await openSource(path))
    owned.push(next)
    // Or else it came after what was renamed while it was being opened.
    if (opened === null && !areSame(rotations, await rotationsOf(path))) throw new RotatedMeanwhile()
    notes.push(...said)
    return next
  })
}

/**
 * Whether what came after a file has all in it that was read of that. Then one is a copy of the other, which was looked
 * at before the other was emptied. Files that are short are alike too often.
 */
export const isCopy = async (next: Source, place: FilePlace): Promise<boolean> =>
  printedLength(place.head) === headLength && (await compare(next, place, false)) === 'same'

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
  const id = idOf(place)
  const renamed = rotations.find((one) => one.id === id) ?? (await findById(path, id))
  if (renamed !== null && renamed.path !== path) {
    const source = await openRotation(renamed)
    if (!(source instanceof NotReadable)) {
      const likeness = await compare(source, place, true)
      if (likeness !== 'other' && likeness !== 'shorter') return source
      await source.close()
    }
  }
  for (const rotation of rotations)
    if (await holds(rotation, place, BigInt(place.modified))) {
      const source = await openRotation(rotation)
      if (!(source instanceof NotReadable)) return source
    }
  return null
}

/** Whether a place is in what a rotation made. Nothing that was last written before it can hold it. */
async function holds(rotation: Rotation, place: FilePlace, modified: bigint): Promise<boolean> {
  if (!rotation.readable || rotation.modified + timeSlack < modified) return false
  const source = await openRotation(rotation)
  if (source instanceof NotReadable) return false
  try {
    return (await compare(source, place, false)) === 'same'
  } finally {
    await source.close()
  }
}

async function firstReadable(rotations: readonly Rotation[], notes: string[]): Promise<Source | null> {
  for (const rotation of rotations) {
    const source = rotation.readable ? await openRotation(rotation) : null
    if (source !== null && !(source instanceof NotReadable)) return source
    notes.push(
      `${basename(rotation.path)} was not read: ${source?.message ?? 'it is packed, and not by gzip'}`,
    )
  }
  return null
}

/** @throws RotatedMeanwhile when another file has its name now. */
async function openRotation({ path, id }: Pick<Rotation, 'path' | 'id'>): Promise<Source | NotReadable> {
  const source = await openOr(path)
  if (source instanceof NotReadable ? !source.missing : idOf(source) === id) return source
  if (!(source instanceof NotReadable)) await source.close()
  throw new RotatedMeanwhile()
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
