import { join } from 'node:path'
import type { AppProblem } from '#contract/apps.ts'
import { mostBytes, type ProjectFolder } from '../../adapters/project/project.ts'

/** One of a project's files as text without a byte order mark; null when it is absent. */
export function textOf(project: ProjectFolder, name: string): string | null {
  const bytes = project.files.get(name)
  return bytes === undefined ? null : new TextDecoder().decode(bytes)
}

/** Why a file that must be read as a whole cannot be; null when it can be, or there is none. */
export function unreadable(project: ProjectFolder, name: string): AppProblem | null {
  const bytes = project.files.get(name)
  if (bytes === undefined && project.names.includes(name))
    return problemIn(project, name, `${name} cannot be read, or it is no file`)
  if (bytes !== undefined && bytes.length >= mostBytes)
    return problemIn(project, name, `${name} is larger than 1 MiB, so it is not read`)
  return null
}

/** An error about one of a project's files as a whole. */
export function problemIn(project: ProjectFolder, name: string, message: string): AppProblem {
  return { severity: 'error', message, file: join(project.folder, name), line: null, column: null }
}
