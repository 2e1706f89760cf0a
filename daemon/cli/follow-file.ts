import { readFileSync, statSync, existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Tail } from 'tail'

const appearsWithinMs = 50

/**
 * Calls `onLine` with every line that is appended to a file, until aborted. When the file is renamed away
 * (`file` to `file.1` and so on) the rest of the old one comes first, then the new one from its beginning.
 * @param from - bytes at the beginning that have been seen already.
 * @param kept - how many renamed files there may be.
 */
export async function followFile(
  file: string,
  from: number,
  kept: number,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let seen = from
  while (!signal.aborted) {
    const { inode, bytes } = await followOne(file, seen, onLine, signal)
    if (signal.aborted) return
    if (inodeOf(file) === inode) {
      seen = Math.max(bytes, seen)
      continue
    }
    const renamed = Array.from({ length: kept }, (_, index) => `${file}.${index + 1}`).find(
      (candidate) => inodeOf(candidate) === inode,
    )
    if (renamed !== undefined) linesFrom(renamed, Math.max(bytes, seen)).forEach(onLine)
    seen = 0
    while (!existsSync(file)) await delay(appearsWithinMs, undefined, { signal })
  }
}

/** Follows one file until it is renamed, or tail falls behind. @returns which one it was and how many of its bytes were seen. */
function followOne(
  file: string,
  from: number,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<{ readonly inode: number | undefined; readonly bytes: number }> {
  return new Promise((resolve) => {
    const inode = inodeOf(file)
    let bytes = 0
    let ended = false
    // tail cannot begin at a byte, so it reads from the beginning and what was seen is counted off.
    const tail = new Tail(file, { fromBeginning: true, follow: false, separator: '\n' })
    const end = (): void => {
      if (ended) return
      ended = true
      tail.unwatch()
      clearInterval(check)
      signal.removeEventListener('abort', end)
      resolve({ inode, bytes })
    }
    tail.on('line', (line: string) => {
      if (ended) return
      const start = bytes
      bytes += Buffer.byteLength(line) + 1
      if (start >= from && line !== '') onLine(line)
    })
    tail.on('error', end)
    let before = -1
    // A rename between the look at the inode and the watch would go unnoticed for ever, and so would what tail was not
    // told of: it is begun anew when there is more than it has read since the last look.
    const check = setInterval(() => {
      const found = statSync(file, { throwIfNoEntry: false })
      if (found?.ino !== inode || (bytes === before && (found?.size ?? 0) > bytes)) end()
      before = bytes
    }, 1000)
    signal.addEventListener('abort', end)
  })
}

const linesFrom = (file: string, byte: number): string[] =>
  readFileSync(file)
    .subarray(byte)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')

const inodeOf = (file: string): number | undefined => statSync(file, { throwIfNoEntry: false })?.ino
