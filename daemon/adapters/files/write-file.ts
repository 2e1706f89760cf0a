import { randomBytes } from 'node:crypto'
import { closeSync, constants, fdatasyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import * as path from 'node:path'

/** What stands for a moment beside a file that is being replaced, and for longer if the daemon is killed then. */
export const temporaryPattern = /\.[0-9a-f]{12}\.tmp$/

/**
 * Replaces a file in one step: readers see the old text or the new, never a part. The file is 0600 whatever
 * the umask is.
 * @param lasts - `for good`: on disk before it takes its name. `of this start`: worthless after a power loss, so
 * the disk is not waited for.
 */
export function replaceFile(
  file: string,
  text: string,
  lasts: 'for good' | 'of this start' = 'for good',
): void {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
  const fd = openSync(temporary, flags, 0o600)
  try {
    try {
      writeFileSync(fd, text)
      if (lasts === 'for good') fdatasyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** As {@link replaceFile} for good, but nobody waits for the disk while it is written; its name is durable too. */
export async function replaceFileAside(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
  const handle = await open(temporary, flags, 0o600)
  try {
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
    await syncFolder(path.dirname(file))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Windows has no folders that can be opened, and makes names durable itself. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
