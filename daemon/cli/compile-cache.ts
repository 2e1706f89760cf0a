import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import * as path from 'node:path'
import { stateFolder } from '#base/state-paths.ts'
import { build } from '#base/version.ts'

/**
 * Keeps what V8 compiles of this program for its next start, which makes up a tenth of one. It is code that we
 * run later, so it is only kept in a state folder that nobody else can write to; there is none before the
 * daemon has first made it.
 */
export function keepCompiled(): void {
  try {
    const home = stateFolder()
    if (!isClosed(home)) return
    const all = path.join(home, 'cache')
    const own = path.join(all, `cli-${build.id}`)
    if (!existsSync(own)) forgetOlder(all)
    // Nothing in the state folder is open to others, and V8's files are written only when the process ends.
    process.umask(0o077)
    // It makes the folder; where it cannot, it says so in its answer and nothing is kept.
    enableCompileCache(own)
  } catch {
    // A slower start is all that is lost; what is wrong with the folder is said by whoever needs it.
  }
}

function isClosed(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  if (found === undefined || !found.isDirectory()) return false
  return process.getuid === undefined || (found.uid === process.getuid() && (found.mode & 0o077) === 0)
}

/** What earlier builds kept is of no more use. */
function forgetOlder(all: string): void {
  if (!existsSync(all)) return
  for (const name of readdirSync(all)) {
    if (name.startsWith('cli-')) rmSync(path.join(all, name), { recursive: true, force: true })
  }
}
