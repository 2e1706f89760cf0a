import { realpath, stat } from 'node:fs/promises'
import * as path from 'node:path'

/**
 * The file that a place means: one that exists, inside one of the folders also when links are followed.
 * @returns its real path; null when there is none.
 */
export async function fileWithin(file: string, roots: readonly string[]): Promise<string | null> {
  const named = path.isAbsolute(file) ? [file] : roots.map((root) => path.join(root, file))
  for (const candidate of named) {
    const real = await realFile(candidate)
    if (real === null) continue
    for (const root of roots) {
      const folder = await realpath(root).catch(() => null)
      if (folder !== null && isWithin(real, folder)) return real
    }
  }
  return null
}

async function realFile(file: string): Promise<string | null> {
  try {
    const real = await realpath(file)
    return (await stat(real)).isFile() ? real : null
  } catch {
    return null
  }
}

function isWithin(file: string, folder: string): boolean {
  const inside = path.relative(folder, file)
  return inside !== '' && !inside.startsWith('..') && !path.isAbsolute(inside)
}
