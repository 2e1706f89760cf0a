import type { Dirent } from 'node:fs'
import { opendir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { mostBytes, mostFolders, mostNames, type ProjectFolder, type Projects } from './project.ts'
import { bytesOf } from './regular-file.ts'

/** The files that say what a project is and how it is run. */
export const tellingFiles = [
  'quantum.config.yaml',
  'quantum.config.yml',
  'package.json',
  'Procfile',
  'pyproject.toml',
  'manage.py',
  'app.py',
  'main.py',
  'go.mod',
  'main.go',
  'compose.yaml',
  'compose.yml',
  'docker-compose.yaml',
  'docker-compose.yml',
]

/** Folders of what was installed or built: there are thousands in them, and none is an app that somebody wrote. */
const notSearched = new Set(['node_modules', 'vendor', 'dist', 'build', 'target', '__pycache__', 'venv'])

/** Names read in one search, so that a tree of full folders does not hold it up for minutes. */
const mostNamesOfSearch = 200_000

/** Projects in the file system. It does one thing after the other: a dead network mount takes one thread, not four. */
export const fileProjects: Projects = { look, below }

async function look(folder: string): Promise<ProjectFolder | null> {
  let path
  let entries
  try {
    path = await realpath(folder)
    entries = await entriesOf(path, mostNames)
  } catch {
    // Missing, no folder, a loop of links or not ours to read: to whoever looks for apps, there are none.
    return null
  }
  const names = await namesOf(path, entries)
  if (names.includes('components/'))
    for (const name of await componentsOf(join(path, 'components'))) names.push(`components/${name}`)
  const files = new Map<string, Buffer>()
  for (const name of tellingFiles) {
    const bytes = names.includes(name) ? await bytesOf(join(path, name), mostBytes) : null
    if (bytes !== null) files.set(name, bytes)
  }
  return { folder: path, names: names.sort(), files }
}

async function below(folder: string, depth: number): Promise<readonly string[]> {
  const found: string[] = []
  let level = await realFolders(folder)
  let namesLeft = mostNamesOfSearch
  for (let levels = 0; levels < depth && level.length > 0; levels++) {
    const next: string[] = []
    for (const parent of level) {
      const entries = await readableEntries(parent, Math.min(mostNames, namesLeft))
      namesLeft -= entries.length
      const folders = entries.filter((entry) => entry.isDirectory() && isSearched(entry.name))
      for (const name of folders.map((entry) => entry.name).sort()) {
        if (found.length + next.length === mostFolders) return [...found, ...next]
        next.push(join(parent, name))
      }
    }
    found.push(...next)
    level = next
  }
  return found
}

const isSearched = (name: string): boolean => !name.startsWith('.') && !notSearched.has(name)

async function realFolders(folder: string): Promise<string[]> {
  try {
    return [await realpath(folder)]
  } catch {
    // There is no such folder, so there is nothing below it.
    return []
  }
}

async function entriesOf(folder: string, most: number): Promise<Dirent[]> {
  const entries: Dirent[] = []
  if (most <= 0) return entries
  for await (const entry of await opendir(folder, { bufferSize: 256 })) {
    entries.push(entry)
    if (entries.length === most) break
  }
  return entries
}

async function readableEntries(folder: string, most: number): Promise<Dirent[]> {
  try {
    return await entriesOf(folder, most)
  } catch {
    // Part of a tree may be somebody else's, or go while it is searched; the rest still counts.
    return []
  }
}

async function componentsOf(folder: string): Promise<readonly string[]> {
  return namesOf(folder, await readableEntries(folder, mostNames))
}

async function namesOf(folder: string, entries: readonly Dirent[]): Promise<string[]> {
  const names: string[] = []
  for (const entry of entries) {
    const isFolder =
      entry.isDirectory() || (entry.isSymbolicLink() && (await leadsToFolder(folder, entry.name)))
    names.push(isFolder ? `${entry.name}/` : entry.name)
  }
  return names
}

async function leadsToFolder(folder: string, name: string): Promise<boolean> {
  try {
    return (await stat(join(folder, name))).isDirectory()
  } catch {
    // A link to nowhere is no folder.
    return false
  }
}
