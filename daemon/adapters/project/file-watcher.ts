import { watch, type FSWatcher, type Stats } from 'node:fs'
import { lstat, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Emitter } from '#base/emitter.ts'
import { tellingFiles } from './file-project.ts'
import type { FolderWatcher } from './folder-watcher.ts'

/** Editors change a file in several steps; what comes within this time is one change. */
const togetherMs = 60
/** Folders that the system tells us of are looked at this often all the same: a link in them may lead elsewhere. */
const watchedMs = 10_000
/** The others: they are gone, on a file system that tells nothing, or more than the system lets us watch. */
const unwatchedMs = 700

interface Watched {
  readonly folder: string
  watcher: FSWatcher | null
  timer: NodeJS.Timeout | undefined
  /** Which folder it was when it began to be watched: one that is made anew is another to the system. */
  identity: string | null
  /** What its files looked like. */
  seen: string | null
  /** What a link in it leads to changes without a word. */
  hasLinks: boolean
}

/**
 * Watches folders by what the system tells (inotify, FSEvents) and, where it tells nothing, by looking. One watch for
 * each folder: replacing a file by another, as editors do, leaves that as it is.
 */
export class FileWatcher implements FolderWatcher {
  readonly changed = new Emitter<string>()
  readonly #watched = new Map<string, Watched>()
  readonly #start: typeof watch
  #timer: NodeJS.Timeout | undefined
  #lookedAtAll = 0
  #looking = false
  #closed = false

  /** @param start - what tells of changes; a test gives one that cannot. */
  constructor(start: typeof watch = watch) {
    this.#start = start
  }

  watch(folders: readonly string[]): void {
    const wanted = new Set(folders)
    for (const one of this.#watched.values()) {
      if (wanted.has(one.folder)) continue
      this.#watched.delete(one.folder)
      end(one)
    }
    for (const folder of wanted) {
      if (this.#watched.has(folder) || this.#closed) continue
      const one: Watched = {
        folder,
        watcher: null,
        timer: undefined,
        identity: null,
        seen: null,
        hasLinks: false,
      }
      this.#watched.set(folder, one)
      this.#listen(one)
      void this.#lookAt(one)
    }
    this.#hurry()
  }

  /** How many of the folders the system tells of. */
  get told(): number {
    return [...this.#watched.values()].filter(({ watcher }) => watcher !== null).length
  }

  async dispose(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const one of this.#watched.values()) end(one)
    this.#watched.clear()
  }

  #listen(one: Watched): void {
    try {
      const watcher = this.#start(one.folder, { persistent: false }, (event, name) => {
        // A folder full of logs and data changes all the time; only what comes and goes, and what tells, is of interest.
        if (event === 'rename' || name === null || telling.has(name)) this.#soon(one)
      })
      watcher.on('error', () => this.#lose(one))
      one.watcher = watcher
    } catch {
      // It is gone, or there are no watches left (ENOSPC, EMFILE): it is looked at instead.
      one.watcher = null
    }
  }

  #lose(one: Watched): void {
    one.watcher?.close()
    one.watcher = null
    this.#hurry()
  }

  #soon(one: Watched): void {
    one.timer ??= setTimeout(() => {
      one.timer = undefined
      this.changed.emit(one.folder)
      void this.#verify(one)
    }, togetherMs).unref()
  }

  /** A watch stays with a folder that was deleted or renamed, and hears nothing of the next one of its name. */
  async #verify(one: Watched): Promise<void> {
    const identity = await identityOf(one.folder)
    if (identity === null || (one.identity !== null && identity !== one.identity)) this.#lose(one)
    one.identity ??= identity
  }

  /** Looks sooner than it was going to. A look that is under way decides that by itself when it is over. */
  #hurry(): void {
    if (this.#looking) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#schedule()
  }

  #schedule(): void {
    if (this.#closed || this.#timer !== undefined || this.#watched.size === 0) return
    const all = [...this.#watched.values()].every(isTold)
    this.#timer = setTimeout(() => void this.#look(), all ? watchedMs : unwatchedMs).unref()
  }

  async #look(): Promise<void> {
    this.#looking = true
    const now = performance.now()
    const everything = now - this.#lookedAtAll >= watchedMs
    if (everything) this.#lookedAtAll = now
    for (const one of this.#watched.values()) if (everything || !isTold(one)) await this.#lookAt(one)
    this.#looking = false
    this.#timer = undefined
    this.#schedule()
  }

  async #lookAt(one: Watched): Promise<void> {
    const { identity, files, hasLinks } = await pictureOf(one.folder)
    const seen = `${identity}\n${files}`
    if (one.identity !== null && one.identity !== identity) {
      one.watcher?.close()
      one.watcher = null
    }
    if (one.seen !== null && one.seen !== seen) this.#soon(one)
    one.identity = identity
    one.seen = seen
    one.hasLinks = hasLinks
    const wanted = !this.#closed && this.#watched.get(one.folder) === one
    if (one.watcher === null && identity !== null && wanted) this.#listen(one)
    if (!isTold(one)) this.#hurry()
  }
}

const isTold = ({ watcher, hasLinks }: Watched): boolean => watcher !== null && !hasLinks

const telling: ReadonlySet<string> = new Set([...tellingFiles, 'index.html', 'components'])
interface Picture {
  /** Null when there is no such folder. */
  readonly identity: string | null
  /** What changes whenever a file that tells what a project is does. */
  readonly files: string
  readonly hasLinks: boolean
}

async function pictureOf(folder: string): Promise<Picture> {
  const identity = await identityOf(folder)
  const parts: string[] = []
  let hasLinks = false
  for (const name of identity === null ? [] : tellingFiles) {
    const link = await partOf(join(folder, name), lstat)
    hasLinks ||= link?.isSymbolicLink() === true
    const part = link?.isSymbolicLink() === true ? await partOf(join(folder, name), stat) : link
    parts.push(part === null ? '' : `${part.dev}:${part.ino}:${part.size}:${part.mtimeMs}`)
  }
  return { identity, files: parts.join(' '), hasLinks }
}

async function identityOf(folder: string): Promise<string | null> {
  const part = await partOf(folder, stat)
  return part === null ? null : `${part.dev}:${part.ino}`
}

async function partOf(path: string, look: typeof lstat | typeof stat): Promise<Stats | null> {
  try {
    return await look(path)
  } catch {
    // Not there, or not ours to see: both look the same from here.
    return null
  }
}

function end(one: Watched): void {
  clearTimeout(one.timer)
  one.watcher?.close()
}
