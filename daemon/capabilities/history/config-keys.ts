import { createHash } from 'node:crypto'
import type { OutlineKey } from '../../config/outline.ts'

/** The keys of one configuration by path, each with a digest of what it holds; null for one that cannot be understood. */
export type KeyDigests = Readonly<Record<string, string>> | null

export interface KeyChange {
  readonly path: string
  readonly turn: 'added' | 'changed' | 'removed'
  /** As it is now; null of one that is gone. */
  readonly key: OutlineKey | null
}

/** Files that hold settings as keys. */
const configuration = /(?:^|\/)(?:\.env(?:\.[\w-]+)?|[^/]+\.(?:ya?ml|json|env|ini|properties|toml))$/
/** What programs write. */
const generated = /(?:^|\/)(?:package-lock\.json|[\w.-]+-lock\.(?:json|ya?ml)|tsconfig\.tsbuildinfo)$/
const deepest = 2
/** Bytes: what is larger holds data. */
export const longestConfig = 64 * 1024

/** @param path - within an app's folder. */
export const isConfiguration = (path: string, size: number): boolean =>
  size <= longestConfig &&
  configuration.test(path) &&
  !generated.test(path) &&
  path.split('/').length <= deepest

export function digestsOf(keys: readonly OutlineKey[] | null, salt: string): KeyDigests {
  if (keys === null) return null
  const digest = (value: string): string =>
    // 32 bits tell a change, and too many values have the same to tell which it was.
    createHash('sha256').update(`${salt}\0${value}`).digest('hex').slice(0, 8)
  return Object.fromEntries(keys.map(({ path, value }) => [path, digest(value)]))
}

/** Which keys hold something else. Of one that could not be understood nothing is known. */
export function keyChanges(
  before: KeyDigests,
  now: KeyDigests,
  keys: readonly OutlineKey[],
): readonly KeyChange[] {
  if (before === null || now === null) return []
  const here = keys.flatMap((key): KeyChange[] => {
    const { path } = key
    if (!Object.hasOwn(before, path)) return [{ path, turn: 'added', key }]
    return before[path] === now[path] ? [] : [{ path, turn: 'changed', key }]
  })
  const gone = Object.keys(before).filter((path) => !Object.hasOwn(now, path))
  return [...here, ...gone.map((path): KeyChange => ({ path, turn: 'removed', key: null }))]
}
