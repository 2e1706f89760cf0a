import { lstat, realpath, stat } from 'node:fs/promises'
import * as path from 'node:path'
import { systemCode } from '#base/failure.ts'
import { printable } from '#base/printable.ts'
import type { Problem } from './diagnostics.ts'
import { entryFor, type Entry, type Outline } from './outline.ts'
import { namesIn } from './references.ts'

/** A file that names hundreds of folders is looked at this far. */
const mostLooks = 100
const fileNames = ['quantum.config.yaml', 'quantum.config.yml']

/** Looks at what lies in the folders of the workspace, and at nothing else: a name leads anywhere. */
export class WorkspaceFiles {
  readonly #folders: readonly string[]

  /** @param folders - absolute; none, so that nothing is looked at, in a workspace that is not trusted. */
  constructor(folders: readonly string[]) {
    this.#folders = folders
  }

  /** What a configuration names that is not there. */
  async missing(outline: Outline, file: string): Promise<readonly Problem[]> {
    const folder = path.dirname(file)
    const include = namesIn(outline, 'folder').map((entry) => ({ entry, name: textOf(entry) }))
    const logs = (entryFor(outline, ['admin', 'logs', 'sources'])?.children ?? []).flatMap((source) => {
      const entry = source.children.find(({ key }) => key === 'file')
      return entry?.value === null || entry === undefined ? [] : [{ entry, name: folderOf(textOf(entry)) }]
    })
    const looks = [...include, ...logs].filter(({ name }) => !name.includes('$')).slice(0, mostLooks)
    const found = await Promise.all(
      looks.map(async ({ entry, name }) => {
        const isThere = await this.#isFolder(path.resolve(folder, name))
        return isThere === false ? [missingFolder(entry, name)] : []
      }),
    )
    return found.flat()
  }

  /** The configuration in a folder that another one names; null where there is none that may be looked at. */
  async configurationIn(folder: string): Promise<string | null> {
    for (const name of fileNames) {
      const file = path.join(folder, name)
      if ((await this.#kindOf(file)) === 'file') return file
    }
    return null
  }

  /** Null when it may not be looked at, or cannot be. */
  async #isFolder(folder: string): Promise<boolean | null> {
    const kind = await this.#kindOf(folder)
    return kind === null ? null : kind === 'folder'
  }

  async #kindOf(file: string): Promise<'folder' | 'file' | 'nothing' | null> {
    if (!this.#isInside(file)) return null
    try {
      const there = await nearest(file)
      // What a link leads out of the workspace to is not ours to look at.
      if (!(await this.#isReallyInside(there))) return null
      if (there !== file) return 'nothing'
      return (await stat(file)).isDirectory() ? 'folder' : 'file'
    } catch {
      // What may not be read is neither there nor missing.
      return null
    }
  }

  #isInside(file: string): boolean {
    return this.#folders.some((folder) => isBelow(file, folder))
  }

  async #isReallyInside(file: string): Promise<boolean> {
    const real = await realpath(file)
    const folders = await Promise.all(this.#folders.map((folder) => realpath(folder)))
    return folders.some((folder) => isBelow(real, folder))
  }
}

/** A path itself, or the innermost folder on the way to it that is there. */
async function nearest(file: string): Promise<string> {
  for (let at = file; ; at = path.dirname(at)) {
    try {
      await lstat(at)
      return at
    } catch (error) {
      const code = systemCode(error)
      if ((code !== 'ENOENT' && code !== 'ENOTDIR') || at === path.dirname(at)) throw error
    }
  }
}

function isBelow(file: string, folder: string): boolean {
  const way = path.relative(folder, file)
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way)
}

const textOf = ({ value }: Entry): string => value?.text ?? ''

/** The folder of a log file, as far as its path names no pattern. */
function folderOf(file: string): string {
  const parts = path.dirname(file).split('/')
  const pattern = parts.findIndex((part) => /[*?[{]/.test(part))
  return (pattern < 0 ? parts : parts.slice(0, pattern)).join('/') || '/'
}

function missingFolder(entry: Entry, name: string): Problem {
  const { start, end } = entry.value ?? entry.keySpan
  return {
    severity: 'warning',
    code: 'missing-folder',
    message: `There is no folder ${printable(name, 200)}`,
    start,
    end,
    fix: null,
  }
}
