import { readFileSync, readdirSync, readlinkSync, statSync, type Stats } from 'node:fs'
import { systemCode } from '#base/failure.ts'

/** What /proc answers for a process that ended, or that is not ours to look into. */
const unavailable = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM'])

/** What `read` gives, or null when what it reads is gone or closed to us. */
export function orNull<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (unavailable.has(systemCode(error) ?? '')) return null
    throw error
  }
}

/** A small file as text, or null when it is gone or closed to us. Bytes that are not UTF-8 become U+FFFD. */
export const readText = (path: string): string | null => orNull(() => readFileSync(path, 'utf8'))

/** A small file as it is, or null when it is gone or closed to us. */
export const readBytes = (path: string): Buffer | null => orNull(() => readFileSync(path))

/** Where a link points, or null when it is gone or closed to us. */
export const readLink = (path: string): string | null => orNull(() => readlinkSync(path))

/** The names in a folder, or null when it is gone or closed to us. */
export const readFolder = (path: string): string[] | null => orNull(() => readdirSync(path))

/** What a path leads to, or null when it is gone or closed to us. */
export const readStat = (path: string): Stats | null =>
  orNull(() => statSync(path, { throwIfNoEntry: false }) ?? null)

/** The processes there are. @throws when /proc cannot be read: nothing true can be said without it. */
export function listPids(): number[] {
  const pids: number[] = []
  for (const name of readdirSync('/proc')) {
    const first = name.charCodeAt(0)
    if (first >= 48 && first <= 57) pids.push(Number(name))
  }
  return pids
}
