import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { idOf } from './place.ts'

/** A file that a rotation made of another. */
export interface Rotation {
  readonly path: string
  readonly id: string
  readonly modified: bigint
  /** False when it is packed in a way that we cannot undo. */
  readonly readable: boolean
}

/** What rotations put behind a name: `.1`, `-20260131`, `.2026-01-31.3.gz`, `.old`. */
const behind = /^(?:[.-](?:\d[\w.:+-]*?|old|bak|prev))?(\.(?:gz|bz2|xz|zst|zip|lz4))?$/

/** More names than these are not looked through. */
const mostNames = 10_000

/** The ends of a name of which a rotation may have made the rest: `app.log.1.gz` is one of `app.log`. */
export function rotatedFrom(name: string): readonly string[] {
  const names: string[] = []
  for (let end = name.length - 1; end > 0; end--)
    if (behind.test(name.slice(end))) names.push(name.slice(0, end))
  return names
}

/** Whether it is packed, so that there are no lines in it as it is. */
export const isPacked = (name: string): boolean =>
  behind.exec(/\.[^.]*$/.exec(name)?.[0] ?? '-')?.[1] !== undefined

/**
 * What rotations made of a file, from the oldest to the newest, where they are beside it or beside what it links to. A
 * rotation renames many files one by one; what is returned was there at one time.
 */
export async function rotationsOf(path: string): Promise<readonly Rotation[]> {
  let before = await glance(path)
  for (let looks = 0; looks < mostLooks; looks++) {
    const now = await glance(path)
    if (areSame(before, now)) return inOrder(now)
    before = now
  }
  throw new RotatedMeanwhile()
}

export const areSame = (some: readonly Rotation[], others: readonly Rotation[]): boolean =>
  some.length === others.length &&
  some.every(({ path, id }, n) => path === others[n]?.path && id === others[n].id)

/** Names changed while they were looked at. */
export class RotatedMeanwhile extends Error {}

const mostLooks = 100

async function glance(path: string): Promise<readonly Rotation[]> {
  const found: Rotation[] = []
  for (const place of await placesOf(path)) {
    const base = basename(place)
    const names = (await namesIn(dirname(place))).filter(
      (name) => name.length > base.length && name.startsWith(base) && behind.test(name.slice(base.length)),
    )
    // While a file is being packed, both are there: the packed one may be half a file yet.
    const there = new Set(names)
    const whole = names.filter((name) => !isPacked(name) || !there.has(name.replace(/\.[^.]*$/, '')))
    for (const name of whole) {
      const rotation = await rotationAt(join(dirname(place), name))
      if (rotation !== null && !found.some(({ id }) => id === rotation.id)) found.push(rotation)
    }
  }
  return found
}

/** The file of an identity in the same folder, whatever it is called now; null when there is none. */
export async function findById(path: string, id: string): Promise<Rotation | null> {
  for (const place of await placesOf(path))
    for (const name of await namesIn(dirname(place))) {
      const candidate = await rotationAt(join(dirname(place), name))
      if (candidate?.id === id) return candidate
    }
  return null
}

/** The path itself and, where it is a link, what that leads to. */
async function placesOf(path: string): Promise<readonly string[]> {
  try {
    const real = await realpath(path)
    return real === path ? [path] : [path, real]
  } catch {
    // It is not there, or leads nowhere.
    return [path]
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort().slice(0, mostNames)
  } catch {
    // The folder is gone, or is not ours to see; the file itself says so.
    return []
  }
}

async function rotationAt(path: string): Promise<Rotation | null> {
  try {
    const stats = await stat(path, { bigint: true })
    if (!stats.isFile()) return null
    const readable = !isPacked(path) || path.endsWith('.gz')
    return { path, id: idOf(stats), modified: stats.mtimeNs, readable }
  } catch {
    // It was there a moment ago: rotations rename and remove.
    return null
  }
}

/** Numbers tell the order where all have one; else the times at which they were last written to. */
function inOrder(rotations: readonly Rotation[]): readonly Rotation[] {
  const numbers = new Map(rotations.map((rotation) => [rotation, numberOf(rotation)]))
  const number = (rotation: Rotation): number => numbers.get(rotation) ?? 0
  if ([...numbers.values()].some((value) => value === null))
    return rotations.toSorted((one, other) => compareTimes(one, other) || (one.path < other.path ? -1 : 1))
  const newestLast = rotations.toSorted((one, other) => number(other) - number(one))
  return countsUp(newestLast) ? newestLast.reverse() : newestLast
}

/** `app.log.3`; a date is no such number. */
const numberOf = ({ path }: Rotation): number | null => {
  const digits = /[.-](\d{1,4})(?:\.\w*[a-z]\w*)?$/.exec(path)?.[1]
  return digits === undefined ? null : Number(digits)
}

const compareTimes = (one: Rotation, other: Rotation): number =>
  one.modified === other.modified ? 0 : one.modified < other.modified ? -1 : 1

/** Some programs give the newest file the highest number. Packing changes the times, so only what is not packed tells. */
function countsUp(highestFirst: readonly Rotation[]): boolean {
  const plain = highestFirst.filter(({ path }) => !isPacked(path))
  return plain.length > 1 && plain.every((one, n) => n === 0 || compareTimes(one, plain[n - 1] ?? one) < 0)
}
