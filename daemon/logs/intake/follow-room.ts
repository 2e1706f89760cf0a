import { statSync, watch, type FSWatcher } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Owned } from '#base/lifetime.ts'
import { idOf } from './place.ts'
import { rotatedFrom } from './rotations.ts'

/** What happened in a folder to a name, or null: whoever listens looks for itself. */
type Listener = (name: string | null) => void

/** Somebody who has a file open and can do without for a while. */
export interface Opener {
  rest(): void
}

interface Folder {
  readonly path: string
  /** By the name they wait for; null for any. */
  readonly listeners: Map<string | null, Set<Listener>>
  watcher: FSWatcher | null
  /** Which folder is watched: one that is made anew is another to the system. */
  id: string | null
}

/** Folders that the system tells nothing of are looked at this often. */
const unwatchedMs = 1000
/** The others as well: what a link leads to and what another machine writes is not told. */
const watchedLooks = 5

/**
 * What those who follow files share: one watch for each folder, one timer, and how many files may be open. Watches
 * rather than looking again and again is what makes a line readable at once.
 */
export class FollowRoom implements Owned {
  readonly #start: typeof watch
  readonly #folders = new Map<string, Folder>()
  /** From the one that has been quiet for longest on. */
  readonly #openers = new Set<Opener>()
  readonly #mostOpen: number
  #timer: NodeJS.Timeout | undefined
  #looks = 0
  #closed = false

  /** @param mostOpen - files. @param start - what tells of changes; a test gives one that cannot. */
  constructor(mostOpen = 500, start: typeof watch = watch) {
    this.#mostOpen = mostOpen
    this.#start = start
  }

  /**
   * Calls a listener with what happens in a folder, which need not be there yet, until the result is disposed.
   * @param name - only what happens to this name, and to what a rotation makes of it. Null for all names.
   */
  on(path: string, name: string | null, listener: Listener): Owned {
    const folder = this.#folders.get(path) ?? { path, listeners: new Map(), watcher: null, id: null }
    if (this.#folders.size === 0) this.#schedule()
    this.#folders.set(path, folder)
    const named = folder.listeners.get(name) ?? new Set()
    folder.listeners.set(name, named.add(listener))
    if (folder.watcher === null) this.#listen(folder)
    return { dispose: () => this.#leave(folder, name, listener) }
  }

  /** Notes that somebody has a file open and has just read it. The one that has been quiet for longest may have to close its own. */
  opened(opener: Opener): void {
    this.#openers.delete(opener)
    this.#openers.add(opener)
    if (this.#openers.size <= this.#mostOpen) return
    const [quietest] = this.#openers
    if (quietest === undefined) return
    this.#openers.delete(quietest)
    quietest.rest()
  }

  closed(opener: Opener): void {
    this.#openers.delete(opener)
  }

  /** How many folders the system tells of. */
  get told(): number {
    return [...this.#folders.values()].filter(({ watcher }) => watcher !== null).length
  }

  dispose(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const { watcher } of this.#folders.values()) watcher?.close()
    this.#folders.clear()
  }

  #listen(folder: Folder): void {
    if (this.#closed) return
    try {
      const watcher = this.#start(folder.path, { persistent: false }, (_event, name) => tell(folder, name))
      watcher.on('error', () => lose(folder))
      folder.watcher = watcher
      folder.id = idOf(statSync(folder.path, { bigint: true }))
    } catch {
      // It is not there, or there are no watches left (ENOSPC, EMFILE): it is looked at instead.
      lose(folder)
    }
  }

  #leave(folder: Folder, name: string | null, listener: Listener): void {
    const named = folder.listeners.get(name)
    named?.delete(listener)
    if (named?.size === 0) folder.listeners.delete(name)
    if (folder.listeners.size > 0 || this.#folders.get(folder.path) !== folder) return
    lose(folder)
    this.#folders.delete(folder.path)
    if (this.#folders.size === 0) clearTimeout(this.#timer)
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    if (!this.#closed) this.#timer = setTimeout(() => void this.#look(), unwatchedMs).unref()
  }

  async #look(): Promise<void> {
    this.#looks++
    for (const folder of this.#folders.values()) {
      const watched = folder.watcher !== null
      await this.#verify(folder)
      if (!watched || folder.watcher === null || this.#looks % watchedLooks === 0) tell(folder, null)
    }
    if (this.#folders.size > 0) this.#schedule()
  }

  /** A watch stays with a folder that was deleted or renamed, and hears nothing of the next one of its name. */
  async #verify(folder: Folder): Promise<void> {
    const id = await idAt(folder.path)
    if (id !== folder.id) lose(folder)
    folder.id = id
    if (folder.watcher === null && id !== null && this.#folders.get(folder.path) === folder)
      this.#listen(folder)
  }
}

async function idAt(path: string): Promise<string | null> {
  try {
    return idOf(await stat(path, { bigint: true }))
  } catch {
    // Not there, or not ours to see: both look the same from here.
    return null
  }
}

function tell(folder: Folder, name: string | null): void {
  const names = name === null ? folder.listeners.keys() : [null, name, ...rotatedFrom(name)]
  for (const one of names) for (const listener of folder.listeners.get(one) ?? []) listener(name)
}

function lose(folder: Folder): void {
  folder.watcher?.close()
  folder.watcher = null
}
