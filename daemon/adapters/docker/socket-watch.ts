import { watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { Lifetime, type Owned } from '#base/lifetime.ts'

/**
 * Calls back when something happens to one of the named files, such as an engine making its socket. A hint only:
 * folders that do not exist or cannot be watched are left out, and the caller looks from time to time anyway.
 */
export function watchPaths(paths: readonly string[], happened: () => void): Owned {
  const lifetime = new Lifetime()
  const names = Map.groupBy(paths, (path) => dirname(path))
  for (const [folder, inFolder] of names) {
    const wanted = new Set(inFolder.map((path) => basename(path)))
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || wanted.has(name)) happened()
      })
      watcher.on('error', () => watcher.close())
      lifetime.onDispose(() => watcher.close())
    } catch {
      // No such folder, or the system's limit of watches is reached.
    }
  }
  return lifetime
}
