import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'

/**
 * The first bytes of a file; null when it cannot be read. Opening a pipe waits for its other end, and opening some devices
 * does something: only a regular file is opened.
 */
export async function bytesOf(path: string, most: number): Promise<Buffer | null> {
  let file
  try {
    if (!(await stat(path)).isFile()) return null
    // It may be replaced by a pipe between the two calls; O_NONBLOCK then keeps the open from waiting.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const found = await file.stat()
    if (!found.isFile()) return null
    const room = Buffer.alloc(Math.min(found.size, most))
    let filled = 0
    while (filled < room.length) {
      const { bytesRead } = await file.read(room, filled, room.length - filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return room.subarray(0, filled)
  } catch {
    // Whoever judges the project sees by the name that there is a file, and by its absence that it cannot be read.
    return null
  } finally {
    await file?.close()
  }
}
