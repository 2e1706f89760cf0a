import { closeSync, constants, fsyncSync, openSync } from 'node:fs'

/** Makes the names in a folder durable: a new file whose own data is can still lose its name in a power loss. */
export function syncFolder(folder: string): void {
  // Windows has no way to sync a folder, and its file system journals names itself.
  if (process.platform === 'win32') return
  const descriptor = openSync(folder, constants.O_RDONLY)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
