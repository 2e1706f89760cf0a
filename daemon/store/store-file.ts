import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, renameSync } from 'node:fs'
import * as path from 'node:path'
import { isoTime, type Clock } from '#base/clock.ts'
import { Failure, messageOf, systemCode } from '#base/failure.ts'
import { syncFolder } from '#base/sync-folder.ts'

/** What SQLite keeps beside a database, by what it adds to the name. */
const companions = ['', '-wal', '-shm', '-journal'] as const

/**
 * Makes sure that the store is a plain file of ours that nobody else can read, creating it empty where there
 * is none: SQLite itself would create it readable to all that the umask lets in, and follow links.
 * @returns its size in bytes.
 */
export function claimFile(file: string): number {
  for (const companion of companions.slice(1)) checkOwned(file + companion)
  checkOwned(file)
  let descriptor: number | undefined
  try {
    const isNew = !exists(file)
    descriptor = openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
    // SQLite makes its log durable by name, but leaves the name of the database to whoever made it.
    if (isNew) syncFolder(path.dirname(file))
    return fstatSync(descriptor).size
  } catch (error) {
    throw new Failure('store-unavailable', `The store ${file} cannot be opened: ${messageOf(error)}`, {
      cause: error,
    })
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

function checkOwned(file: string): void {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (found === undefined) return
  const ours = process.getuid === undefined || found.uid === process.getuid()
  if (found.isFile() && found.nlink === 1 && ours) return
  throw new Failure('unsafe-state-folder', `${file} is not a plain file of yours alone: it is not touched`)
}

/**
 * Sets a damaged store aside under a name with the time, with everything SQLite keeps beside it, so that it
 * can still be opened and repaired there.
 * @returns the failure to throw.
 */
export function quarantine(file: string, clock: Clock, failure: Failure): Failure {
  const target = asideName(file, clock)
  try {
    // The database goes first: what a crash leaves in place is then found to be without one at the next start.
    for (const companion of companions) moveIfThere(file + companion, target + companion)
  } catch (error) {
    return new Failure(
      'store-damaged',
      `${failure.message}. It could not be set aside: ${messageOf(error)}`,
      {
        cause: error,
      },
    )
  }
  return new Failure('store-damaged', `${failure.message}. It was set aside as ${target}`, { cause: failure })
}

/** A write-ahead log without its database holds rows, yet SQLite would delete it or, worse, replay it. */
export function setAsideOrphans(file: string, clock: Clock): void {
  if (exists(file)) return
  for (const companion of companions) checkOwned(file + companion)
  const target = newestAside(file) ?? asideName(file, clock)
  for (const companion of companions.slice(1)) {
    if (exists(file + companion)) moveIfThere(file + companion, freeName(target + companion))
  }
}

const exists = (file: string): boolean => lstatSync(file, { throwIfNoEntry: false }) !== undefined

const asideName = (file: string, clock: Clock): string =>
  freeName(`${file}.damaged-${isoTime(clock.now()).replaceAll(/[:.]/g, '-')}`)

function freeName(wanted: string): string {
  for (let attempt = 0; ; attempt++) {
    const name = attempt === 0 ? wanted : `${wanted}-${attempt}`
    if (!exists(name)) return name
  }
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}

/** The database that was set aside last, by its path. */
function newestAside(file: string): string | undefined {
  const prefix = `${path.basename(file)}.damaged-`
  const names = readFolder(path.dirname(file)).filter(
    (name) => name.startsWith(prefix) && !/-(wal|shm|journal)(-\d+)?$/.test(name),
  )
  const newest = names.sort().at(-1)
  return newest === undefined ? undefined : path.join(path.dirname(file), newest)
}

/**
 * A daemon whose store was set aside must not go on with an empty one as if nothing had happened.
 * @throws Failure `store-damaged` when there is no store but a damaged one.
 */
export function refuseIfQuarantined(file: string): void {
  if (exists(file)) return
  const newest = newestAside(file)
  if (newest === undefined) return
  throw new Failure(
    'store-damaged',
    `There is no store ${file}, but a damaged one was set aside as ${newest}`,
    {
      hint: 'Put a backup in its place. To begin with an empty store, move the damaged one out of the folder first.',
    },
  )
}

function readFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}
