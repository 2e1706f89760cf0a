import type { ContainerDetail, ContainerRef, ContainerRow } from '#contract/resources.ts'
import type { EngineContainer } from '../../adapters/docker/engine.ts'
import { bounded } from './display.ts'

/** The app that has a folder; null when none has. */
export type AppOfFolder = (folder: string) => string | null

/** The app a container belongs to: as our own label says, that of its compose file's folder, else its compose project. */
export function appOfContainer(
  { labels }: Pick<ContainerRow, 'labels'>,
  appOfFolder: AppOfFolder,
): string | null {
  const folder = labels['com.docker.compose.project.working_dir'] ?? null
  const composed = (folder === null ? null : appOfFolder(folder)) ?? labels['com.docker.compose.project']
  const app = labels['quantum.app'] ?? composed ?? ''
  return app === '' ? null : bounded(app)
}

/** Names the container with a full id; one that the engine does not tell us of goes by its short id. */
export function containerRef(containers: readonly EngineContainer[], id: string | null): ContainerRef | null {
  if (id === null) return null
  const known = containers.find((container) => container.id === id)
  return { id, name: bounded(known?.name ?? id.slice(0, 12)) }
}

export const containerRows = (
  containers: readonly EngineContainer[],
  appOfFolder: AppOfFolder,
): ContainerRow[] =>
  containers
    .map(({ pid: _pid, ...container }) => ({
      ...boundedContainer(container),
      app: appOfContainer(container, appOfFolder),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)) || (a.id < b.id ? -1 : 1))

export const containerDetail = (
  detail: Omit<ContainerDetail, 'app'>,
  appOfFolder: AppOfFolder,
): ContainerDetail => ({
  ...boundedContainer(detail),
  command: detail.command === null ? null : bounded(detail.command),
  app: appOfContainer(detail, appOfFolder),
})

function boundedContainer<T extends Omit<ContainerRow, 'app'>>(container: T): T {
  const labels = Object.entries(container.labels).map(([key, value]) => [bounded(key), bounded(value)])
  return {
    ...container,
    name: bounded(container.name),
    image: bounded(container.image),
    status: bounded(container.status),
    labels: Object.fromEntries(labels) as Record<string, string>,
  }
}
