import { createHash } from 'node:crypto'
import type { ProjectFolder, Projects } from '../../adapters/project/project.ts'
import type { FoundApp } from './found-app.ts'

interface Understood {
  readonly digest: string
  readonly found: FoundApp | null
}

/** Folders whose apps are remembered; of more, the one that was understood first is forgotten. */
const most = 1000

/**
 * What folders hold, understood anew only when something in them is not as it was: to read a configuration costs more
 * than to see that it is the same.
 */
export class UnderstoodFolders {
  readonly #projects: Pick<Projects, 'look'>
  readonly #understand: (project: ProjectFolder) => Promise<FoundApp | null>
  readonly #last = new Map<string, Understood>()

  constructor(
    projects: Pick<Projects, 'look'>,
    understand: (project: ProjectFolder) => Promise<FoundApp | null>,
  ) {
    this.#projects = projects
    this.#understand = understand
  }

  /** What a folder holds now; null when it is gone or holds no app. */
  async of(folder: string): Promise<FoundApp | null> {
    const project = await this.#projects.look(folder)
    if (project === null) return null
    const digest = digestOf(project)
    const last = this.#last.get(folder)
    if (last?.digest === digest) return last.found
    const found = await this.#understand(project)
    this.#last.set(folder, { digest, found })
    const [oldest] = this.#last.size > most ? this.#last.keys() : []
    if (oldest !== undefined) this.#last.delete(oldest)
    return found
  }
}

/** Names hold no NUL, and each file's length goes before its bytes, so that no two folders are told alike. */
function digestOf({ folder, names, files }: ProjectFolder): string {
  const hash = createHash('sha256').update(`${folder}\0${names.join('\0')}\0\0`)
  for (const [name, bytes] of files) hash.update(`${name}\0${bytes.length}\0`).update(bytes)
  return hash.digest('base64')
}
