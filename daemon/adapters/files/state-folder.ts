import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync, type Stats } from 'node:fs'
import * as path from 'node:path'
import { Failure, messageOf, systemCode } from '#base/failure.ts'
import type { StatePaths } from '#base/state-paths.ts'
import { temporaryPattern } from './write-file.ts'

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
function privateFolder(folder: string): void {
  const isNew = statOf(folder) === undefined
  if (isNew) makeFolders(folder)
  const stats = lstatSync(folder)
  if (stats.isSymbolicLink()) throw unsafe(folder, 'is a symbolic link')
  if (!stats.isDirectory()) throw unsafe(folder, 'is not a folder')
  checkOwner(folder, stats)
  if (!windows && (isNew || (stats.mode & 0o077) !== 0)) chmodSync(folder, 0o700)
}

/**
 * Makes a folder and those above it that are missing. Node's own recursive mkdir never ends where the folder above is
 * there and yet nothing can be made in it, as below /proc.
 */
function makeFolders(folder: string): void {
  const above = path.dirname(folder)
  if (above !== folder && statSync(above, { throwIfNoEntry: false }) === undefined) makeFolders(above)
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    // Another daemon that starts at the same time was quicker.
    if (systemCode(error) !== 'EEXIST') throw error
  }
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
    throw asUnsafe(paths.home, error)
  }
}

const asUnsafe = (folder: string, error: unknown): Failure =>
  error instanceof Failure
    ? error
    : new Failure('unsafe-state-folder', `${folder} cannot be used: ${messageOf(error)}`, {
        cause: error,
        hint: 'Let your user write there, or name another folder in QUANTUM_ADMIN_HOME.',
      })

function checkEntry(file: string): void {
  const stats = statOf(file)
  if (stats === undefined) return
  const name = path.basename(file)
  if (name === 'daemon.sock') return checkSocket(file, stats)
  // What the daemon has no use for may be a folder; whatever it would open, rotate or rename may not.
  if (stats.isDirectory() && !ours.test(name)) return checkOwner(file, stats)
  if (stats.isDirectory() && (name === 'audit' || name === 'logs')) return
  checkFile(file, stats)
}

const ours =
  /^(audit|logs|token|ballast|daemon\..+|quantum-admin\.sqlite.*|settings\.json|secrets\..+|key\..+|head\.json|checkpoints\..+|.+\.tmp)$/

function checkSocket(file: string, stats: Stats): void {
  if (!stats.isSocket()) throw unsafe(file, 'is not a socket')
  if (stats.nlink > 1) throw unsafe(file, 'has a second name (hard link)')
  checkOwner(file, stats)
}

/**
 * Makes the place of the socket ready to listen at: a folder of ours that nobody else can enter, without the
 * socket of a daemon that was killed. Call it holding the instance lock: then no daemon uses that socket.
 * @throws Failure `unsafe-state-folder` when something else is in its place.
 */
export function secureSocket(socket: string): void {
  if (windows) return
  try {
    privateFolder(path.dirname(socket))
    const stats = statOf(socket)
    if (stats === undefined) return
    checkSocket(socket, stats)
    rmSync(socket)
  } catch (error) {
    throw asUnsafe(path.dirname(socket), error)
  }
}

/** Removes what a daemon that was killed left half written. Call it holding the instance lock. */
export function removeLeftovers(paths: StatePaths): void {
  for (const folder of [paths.home, paths.audit]) {
    for (const name of readdirSync(folder)) {
      if (temporaryPattern.test(name)) rmSync(path.join(folder, name), { force: true })
    }
  }
}
