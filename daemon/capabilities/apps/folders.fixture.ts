import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { fileProjects } from '../../adapters/project/file-project.ts'
import { understand } from './found-app.ts'

/** A real folder to put apps into. */
export class TemporaryFolder implements Disposable {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'qa-apps-')))

  /** Writes files by path; a path that ends with `/` is a folder. */
  fill(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      const isFolder = path.endsWith('/')
      mkdirSync(isFolder ? join(this.path, path) : dirname(join(this.path, path)), { recursive: true })
      if (!isFolder) writeFileSync(join(this.path, path), text)
    }
  }

  /** Real paths in it as a test writes them; `.` is the folder itself. */
  relative(folders: readonly { readonly folder: string }[]): readonly string[] {
    return folders.map(({ folder }) => folder.slice(this.path.length + 1) || '.')
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** Gives each test of a file a real folder of its own. */
export function useFolder() {
  let temporary: TemporaryFolder
  beforeEach(() => {
    temporary = new TemporaryFolder()
  })
  afterEach(() => temporary[Symbol.dispose]())
  const at = (path = ''): string => join(temporary.path, path)
  return {
    /** The real path of something in it. */
    at,
    fill: (files: Readonly<Record<string, string>>): void => temporary.fill(files),
    relative: (folders: readonly { readonly folder: string }[]): readonly string[] =>
      temporary.relative(folders),
    /** What one of its folders is understood as. */
    appIn: async (path = '', environment: Readonly<Record<string, string>> = {}) => {
      const project = await fileProjects.look(at(path))
      if (project === null) throw new Error(`${path} is no folder`)
      return understand(project, environment)
    },
  }
}

/** A package.json of these fields. */
export const packageJson = (fields: object): string => JSON.stringify(fields)

/** The package.json of an app. */
export const started = packageJson({ scripts: { start: 'node .' } })
