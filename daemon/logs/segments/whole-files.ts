import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

/** Puts a file in its place as a whole or not at all. @throws what the system says; nothing is left of it then. */
export function replaceFile(file: string, write: (descriptor: number) => void): void {
  const descriptor = openSync(`${file}.new`, 'w', 0o600)
  try {
    try {
      write(descriptor)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(`${file}.new`, file)
  } catch (error) {
    // A full disk is not to be the fuller for it.
    rmSync(`${file}.new`, { force: true })
    throw error
  }
}

/** Writes bytes where the file ends. */
export function writeAll(descriptor: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done, bytes.length - done)
}
