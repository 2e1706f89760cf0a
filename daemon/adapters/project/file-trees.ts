import type { Stats } from 'node:fs'
import { lstat, opendir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { bytesOf } from './regular-file.ts'
import { mostEntries, type Tree, type TreeDisk, type TreeEntry, type Trees } from './trees.ts'

/** There are thousands in them, and nobody edits one by one. */
const notEntered = new Set(['node_modules', 'vendor', 'dist', 'build', 'target', '__pycache__', 'venv'])
const deepest = 12
const mostDisks = 8

/** Folders of the file system. One thing after the other: a dead network mount takes one thread, not four. */
export const fileTrees: Trees = { look, read: bytesOf }

interface Walk {
  readonly folder: string
  readonly entries: Map<string, TreeEntry>
  /** A folder on each disk, by the disk. */
  readonly disks: Map<number, string>
}

async function look(folder: string, outside: readonly string[]): Promise<Tree | null> {
  const takenAt = Date.now()
  const walk: Walk = { folder, entries: new Map(), disks: new Map() }
  const top = await partOf(folder, stat)
  if (top === null || !top.isDirectory()) return null
  add(walk, '', top)
  await enter(walk, '', 1)
  for (const path of outside) {
    const part = await partOf(path, stat)
    if (part !== null) add(walk, path, part)
  }
  const isCut = walk.entries.size >= mostEntries
  return { takenAt, entries: walk.entries, isCut, disks: await disksOf(walk) }
}

async function enter(walk: Walk, path: string, depth: number): Promise<void> {
  const folders: string[] = []
  for (const name of await namesIn(join(walk.folder, path))) {
    if (walk.entries.size >= mostEntries) return
    const inside = path === '' ? name : `${path}/${name}`
    const part = await partOf(join(walk.folder, inside), lstat)
    if (part === null) continue
    add(walk, inside, part)
    if (part.isDirectory() && !name.startsWith('.') && !notEntered.has(name)) folders.push(inside)
  }
  if (depth < deepest) for (const inside of folders) await enter(walk, inside, depth + 1)
}

function add({ folder, entries, disks }: Walk, path: string, part: Stats): void {
  const { dev, ino, size, mtimeMs, ctimeMs, birthtimeMs, mode, uid } = part
  if (part.isDirectory() && !disks.has(dev)) disks.set(dev, path.startsWith('/') ? path : join(folder, path))
  entries.set(path, {
    kind: part.isFile() ? 'file' : part.isDirectory() ? 'folder' : 'other',
    size: part.isFile() ? size : 0,
    modifiedAt: mtimeMs,
    changedAt: ctimeMs,
    bornAt: birthtimeMs,
    mode: mode & 0o7777,
    owner: uid,
    identity: `${dev}:${ino}`,
  })
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const names: string[] = []
  try {
    for await (const { name } of await opendir(folder, { bufferSize: 256 })) {
      names.push(name)
      if (names.length === mostEntries) break
    }
  } catch {
    // It is gone meanwhile, or not ours to read: what can be seen of it still counts.
  }
  return names.sort()
}

async function disksOf({ disks }: Walk): Promise<readonly TreeDisk[]> {
  const found: TreeDisk[] = []
  for (const folder of [...disks.values()].slice(0, mostDisks))
    try {
      const { bsize, blocks, bavail, files, ffree } = await statfs(folder)
      const freeFiles = files === 0 ? null : ffree
      found.push({ folder, freeBytes: bsize * bavail, bytes: bsize * blocks, freeFiles })
    } catch {
      // Gone meanwhile: there is nothing to say of its disk.
    }
  return found
}

async function partOf(path: string, of: typeof lstat | typeof stat): Promise<Stats | null> {
  try {
    return await of(path)
  } catch {
    // Not there, or not ours to see: both look the same from here.
    return null
  }
}
