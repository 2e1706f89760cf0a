import { dirname } from 'node:path'
import type { AppProblem } from '#contract/apps.ts'
import { mostFolders, type ProjectFolder, type Projects } from '../../adapters/project/project.ts'
import { readFolder, type FoundApp, type Reading } from './found-app.ts'
import { withUniqueNames } from './unique-names.ts'

/** Apps that one search gives. */
const mostApps = 500
/** Folders that one search looks into, whether they were found or named. */
const mostLooks = 2 * mostFolders
/** Levels below a folder that names no apps itself. */
const searchedLevels = 3

/** What a search gives. */
export interface FoundApps {
  readonly apps: readonly FoundApp[]
  /** What is wrong with folders, beside what is wrong with an app of these. */
  readonly problems: readonly AppProblem[]
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * All apps of a folder: its own, those that its configuration and theirs `include` or, where it names none, those up to
 * three levels below. Each has a name that no other of them has.
 */
export async function findApps(
  projects: Projects,
  folder: string,
  environment: Environment,
): Promise<FoundApps> {
  const search = new Search(projects, environment)
  await search.run(folder)
  return { apps: withUniqueNames(search.apps), problems: search.problems }
}

/** A folder that a configuration names. */
interface Named {
  readonly folder: string
  /** The configuration, absolute. */
  readonly by: string | null
}

/** One walk through folders: what it has found and seen so far. */
class Search {
  readonly apps: FoundApp[] = []
  readonly problems: AppProblem[] = []
  readonly #projects: Projects
  readonly #environment: Environment
  readonly #seen = new Set<string>()
  readonly #appFolders = new Set<string>()
  /** Folders whose configuration says which apps are in them. */
  readonly #closed = new Set<string>()
  /** What an `include` may not lead out of. */
  #root = ''
  #looks = 0
  #cut = false

  constructor(projects: Projects, environment: Environment) {
    this.#projects = projects
    this.#environment = environment
  }

  async run(folder: string): Promise<void> {
    const project = await this.#projects.look(folder)
    if (project === null) return this.#problem('error', `${folder} is no folder that can be read`)
    this.#root = project.folder
    const reading = this.#read(project)
    this.#take(reading)
    if (reading.include.length > 0) return this.#follow(reading)
    const folders = await this.#projects.below(project.folder, searchedLevels)
    for (const below of folders) await this.#lookBelow(below)
    if (folders.length >= mostFolders)
      this.#problem(
        'warning',
        `Only the nearest ${mostFolders} folders below ${folder} were searched for apps`,
      )
  }

  async #lookBelow(folder: string): Promise<void> {
    if (this.#cut || this.#seen.has(folder) || isBelowOneOf(folder, this.#closed)) return
    const project = await this.#look(folder)
    if (project === null || this.#seen.has(project.folder)) return
    const reading = this.#read(project)
    const { app, include } = reading
    const counts = app !== null && (reading.standsAlone || !isBelowOneOf(folder, this.#appFolders))
    if (counts || include.length > 0) this.#take(reading)
    if (include.length === 0) return
    this.#closed.add(project.folder)
    await this.#follow(reading)
  }

  /** Looks into the folders that a configuration names, and into those that theirs name. */
  async #follow(first: Reading): Promise<void> {
    const waiting: Named[] = []
    const add = ({ include, configFile }: Reading) => {
      // What is beyond the last look needs no place to wait.
      for (const folder of include.slice(0, mostLooks - waiting.length + 1))
        waiting.push({ folder, by: configFile })
    }
    add(first)
    for (let named = waiting.shift(); named !== undefined; named = waiting.shift()) {
      const reading = await this.#lookNamed(named)
      if (reading === null) continue
      this.#take(reading)
      add(reading)
    }
  }

  async #lookNamed({ folder, by }: Named): Promise<Reading | null> {
    if (this.#cut || this.#seen.has(folder)) return null
    const project = await this.#look(folder)
    if (this.#cut) return null
    if (project === null) {
      this.#problem('error', `include names ${folder}, which is no folder that can be read`, by)
      return null
    }
    if (project.folder !== this.#root && !project.folder.startsWith(`${this.#root.replace(/\/$/, '')}/`)) {
      this.#problem(
        'error',
        `include names ${folder}, which is outside of ${this.#root}; add it by itself`,
        by,
      )
      return null
    }
    if (this.#seen.has(project.folder)) return null
    const reading = this.#read(project)
    if (reading.app === null && reading.include.length === 0)
      this.#problem('warning', `include names ${folder}, which holds no app that is known`, by)
    return reading
  }

  async #look(folder: string): Promise<ProjectFolder | null> {
    if (this.#looks++ < mostLooks) return this.#projects.look(folder)
    this.#cutShort(`Only ${mostLooks} folders were searched for apps`)
    return null
  }

  #read(project: ProjectFolder): Reading {
    this.#seen.add(project.folder)
    return readFolder(project, this.#environment)
  }

  #take({ app, problems }: Reading): void {
    if (app === null) this.problems.push(...problems)
    else if (this.apps.length < mostApps) {
      this.apps.push(app)
      this.#appFolders.add(app.folder)
    } else this.#cutShort(`There are more than ${mostApps} apps; the others are left out`)
  }

  /** Says once that not everything was looked at. */
  #cutShort(message: string): void {
    if (!this.#cut) this.#problem('warning', message)
    this.#cut = true
  }

  #problem(severity: AppProblem['severity'], message: string, file: string | null = null): void {
    this.problems.push({ severity, message, file, line: null, column: null })
  }
}

function isBelowOneOf(folder: string, folders: ReadonlySet<string>): boolean {
  for (let path = folder; path !== dirname(path);) {
    path = dirname(path)
    if (folders.has(path)) return true
  }
  return false
}
