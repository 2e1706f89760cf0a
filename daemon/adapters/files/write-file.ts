import { randomBytes } from 'node:crypto'
import { closeSync, constants, fdatasyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

/**
 * Replaces a file in one step: readers see the old text or the new, never a part. The file is 0600 whatever
 * the umask is, and on disk before it takes its name.
 */
export function replaceFile(file: string, text: string): void {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
  const fd = openSync(temporary, flags, 0o600)
  try {
    try {
      writeSync(fd, text)
      fdatasyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}
