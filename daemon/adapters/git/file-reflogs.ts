import { constants } from 'node:fs'
import { lstat, open, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { GitMove, Reflogs } from './git.ts'

const mostMoves = 20
/** Of the end of the note: more than so many moves take. */
const mostBytes = 16 * 1024
/** Folders that are looked at on the way up to the checkout's own. */
const mostLevels = 16

/** Git's own notes (gitrepository-layout(5), `logs/HEAD`), read as files: no program is started for it. */
export const fileReflogs: Reflogs = { moves }

async function moves(folder: string): Promise<readonly GitMove[]> {
  try {
    const place = await gitFolder(folder)
    return place === null ? [] : parseReflog(await endOf(join(place, 'logs', 'HEAD')))
  } catch {
    // No repository, no note, or not ours to read: there is nothing to tell.
    return []
  }
}

async function gitFolder(folder: string): Promise<string | null> {
  let at = folder
  for (let level = 0; level < mostLevels; level++) {
    const place = join(at, '.git')
    const part = await lstat(place).catch(() => null)
    if (part?.isDirectory() === true) return place
    // A worktree has a file in its place, that names the folder.
    if (part?.isFile() === true && part.size < 5000) {
      const [, named] = /^gitdir: (.+)$/m.exec(await readFile(place, 'utf8')) ?? []
      return named === undefined ? null : resolve(at, named)
    }
    const above = dirname(at)
    if (above === at) return null
    at = above
  }
  return null
}

async function endOf(file: string): Promise<string> {
  // What a hostile repository has in its place may be a pipe, whose opening would wait for its other end.
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const part = await handle.stat()
    if (!part.isFile()) return ''
    const { size } = part
    const from = Math.max(0, size - mostBytes)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(size, mostBytes)), {
      position: from,
    })
    return buffer.subarray(0, bytesRead).toString('utf8')
  } finally {
    await handle.close()
  }
}

/** `from to Name <mail> seconds zone<TAB>message`; a first line that was cut is none. */
const line = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) .*> (\d{1,12}) [+-]\d{4}(?:\t(.*))?$/

function parseReflog(text: string): readonly GitMove[] {
  return text
    .split('\n')
    .flatMap((one): GitMove[] => {
      const [, from, to, seconds, message = ''] = line.exec(one) ?? []
      if (from === undefined || to === undefined) return []
      return [{ at: Number(seconds) * 1000, from, to, message: message.slice(0, 200) }]
    })
    .slice(-mostMoves)
}
