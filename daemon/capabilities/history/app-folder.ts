import { isAbsolute, join } from 'node:path'
import type { Clock } from '#base/clock.ts'
import { randomId } from '#base/ids.ts'
import type { GitMove, Reflogs } from '../../adapters/git/git.ts'
import type { Tree, TreeDisk, TreeEntry, Trees } from '../../adapters/project/trees.ts'
import { outlineOf, type OutlineKey } from '../../config/outline.ts'
import { digestsOf, isConfiguration, keyChanges, longestConfig, type KeyDigests } from './config-keys.ts'
import { namedThings, nothingNamed, type NamedThings } from './named-things.ts'
import { configSeen, filesSeen, listed, type Seen } from './seen.ts'
import { together, treeChanges, type TreeChange } from './tree-changes.ts'

export interface AppFolderDeps {
  readonly trees: Trees
  readonly reflogs: Reflogs
  readonly clock: Clock
}

/** What is kept of a folder for the next daemon: when it was last looked at, and what its configurations said then. */
export interface KeptFolder {
  readonly lookedAt: number
  readonly salt: string
  readonly keys: Readonly<Record<string, KeyDigests>>
}

const mostConfigurations = 50
/** A checkout is noted in whole seconds, and after it has written its files. */
const checkoutMs = 3000

/** The folder of one app, and what is not as it was when it was last looked at. */
export class AppFolder {
  readonly #deps: AppFolderDeps
  readonly #app: string
  readonly #folder: string
  readonly #salt: string
  #tree: Tree | null = null
  #since: number | null
  readonly #keys: Map<string, KeyDigests>
  #outlines = new Map<string, readonly OutlineKey[]>()
  #moves: readonly GitMove[] | null = null
  #named: NamedThings = nothingNamed

  constructor(deps: AppFolderDeps, app: string, folder: string, kept: KeptFolder | null) {
    this.#deps = deps
    this.#app = app
    this.#folder = folder
    this.#salt = kept?.salt ?? randomId()
    this.#since = kept?.lookedAt ?? null
    this.#keys = new Map(Object.entries(kept?.keys ?? {}))
  }

  get named(): NamedThings {
    return this.#named
  }

  get kept(): KeptFolder {
    const keys = Object.fromEntries(this.#keys)
    return { lookedAt: this.#tree?.takenAt ?? this.#since ?? 0, salt: this.#salt, keys }
  }

  /** What has happened since the last look; of a folder that was never looked at, nothing. */
  async look(): Promise<readonly Seen[]> {
    const tree = await this.#deps.trees.look(this.#folder, [...this.#named.paths])
    const moves = await this.#deps.reflogs.moves(this.#folder)
    if (tree === null) return []
    const before = this.#tree ?? (this.#since === null ? null : asItWas(tree, this.#since))
    const changes = before === null ? [] : treeChanges(before, tree)
    const seen = [
      ...(await this.#read(tree, changes, before !== null)),
      ...(before === null ? [] : disksSeen(this.#app, before, tree)),
    ]
    const moved = this.#movesSince(moves, before?.takenAt ?? null)
    this.#tree = tree
    this.#moves = moves
    return withMoves(this.#app, seen, moved)
  }

  #movesSince(moves: readonly GitMove[], since: number | null): readonly GitMove[] {
    if (since === null) return []
    const known = new Set(this.#moves?.map(({ at, to }) => `${at} ${to}`))
    // Of the seconds that Git notes the first one may have begun before the last look.
    return moves.filter((one) => one.at > since - 1000 && !known.has(`${one.at} ${one.to}`))
  }

  /** Reads the configurations that are others, and says of each change what it is. */
  async #read(tree: Tree, changes: readonly TreeChange[], isAgain: boolean): Promise<readonly Seen[]> {
    const place = { app: this.#app, absolute: (path: string) => this.#absolute(path) }
    // Of what lies elsewhere only that it was changed is told: a configuration may name any file.
    const isKeyed = ({ path, turn }: TreeChange): boolean =>
      !isAbsolute(path) &&
      (turn === 'added' || turn === 'changed') &&
      isConfiguration(path, tree.entries.get(path)?.size ?? 0)
    const seen: Seen[] = []
    for (const change of changes.filter(isKeyed)) {
      const known = this.#keys.get(change.path)
      const [digests, outline] = await this.#outline(change.path)
      const isUnknown = digests === null || known === null || (known === undefined && change.turn !== 'added')
      const keys = isUnknown ? null : keyChanges(known ?? {}, digests, outline)
      seen.push(...configSeen(place, change, keys))
    }
    const groups = together(changes.filter((change) => !isKeyed(change)))
    seen.push(...groups.flatMap((group) => filesSeen(place, group) ?? []))
    const isFirst = this.#tree === null
    for (const { path } of changes) if (!tree.entries.has(path)) this.#forget(path)
    if (isFirst) await this.#readAll(tree)
    if (isFirst || changes.length > 0)
      this.#named = namedThings(this.#folder, [...this.#outlines.values()].flat())
    // Files that the configuration names outside are looked at from the next time on; that may be too late.
    if (isFirst && !isAgain && this.#named.paths.size > 0) await this.#lookOutside(tree)
    return seen
  }

  async #lookOutside(tree: Tree): Promise<void> {
    const again = await this.#deps.trees.look(this.#folder, [...this.#named.paths])
    for (const [path, entry] of again?.entries ?? [])
      if (isAbsolute(path)) (tree.entries as Map<string, TreeEntry>).set(path, entry)
  }

  async #readAll(tree: Tree): Promise<void> {
    const paths = [...tree.entries]
      .filter(([path, { kind, size }]) => kind === 'file' && !isAbsolute(path) && isConfiguration(path, size))
      .slice(0, mostConfigurations)
    for (const [path] of paths) if (!this.#outlines.has(path)) await this.#outline(path)
  }

  async #outline(path: string): Promise<readonly [KeyDigests, readonly OutlineKey[]]> {
    const bytes = await this.#deps.trees.read(this.#absolute(path), longestConfig)
    const outline = bytes === null ? null : outlineOf(path, bytes)
    const digests = digestsOf(outline, this.#salt)
    this.#keys.set(path, digests)
    this.#outlines.set(path, outline ?? [])
    return [digests, outline ?? []]
  }

  #forget(path: string): void {
    this.#keys.delete(path)
    this.#outlines.delete(path)
  }

  #absolute(path: string): string {
    return isAbsolute(path) ? path : join(this.#folder, path)
  }
}

/** What a folder must have been when another daemon looked at it, as far as what is there now tells. */
function asItWas(now: Tree, takenAt: number): Tree {
  const entries = [...now.entries].flatMap(([path, entry]): [string, TreeEntry][] => {
    if (entry.changedAt <= takenAt) return [[path, entry]]
    if (entry.bornAt > takenAt) return []
    return [[path, { ...entry, size: -1, modifiedAt: 0, changedAt: 0 }]]
  })
  return { ...now, takenAt, entries: new Map(entries), disks: now.disks }
}

/** So little that programs fail. */
const leastBytes = 1024 * 1024
const isFull = ({ freeBytes, bytes, freeFiles }: TreeDisk): boolean =>
  bytes > 0 && (freeBytes < Math.min(leastBytes, bytes / 100) || freeFiles === 0)

function disksSeen(app: string, before: Tree, now: Tree): readonly Seen[] {
  return now.disks.flatMap((disk): Seen[] => {
    const was = before.disks.find(({ folder }) => folder === disk.folder)
    if (was === undefined || isFull(was) === isFull(disk)) return []
    const full = isFull(disk)
    return [
      {
        key: `disk ${disk.folder} ${now.takenAt}`,
        kind: 'disk',
        turn: full ? 'full' : 'freed',
        at: now.takenAt,
        after: before.takenAt,
        app,
        title: full ? `The disk of ${disk.folder} is full` : `The disk of ${disk.folder} has room again`,
        detail: `${megabytes(disk.freeBytes)} of ${megabytes(disk.bytes)} MB are free`,
        file: null,
        line: null,
        names: [disk.folder],
      },
    ]
  })
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)

/** What a checkout has changed is told as one with it; a commit changes no file. */
function withMoves(app: string, seen: readonly Seen[], moves: readonly GitMove[]): readonly Seen[] {
  const left = new Set(seen)
  const told = moves.map((move): Seen => {
    const isCommit = /^commit\b/.test(move.message)
    const files = isCommit
      ? []
      : [...left].filter(
          ({ kind, turn, at }) =>
            (kind === 'files' || kind === 'config') &&
            turn !== 'permissions' &&
            at > move.at - checkoutMs &&
            at < move.at + checkoutMs,
        )
    for (const one of files) left.delete(one)
    const names = [...new Set(files.flatMap((one) => one.names))]
    const shown = files.map(({ title }) => title)
    return {
      key: `git ${app} ${move.at} ${move.to}`,
      kind: 'git',
      turn: isCommit || files.length === 0 ? 'data' : 'changed',
      at: files.reduce((first, { at }) => Math.min(first, at), move.at + (isCommit ? 0 : 999)),
      after: null,
      app,
      title: `Git: ${move.message === '' ? `HEAD is ${move.to.slice(0, 8)}` : move.message}`,
      detail: files.length === 0 ? `now at ${move.to.slice(0, 8)}` : listed(shown),
      file: files[0]?.file ?? null,
      line: files[0]?.line ?? null,
      names: [move.to.slice(0, 8), ...names].slice(0, 20),
    }
  })
  return [...left, ...told].toSorted((a, b) => a.at - b.at)
}
