import type { ProjectFolder } from '../../adapters/project/project.ts'
import { textOf } from './project-text.ts'

/** A folder's compose file. */
export interface ComposeFile {
  readonly name: string
  readonly text: string
  /** Variables it takes ports from, in its order, with the port it names where they are not set. */
  readonly ports: readonly { readonly variable: string; readonly asked: number | null }[]
}

const names = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']
const mostPorts = 50

/** The file that `docker compose` takes where there are several. */
export const composeFileName = (folder: Pick<ProjectFolder, 'names'>): string | undefined =>
  names.find((name) => folder.names.includes(name))

/** The compose file of a folder; null when there is none that can be read. */
export function composeFileOf(project: ProjectFolder): ComposeFile | null {
  const name = composeFileName(project)
  const text = name === undefined ? null : textOf(project, name)
  return name === undefined || text === null ? null : { name, text, ports: portsOf(text) }
}

/**
 * `${PORT}`, `${WEB_PORT:-8080}`: by its name a variable says that it holds a port. The file belongs to compose, so
 * nothing else of it is read.
 */
function portsOf(text: string): ComposeFile['ports'] {
  const found = new Map<string, number | null>()
  for (const line of text.split('\n')) {
    if (/^\s*#/.test(line)) continue
    for (const [, variable = '', usual] of line.matchAll(
      /(?<!\$)\$\{((?:\w+_)?PORT)(?::?-(\d{1,5}))?[^}]*\}/g,
    )) {
      const asked = Number(usual ?? '0')
      if (!found.has(variable)) found.set(variable, asked >= 1 && asked <= 65_535 ? asked : null)
    }
  }
  return [...found].slice(0, mostPorts).map(([variable, asked]) => ({ variable, asked }))
}
