import { basename, dirname } from 'node:path'
import { validName, withSuffix } from './valid-name.ts'

/**
 * A name that no other app has: that of a worktree is told by its branch, another one by the folder above it, and what
 * is still taken by a number.
 */
export function nameFor(
  name: string,
  folder: string,
  branch: string | null,
  taken: ReadonlySet<string>,
): string {
  const best = branch === null ? name : validName([`${name}@${branch}`])
  if (!taken.has(best)) return best
  const longer = branch === null ? validName([`${basename(dirname(folder))}-${name}`]) : best
  let free = longer
  for (let number = 2; taken.has(free); number++) free = withSuffix(longer, `-${number}`)
  return free
}
