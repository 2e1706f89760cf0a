import { chmodSync, lstatSync, mkdirSync, readdirSync, type Stats } from 'node:fs'
import * as path from 'node:path'
import { Failure, messageOf, systemCode } from '#base/failure.ts'
import type { StatePaths } from '#base/state-paths.ts'

const windows = process.platform === 'win32'

/** Refuses a path with a sentence that names it. */
const unsafe = (file: string, what: string): Failure =>
  new Failure('unsafe-state-folder', `${file} ${what}; the daemon does not start on it`)

function statOf(file: string): Stats | undefined {
  try {
    return lstatSync(file)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw new Failure('unsafe-state-folder', `${file} cannot be examined: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function checkOwner(file: string, stats: Stats): void {
  if (!windows && process.getuid !== undefined && stats.uid !== process.getuid()) {
    throw unsafe(file, `belongs to user id ${stats.uid}`)
  }
}

function checkFile(file: string, stats: Stats): void {
  if (stats.isSymbolicLink()) throw unsafe(file, 'is a symbolic link')
  if (!stats.isFile()) throw unsafe(file, 'is not a regular file')
  if (stats.nlink > 1) throw unsafe(file, 'has a second name (hard link)')
  checkOwner(file, stats)
  if (!windows && (stats.mode & 0o077) !== 0) chmodSync(file, 0o600)
}

/** Makes a folder 0700, or checks that the one there is ours and a real folder, and closes it to others. */
export function privateFolder(folder: string): void {
  const stats = statOf(folder)
  if (stats === undefined) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (!windows) chmodSync(folder, 0o700)
    return
  }
  if (stats.isSymbolicLink()) throw unsafe(folder, 'is a symbolic link')
  if (!stats.isDirectory()) throw unsafe(folder, 'is not a folder')
  checkOwner(folder, stats)
  if (!windows && (stats.mode & 0o077) !== 0) chmodSync(folder, 0o700)
}

/**
 * Makes the state folder safe to use before anything in it is opened: 0700 folders, 0600 regular files of
 * ours with one name. Nothing is followed, written or removed on the way.
 * @throws Failure `unsafe-state-folder` naming the path and what is wrong with it.
 */
export function secureStateFolder(paths: StatePaths): void {
  try {
    for (const folder of [paths.home, paths.audit, paths.logs]) privateFolder(folder)
    for (const folder of [paths.home, paths.audit, paths.logs]) {
      for (const name of readdirSync(folder)) checkEntry(path.join(folder, name))
    }
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure('unsafe-state-folder', `${paths.home} cannot be used: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function checkEntry(file: string): void {
  const stats = statOf(file)
  if (stats === undefined) return
  if (stats.isSocket() && path.basename(file) === 'daemon.sock') return checkOwner(file, stats)
  if (stats.isDirectory() && !known.has(path.basename(file))) return checkOwner(file, stats)
  if (stats.isDirectory() && folders.has(path.basename(file))) return
  checkFile(file, stats)
}

const folders = new Set(['audit', 'logs'])
/** Names the daemon opens as files: a folder in their place is an obstacle, other folders are left alone. */
const known = new Set([
  'audit',
  'logs',
  'daemon.lock',
  'daemon.json',
  'daemon.sock',
  'token',
  'quantum-admin.sqlite',
  'quantum-admin.sqlite-wal',
  'quantum-admin.sqlite-shm',
  'settings.json',
  'daemon.log',
  'key.pem',
  'key.pub',
  'head.json',
  'checkpoints.jsonl',
  'ballast',
])
