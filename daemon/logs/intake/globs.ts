import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { Emitter } from '#base/emitter.ts'
import type { Owned } from '#base/lifetime.ts'
import { oneAtATime } from '#base/one-at-a-time.ts'
import { FollowRoom } from './follow-room.ts'
import { isPacked, rotatedFrom } from './rotations.ts'

export interface GlobOptions {
  /** Shared with those who follow the files; one of its own, when left out. */
  readonly room?: FollowRoom
  /** More files are not followed. */
  readonly mostFiles?: number
}

const mostFilesByDefault = 1000
/** More folders than these are not looked into. */
const mostFolders = 1000
/** `**` goes no deeper, which also ends links that lead in circles where nothing else tells. */
const mostDepth = 16

/** The files of which the paths match a pattern, for as long as it is asked for. */
export class Glob implements Owned {
  /** There are others now. */
  readonly changed = new Emitter<void>()
  readonly #parts: readonly Part[]
  readonly #root: string
  readonly #room: FollowRoom
  readonly #ownRoom: boolean
  readonly #mostFiles: number
  readonly #watched = new Map<string, Owned>()
  /** What the last look found. */
  #files: readonly string[] = []
  #problem: string | null = null
  #disposed = false
  readonly #look = oneAtATime(() => this.#lookOnce())

  /**
   * @param folder - where a pattern begins that is no absolute path.
   * @param pattern - `*` and `?` stand for parts of one name, `**` for any folders.
   */
  constructor(folder: string, pattern: string, options: GlobOptions = {}) {
    const { root, parts } = partsOf(folder, pattern)
    this.#root = root
    this.#parts = parts
    this.#ownRoom = options.room === undefined
    this.#room = options.room ?? new FollowRoom()
    this.#mostFiles = options.mostFiles ?? mostFilesByDefault
  }

  /** Absolute paths, in order. A pattern without a wildcard is one file, whether it is there or not. */
  get files(): readonly string[] {
    return this.#files
  }

  /** Why not all of them are there, in words for a person; null when they are. */
  get problem(): string | null {
    return this.#problem
  }

  /** Looks for them, and from then on whenever something comes or goes. */
  look(): Promise<void> {
    return this.#look()
  }

  async dispose(): Promise<void> {
    this.#disposed = true
    for (const watching of this.#watched.values()) await watching.dispose()
    this.#watched.clear()
    if (this.#ownRoom) this.#room.dispose()
  }

  async #lookOnce(): Promise<void> {
    if (this.#disposed) return
    const search = new Search(this.#mostFiles, new Set(this.#files))
    if (this.#parts.length === 0) search.files.push(this.#root)
    else await search.into(this.#root, this.#parts, [])
    if (this.#disposed) return
    this.#watch(search.folders)
    const files = search.followed()
    this.#problem = search.problem
    if (files.length === this.#files.length && files.every((file, n) => file === this.#files[n])) return
    this.#files = files
    this.changed.emit()
  }

  #watch(folders: ReadonlySet<string>): void {
    for (const [folder, watching] of this.#watched)
      if (!folders.has(folder)) {
        void watching.dispose()
        this.#watched.delete(folder)
      }
    const more = [...folders].filter((folder) => !this.#watched.has(folder))
    // What came into them between the look and the watch was not told.
    if (more.length > 0) void this.#look()
    for (const folder of more)
      this.#watched.set(
        folder,
        this.#room.on(folder, null, (name) => {
          // Of files that are known already it is of no interest that they grow.
          if (name === null || !this.#files.includes(join(folder, name))) void this.#look()
        }),
      )
  }
}

/** A name, or what names must look like. */
type Part = string | RegExp | typeof anyFolders

const anyFolders = Symbol('**')

/** The folder up to the first wildcard, and the rest of a pattern. */
function partsOf(
  folder: string,
  pattern: string,
): { readonly root: string; readonly parts: readonly Part[] } {
  const whole = isAbsolute(pattern) ? pattern : join(resolve(folder), pattern)
  const names: string[] = []
  let root = whole
  while (/[*?]/.test(root)) {
    names.unshift(basename(root))
    root = dirname(root)
  }
  return { root, parts: names.map(partOf) }
}

function partOf(name: string): Part {
  if (name === '**') return anyFolders
  if (!/[*?]/.test(name)) return name
  const source = name
    .replace(/[\\^$+.()|[\]{}]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.')
  return new RegExp(`^${source}$`, 's')
}

/** One look. */
class Search {
  readonly files: string[] = []
  readonly folders = new Set<string>()
  problem: string | null = null
  readonly #mostFiles: number
  readonly #known: ReadonlySet<string>
  /** Names of files in the folders that were looked into, also of those that do not match. */
  readonly #there = new Set<string>()

  constructor(mostFiles: number, known: ReadonlySet<string>) {
    this.#mostFiles = mostFiles
    this.#known = known
  }

  /** @param above - the folders that led here, as the system knows them: a link to one of them is not followed. */
  async into(folder: string, parts: readonly Part[], above: readonly string[]): Promise<void> {
    const [part, ...rest] = parts
    if (part === undefined) return
    if (this.folders.size >= mostFolders) {
      this.problem = `has more than ${mostFolders} folders; the others are not looked into`
      return
    }
    const id = await idOfFolder(folder)
    // It may come yet.
    this.folders.add(folder)
    if (id === null || above.includes(id) || above.length > mostDepth) return
    const trail = [...above, id]
    if (part === anyFolders) await this.#intoAny(folder, parts, rest, trail)
    else await this.#intoNamed(folder, part, rest, trail)
  }

  /** What is followed of what was found: nothing that a rotation made, and nothing that is packed. */
  followed(): readonly string[] {
    const candidates = new Set([...this.files, ...this.#known])
    const found = [...new Set(this.files)].filter(
      (file) =>
        !isPacked(file) &&
        !rotatedFrom(basename(file)).some((name) => candidates.has(join(dirname(file), name))),
    )
    // Between being renamed and being made anew a file is not there for a moment.
    for (const file of this.#known) if (!found.includes(file) && this.#isRotated(file)) found.push(file)
    if (found.length > this.#mostFiles)
      this.problem = `matches more than ${this.#mostFiles} files; the others are not followed`
    return found.sort().slice(0, this.#mostFiles)
  }

  #isRotated(file: string): boolean {
    for (const there of this.#there)
      if (
        dirname(there) === dirname(file) &&
        there.startsWith(file) &&
        rotatedFrom(basename(there)).includes(basename(file))
      )
        return true
    return false
  }

  /** `**` stands for this folder and all below it. */
  async #intoAny(
    folder: string,
    parts: readonly Part[],
    rest: readonly Part[],
    trail: readonly string[],
  ): Promise<void> {
    const [next] = rest
    if (next === undefined) await this.#intoNamed(folder, /^/, [], trail)
    else if (next !== anyFolders) await this.#intoNamed(folder, next, rest.slice(1), trail)
    for (const name of await foldersIn(folder)) await this.into(join(folder, name), parts, trail)
  }

  async #intoNamed(
    folder: string,
    part: string | RegExp,
    rest: readonly Part[],
    trail: readonly string[],
  ): Promise<void> {
    for (const entry of await entriesIn(folder)) {
      const path = join(folder, entry.name)
      if (rest.length === 0) this.#there.add(path)
      const matches = typeof part === 'string' ? entry.name === part : part.test(entry.name)
      // What begins with a dot is hidden from `*`.
      if (!matches || (typeof part !== 'string' && entry.name.startsWith('.'))) continue
      if (rest.length > 0) await this.into(path, rest, trail)
      else if (await isFile(path, entry)) this.files.push(path)
    }
  }
}

interface Entry {
  readonly name: string
  isFile(): boolean
  isDirectory(): boolean
  isSymbolicLink(): boolean
}

async function entriesIn(folder: string): Promise<readonly Entry[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch {
    // It is gone, no folder, or not ours to see: nothing in it can be followed.
    return []
  }
}

const foldersIn = async (folder: string): Promise<readonly string[]> =>
  (await entriesIn(folder))
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
    .map(({ name }) => name)

async function isFile(path: string, entry: Entry): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile()
  try {
    return (await stat(path)).isFile()
  } catch {
    // It leads nowhere, or in a circle.
    return false
  }
}

/** Null when there is no such folder. */
async function idOfFolder(path: string): Promise<string | null> {
  try {
    const { dev, ino } = await stat(path, { bigint: true })
    return `${dev}:${ino}`
  } catch {
    return null
  }
}
