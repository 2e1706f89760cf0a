import { createHash } from 'node:crypto'
import type { AppContainer } from '#contract/apps.ts'
import type { ContainerRow } from '#contract/resources.ts'
import type { FoundApp } from './found-app.ts'

const projectLabel = 'com.docker.compose.project'
const folderLabel = 'com.docker.compose.project.working_dir'
const serviceLabel = 'com.docker.compose.service'
const appLabel = 'quantum.app'

/**
 * Whether an app is run by compose itself, and not by a command that its configuration names. One that cannot be
 * understood names none.
 */
export const isComposed = (found: Pick<FoundApp, 'kind' | 'command'> | null): boolean =>
  found?.kind === 'compose' && (found.command === null || found.command.source === 'default')

/**
 * The compose project of an app, so that two worktrees have one each. What compose does not allow in it is replaced, and
 * a digest then keeps two names apart that have become the same.
 */
export function projectName(app: string): string {
  const allowed = app.toLowerCase().replace(/[^a-z0-9_-]/g, '-')
  if (allowed === app) return app
  return `${allowed.slice(0, 60)}-${createHash('sha256').update(app).digest('hex').slice(0, 6)}`
}

/** What tells whose a container is. */
type LabelledContainer = Pick<ContainerRow, 'labels'>

/** The containers of an app. */
export interface OwnContainers<Row extends LabelledContainer = ContainerRow> {
  /** Of the compose project that we start. */
  readonly project: readonly Row[]
  /** Of other compose projects of its folder: somebody else has started them. */
  readonly external: readonly Row[]
  /** That say by a label whose they are; no start or stop of the app touches them. */
  readonly labelled: readonly Row[]
}

/** Which containers belong to an app, by their labels. */
export function containersOf<Row extends LabelledContainer>(
  app: { readonly name: string; readonly folder: string },
  containers: readonly Row[],
): OwnContainers<Row> {
  const name = projectName(app.name)
  const inFolder = containers.filter(({ labels }) => labels[folderLabel] === app.folder)
  return {
    project: inFolder.filter(({ labels }) => labels[projectLabel] === name),
    external: inFolder.filter(({ labels }) => labels[projectLabel] !== name),
    labelled: containers.filter(
      ({ labels }) => labels[appLabel] === app.name && labels[folderLabel] !== app.folder,
    ),
  }
}

/** The name of another folder's project that is called as this app's would be; null when there is none. */
export function strangersProject(
  app: { readonly name: string; readonly folder: string },
  containers: readonly ContainerRow[],
): string | null {
  const name = projectName(app.name)
  const other = containers.find(
    ({ labels }) => labels[projectLabel] === name && labels[folderLabel] !== app.folder,
  )
  return other === undefined ? null : (other.labels[folderLabel] ?? 'an unknown folder')
}

/** The compose projects of these containers. */
export const projectsOf = (containers: readonly ContainerRow[]): readonly string[] => [
  ...new Set(containers.map(({ labels }) => labels[projectLabel] ?? '').filter((name) => name !== '')),
]

/** What a row tells of each. @param composed - the app is its compose project, which is stopped as a whole. */
export const shownContainers = (
  { project, external, labelled }: OwnContainers,
  composed: boolean,
): readonly AppContainer[] =>
  [...project, ...external, ...labelled].map((row) => ({
    id: row.id,
    name: row.name,
    service: row.labels[serviceLabel] ?? null,
    state: row.state,
    health: row.health,
    stopsWithApp: composed && !labelled.includes(row),
  }))

/** `exited (1)`: a state, and how it ended where it did. */
function ending({ state, status }: ContainerRow): string {
  const code = exitCode(status)
  return code === null ? state : `${state} with code ${code}`
}

/** Docker and Podman write the code in brackets: `Exited (137) 3 seconds ago`. */
function exitCode(status: string): number | null {
  const [, code] = /^Exited \((\d+)\)/.exec(status) ?? []
  return code === undefined ? null : Number(code)
}

/** By SIGKILL or SIGTERM, as engines end what they are asked to stop. */
const asked = new Set([137, 143])

/** The service of its compose project that a container is of; its own name where there is none. */
export const serviceOf = ({ labels, name }: Pick<ContainerRow, 'labels' | 'name'>): string =>
  labels[serviceLabel] ?? name

/** What the containers of a project come to. */
export function projectState(containers: readonly ContainerRow[]): {
  readonly state: 'stopped' | 'starting' | 'running' | 'failed'
  readonly reason: string | null
} {
  if (containers.length === 0) return { state: 'stopped', reason: null }
  const up = containers.filter(({ state }) => state === 'running')
  // A service that has done its work and ended well is not down.
  const down = containers.filter(({ state, status }) => state !== 'running' && exitCode(status) !== 0)
  const sick = up.filter(({ health }) => health === 'unhealthy')
  const words = [
    ...down.map((row) => `${serviceOf(row)} is ${ending(row)}`),
    ...sick.map((row) => `${serviceOf(row)} is unhealthy`),
  ]
  const reason = words.length === 0 ? null : words.sort().join('; ')
  if (up.length > 0) {
    const waiting = up.some(({ health }) => health === 'starting')
    return { state: waiting && reason === null ? 'starting' : 'running', reason }
  }
  const wrong = down.some(({ state, status }) => state !== 'created' && !asked.has(exitCode(status) ?? 0))
  if (wrong) return { state: 'failed', reason }
  return { state: 'stopped', reason: reason ?? 'all of its services have ended' }
}
