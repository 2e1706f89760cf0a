import type { HistoryTurn } from '#contract/history.ts'
import type { Tree, TreeEntry } from '../../adapters/project/trees.ts'

/** One path that is not as it was. */
export interface TreeChange {
  /** Within the folder, or absolute. */
  readonly path: string
  readonly turn: Extract<HistoryTurn, 'added' | 'changed' | 'removed' | 'permissions' | 'data'>
  /** Milliseconds since the epoch. */
  readonly at: number
  /** It was not so yet then; null where `at` is the very time. */
  readonly after: number | null
  /** Permission bits before and now, of a change of these. */
  readonly modes: readonly [before: number, now: number] | null
}

/** File systems keep times less exactly than clocks show them. */
const inexactMs = 50

/** What programs write by themselves while they work. That they do is no change; that it is gone is. */
const writtenByPrograms =
  /(?:^|\/)(?:logs?|tmp|temp|cache|\.cache|coverage)\/|\.(?:log|out|pid|sock|socket|tmp|swp|swx|lock|db|db3|sqlite|sqlite3|rdb|aof|wal|shm)(?:\.\d+)?$|-(?:wal|shm|journal)$|~$|(?:^|\/)(?:\.DS_Store|\.#[^/]*|4913)$/

/** What people read, pictures and tests: no program runs by them. */
const readByPeople =
  /\.(?:md|txt|rst|adoc|png|jpe?g|gif|svg|ico|pdf)$|(?:^|\/)(?:LICENSE|CHANGELOG|README|AUTHORS)$|\.(?:test|spec)\.\w+$/i

/** Names in a hidden folder, or one that was installed, say nothing: only that it is there does. */
const isInstalled = (path: string): boolean =>
  /(?:^|\/)(?:node_modules|vendor|dist|build|target|venv)$/.test(path)

/** What is not as it was between two looks at one folder, in the order of time. Pure. */
export function treeChanges(before: Tree, now: Tree): readonly TreeChange[] {
  const changes: TreeChange[] = []
  for (const [path, entry] of now.entries) {
    const was = before.entries.get(path)
    const change =
      was === undefined ? added(before, now, path, entry) : changed(before, now, path, was, entry)
    if (change !== null) changes.push(change)
  }
  // What a look left out because there is too much is not gone.
  if (!now.isCut)
    for (const path of before.entries.keys())
      if (!now.entries.has(path) && !isTransient(path)) changes.push(removed(before, now, path))
  return changes.toSorted((a, b) => a.at - b.at)
}

const isTransient = (path: string): boolean =>
  writtenByPrograms.test(path) && !/\.(?:db|db3|sqlite|sqlite3|rdb|aof)$/.test(path)

function added(before: Tree, now: Tree, path: string, entry: TreeEntry): TreeChange | null {
  if (before.isCut || isTransient(path) || entry.kind === 'folder') return null
  const turn = writtenByPrograms.test(path) || readByPeople.test(path) ? 'data' : 'added'
  return { path, turn, ...timeOf(before, now, [entry.bornAt, entry.changedAt]), modes: null }
}

function changed(before: Tree, now: Tree, path: string, was: TreeEntry, entry: TreeEntry): TreeChange | null {
  if (was.changedAt === entry.changedAt && was.identity === entry.identity) return null
  if (was.mode !== entry.mode || was.owner !== entry.owner) {
    const modes = [was.mode, entry.mode] as const
    return { path, turn: 'permissions', ...timeOf(before, now, [entry.changedAt]), modes }
  }
  const isSame = was.modifiedAt === entry.modifiedAt && was.size === entry.size
  if (isSame && was.identity === entry.identity) return null
  if (entry.kind === 'folder' && !isInstalled(path)) return null
  // One that was emptied, or replaced by another, was not written to by whoever has it open.
  const isReplaced = was.identity !== entry.identity || (entry.size === 0 && was.size > 0)
  const isWritten = writtenByPrograms.test(path) && (!isReplaced || isTransient(path))
  const isData = isWritten || readByPeople.test(path)
  const times = [entry.modifiedAt, entry.changedAt]
  return { path, turn: isData ? 'data' : 'changed', ...timeOf(before, now, times), modes: null }
}

/** Nothing tells when something went but the folder that it was in. */
function removed(before: Tree, now: Tree, path: string): TreeChange {
  let parent = path
  for (;;) {
    parent = parent.includes('/') ? parent.slice(0, parent.lastIndexOf('/')) : ''
    const entry = now.entries.get(parent)
    if (entry !== undefined)
      return { path, turn: 'removed', ...timeOf(before, now, [entry.modifiedAt]), modes: null }
    if (parent === '') return { path, turn: 'removed', ...timeOf(before, now, []), modes: null }
  }
}

/** The first of these times that lies between the looks. */
function timeOf(
  before: Tree,
  now: Tree,
  times: readonly number[],
): { readonly at: number; readonly after: number | null } {
  const at = times.find((time) => time > before.takenAt - inexactMs && time <= now.takenAt + inexactMs)
  return at === undefined ? { at: now.takenAt, after: before.takenAt } : { at: Math.round(at), after: null }
}

/** What is changed at once is one event: an editor that saves all, a checkout. In milliseconds. */
const togetherMs = 1500

/** Changes of one kind that came together, in the order of time. */
export function together(changes: readonly TreeChange[]): readonly (readonly TreeChange[])[] {
  const groups: TreeChange[][] = []
  for (const change of changes) {
    const group = groups.findLast(([first]) => classOf(first) === classOf(change))
    const last = group?.at(-1)
    if (group !== undefined && last !== undefined && change.at - last.at <= togetherMs) group.push(change)
    else groups.push([change])
  }
  return groups
}

const classOf = (change: TreeChange | undefined): string =>
  change?.turn === 'added' || change?.turn === 'changed' ? 'edited' : (change?.turn ?? '')
