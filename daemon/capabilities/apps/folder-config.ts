import { join } from 'node:path'
import type { AppProblem, Sourced } from '#contract/apps.ts'
import type { ProjectFolder } from '../../adapters/project/project.ts'
import { readConfig, type AppConfig } from '../../config/read-config.ts'
import { problemIn, unreadable } from './project-text.ts'

/** What a folder's configuration says. */
export interface FolderConfig {
  /** Name of the file, or null when there is none. */
  readonly file: string | null
  /** Null when there is none, or none that can be understood. */
  readonly config: AppConfig | null
  readonly problems: readonly AppProblem[]
}

const fileNames = ['quantum.config.yaml', 'quantum.config.yml']

/** Reads the configuration of a folder. The environment is what its `${NAME}` are taken from. */
export function configOf(
  project: ProjectFolder,
  environment: Readonly<Record<string, string | undefined>>,
): FolderConfig {
  const [file, ignored] = fileNames.filter((name) => project.names.includes(name))
  if (file === undefined) return { file: null, config: null, problems: [] }
  const twice = ignored === undefined ? [] : [ignoredFile(project, file, ignored)]
  const bytes = project.files.get(file)
  if (bytes === undefined) {
    const problem = unreadable(project, file)
    return { file, config: null, problems: problem === null ? twice : [problem, ...twice] }
  }
  const { config, problems } = readConfig(bytes, { file: join(project.folder, file), environment })
  return { file, config, problems: [...problems, ...twice] }
}

function ignoredFile(project: ProjectFolder, file: string, ignored: string): AppProblem {
  const message = `${ignored} is not read, because there is ${file} beside it`
  return { ...problemIn(project, ignored, message), severity: 'warning' }
}

/** A value that the configuration gives, with where it stands; null when it gives none. */
export function configured<T>(
  { file }: FolderConfig,
  key: string,
  value: T | null | undefined,
): Sourced<T> | null {
  if (value === null || value === undefined) return null
  return { value, source: 'config', where: `${file ?? 'configuration'}, ${key}` }
}
