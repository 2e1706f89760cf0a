import { randomBytes } from 'node:crypto'
import { closeSync, constants, fdatasyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'

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
