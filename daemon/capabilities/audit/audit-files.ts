import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { rename } from 'node:fs/promises'
import * as path from 'node:path'
import { Failure, systemCode } from '#base/failure.ts'
import { syncFile } from '../../store/sync-file.ts'
import { syncFolder } from '#base/sync-folder.ts'

/** The trail's files outside the database, by path. All are plain files that only their owner can read. */
export interface AuditPaths {
  readonly folder: string
  readonly key: string
  readonly head: string
  readonly checkpoints: string
  /** Space kept for the outcomes of running commands, to be freed on a full disk. */
  readonly ballast: string
}

export const auditPaths = (folder: string): AuditPaths => ({
  folder,
  key: path.join(folder, 'key.pem'),
  head: path.join(folder, 'head.json'),
  checkpoints: path.join(folder, 'checkpoints.jsonl'),
  ballast: path.join(folder, 'ballast'),
})

const ballastBytes = 1024 * 1024

/** Opens without following a link. @throws Failure `unsafe-state-folder` for anything but a file of ours. */
function openPlain(file: string, flags: number): number {
  let descriptor: number
  try {
    // Without O_NONBLOCK a planted fifo would hold the daemon up for ever.
    descriptor = openSync(file, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600)
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ELOOP' || code === 'EISDIR' || code === 'ENXIO') throw unsafe(file, error)
    throw error
  }
  const found = fstatSync(descriptor)
  const ours = process.getuid === undefined || found.uid === process.getuid()
  // No name at all is left when a file was replaced just after it was opened.
  if (found.isFile() && found.nlink <= 1 && ours) return descriptor
  closeSync(descriptor)
  throw unsafe(file)
}

const unsafe = (file: string, cause?: unknown): Failure =>
  new Failure('unsafe-state-folder', `${file} is not a plain file of yours alone: it is not touched`, {
    cause,
  })

function withFile<T>(file: string, flags: number, use: (descriptor: number) => T): T {
  const descriptor = openPlain(file, flags)
  try {
    return use(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function writeAll(descriptor: number, data: Buffer): void {
  for (let written = 0; written < data.length;) written += writeSync(descriptor, data, written)
}

export function makeFolder(folder: string): void {
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (made !== undefined) syncFolder(path.dirname(made))
}

/** @returns null when there is no such file. */
export function readText(file: string): string | null {
  try {
    return withFile(file, constants.O_RDONLY, (descriptor) => readFileSync(descriptor, 'utf8'))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw error
  }
}

const anew = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC

/**
 * Replaces a file as a whole: whoever reads it, also after a power loss, gets the old text or the new. The wait for the
 * disk is beside the event loop. Never twice at once for one file.
 */
export async function replaceText(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`
  const descriptor = openPlain(temporary, anew)
  try {
    writeAll(descriptor, Buffer.from(text))
    await syncFile(descriptor)
  } finally {
    closeSync(descriptor)
  }
  await rename(temporary, file)
}

/** Makes a new file, whole or not at all, that is durable on return. */
export function createText(file: string, text: string): void {
  const temporary = `${file}.new`
  withFile(temporary, anew, (descriptor) => {
    writeAll(descriptor, Buffer.from(text))
    fdatasyncSync(descriptor)
  })
  renameSync(temporary, file)
  syncFolder(path.dirname(file))
}

/** Appends one line durably. A line that a crash tore is ended first, so that it cannot swallow this one. */
export function appendLine(file: string, line: string): void {
  const isNew = lstatSync(file, { throwIfNoEntry: false }) === undefined
  withFile(file, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, (descriptor) => {
    const { size } = fstatSync(descriptor)
    const last = Buffer.alloc(1)
    const torn = size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a
    writeAll(descriptor, Buffer.from(`${torn ? '\n' : ''}${line}\n`))
    fsyncSync(descriptor)
  })
  if (isNew) syncFolder(path.dirname(file))
}

/** Sets space aside. Not sparse: only written blocks are really taken. */
export function keepBallast(file: string): void {
  try {
    withFile(file, constants.O_RDWR | constants.O_CREAT, (descriptor) => {
      if (fstatSync(descriptor).size === ballastBytes) return
      writeAll(descriptor, Buffer.alloc(ballastBytes, 0xa5))
      fdatasyncSync(descriptor)
    })
  } catch (error) {
    // A part of it would only make a full disk fuller.
    if (systemCode(error) === 'ENOSPC') freeBallast(file)
    throw error
  }
}

export function freeBallast(file: string): void {
  rmSync(file, { force: true })
}
