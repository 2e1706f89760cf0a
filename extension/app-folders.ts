import * as path from 'node:path'
import type { AppRow, AppState } from '#contract/apps.ts'

/** The apps of one folder of the workspace; the last one may hold those that are in none of them. */
export interface AppFolder {
  /** As the workspace calls it; null for what is elsewhere. */
  readonly name: string | null
  readonly folder: string | null
  readonly rows: readonly AppRow[]
}

/** From the worst to the best: what a person has to know first. */
const ranked: readonly AppState[] = [
  'failed',
  'waiting',
  'stopping',
  'starting',
  'external',
  'running',
  'stopped',
]

/** The app that says most about how it stands with a folder: the worst, and of two alike the one with a reason. */
export function worstOf(rows: readonly AppRow[]): AppRow | undefined {
  const rank = ({ state, reason }: AppRow): number => ranked.indexOf(state) - (reason === null ? 0 : 0.5)
  return rows.toSorted((a, b) => rank(a) - rank(b))[0]
}

/**
 * Apps by the folder of the workspace that they are in. Null when there is nothing to tell apart: one folder is open, or
 * only one holds apps.
 */
export function appFolders(
  rows: readonly AppRow[],
  folders: readonly { readonly name: string; readonly folder: string }[],
): readonly AppFolder[] | null {
  if (folders.length < 2) return null
  // Of folders inside one another the inner one has the app.
  const inner = folders.toSorted((a, b) => b.folder.length - a.folder.length)
  const owner = (row: AppRow) => inner.find(({ folder }) => isIn(row.folder, folder))
  const own = folders.map((one) => ({ ...one, rows: rows.filter((row) => owner(row) === one) }))
  const elsewhere = { name: null, folder: null, rows: rows.filter((row) => owner(row) === undefined) }
  const filled = [...own, elsewhere].filter((one) => one.rows.length > 0)
  return filled.length < 2 ? null : filled
}

function isIn(inner: string, outer: string): boolean {
  const between = path.relative(outer, inner)
  return between === '' || (!between.startsWith('..') && !path.isAbsolute(between))
}
