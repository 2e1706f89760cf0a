import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure } from '#base/failure.ts'
import type { Worktree } from '../../adapters/git/git.ts'
import type { AddedApp } from './apps-store.ts'
import type { FoundApp } from './found-app.ts'
import type { StartedWith } from './started-with.ts'

export interface AppEntriesDeps {
  readonly clock: Clock
  /** What one folder holds now. */
  readonly understand: (folder: string) => Promise<FoundApp | null>
  readonly worktreeOf: (folder: string) => Promise<Worktree | null>
}

/** One app that was added, and what its folder says. */
export interface Entry {
  readonly added: AddedApp
  /** Of a worktree that is not the repository's own. */
  readonly branch: string | null
  /** What its folder holds now; null when that is no app any more. */
  found: FoundApp | null
  /** What its folder said when that could last be understood; null when it never could since this start. */
  good: FoundApp | null
  /** What it was last started with. */
  startedWith: StartedWith | null
  lookedAt: number
  /** Settles when that look is over. */
  looking: Promise<void>
  /** When the look began that `found` is of: a slow one must not undo what a later one has seen. */
  foundAt: number
  /** Settles when what was last asked of it is done: one thing at a time. */
  busy: Promise<unknown>
  /** How much of that is not done yet. */
  asked: number
}

/** What an app goes on with while its configuration cannot be understood, or its folder is gone. */
export const plannedOf = ({ found, good }: Pick<Entry, 'found' | 'good'>): FoundApp | null =>
  found === null || found.broken ? (good ?? found) : found

/** The apps that were added, by name, each with what is known of its folder. */
export class AppEntries {
  /** A folder says something else than it did, whoever has looked into it. */
  readonly changed = new Emitter<void>()
  readonly #deps: AppEntriesDeps
  readonly #entries = new Map<string, Entry>()

  constructor(deps: AppEntriesDeps) {
    this.#deps = deps
  }

  /** By name. */
  get all(): readonly Entry[] {
    return [...this.#entries.values()].sort((a, b) => a.added.name.localeCompare(b.added.name))
  }

  get names(): ReadonlySet<string> {
    return new Set(this.#entries.keys())
  }

  find(name: string): Entry | undefined {
    return this.#entries.get(name)
  }

  /** @throws Failure `not-found`. */
  get(name: string): Entry {
    const entry = this.#entries.get(name)
    if (entry !== undefined) return entry
    throw noApp(name)
  }

  inFolder(folder: string): Entry | undefined {
    return [...this.#entries.values()].find(({ added }) => added.folder === folder)
  }

  async keep(added: AddedApp, startedWith: StartedWith | null): Promise<void> {
    const entry: Entry = {
      added,
      branch: await this.branchOf(added.folder),
      found: null,
      good: null,
      startedWith,
      lookedAt: Number.NEGATIVE_INFINITY,
      looking: Promise.resolve(),
      foundAt: Number.NEGATIVE_INFINITY,
      busy: Promise.resolve(),
      asked: 0,
    }
    await this.refresh(entry, 0)
    this.#entries.set(added.name, entry)
  }

  delete(name: string): void {
    this.#entries.delete(name)
  }

  /** Looks into its folder, unless a look that began so many milliseconds ago or less does; waits for it. */
  async refresh(entry: Entry, acceptedMs: number): Promise<FoundApp | null> {
    const now = this.#deps.clock.monotonic()
    if (now - entry.lookedAt > acceptedMs) {
      entry.lookedAt = now
      entry.looking = this.#look(entry, now)
    }
    await entry.looking
    return entry.found
  }

  async #look(entry: Entry, at: number): Promise<void> {
    try {
      const found = await this.#deps.understand(entry.added.folder)
      if (at < entry.foundAt) return
      const before = entry.found
      entry.foundAt = at
      entry.found = found
      if (found !== null && !found.broken) entry.good = found
      const isKept = this.#entries.get(entry.added.name) === entry
      if (isKept && !isDeepStrictEqual(before, found)) this.changed.emit()
    } catch (error) {
      // Whoever asks next looks again.
      entry.lookedAt = Number.NEGATIVE_INFINITY
      throw error
    }
  }

  /** The branch of a worktree that is not the repository's own. */
  async branchOf(folder: string): Promise<string | null> {
    const worktree = await this.#deps.worktreeOf(folder)
    return worktree === null || worktree.path === worktree.repository ? null : worktree.branch
  }

  /** Does one thing with an app after the other. @throws Failure `not-found` when it was removed before its turn. */
  exclusively<T>(entry: Entry, work: () => Promise<T>): Promise<T> {
    entry.asked++
    const done = entry.busy
      .then(() => {
        const { name } = entry.added
        if (this.#entries.get(name) !== entry) throw noApp(name)
        return work()
      })
      .finally(() => entry.asked--)
    entry.busy = done.catch(() => undefined)
    return done
  }
}

const noApp = (name: string): Failure =>
  new Failure('not-found', `There is no app ${name}`, {
    hint: '`quantum-admin apps list` shows them all; `quantum-admin apps add FOLDER` adds those of a folder.',
  })
