import type { ContainerDetail, ContainerRef, ContainerRow } from '#contract/resources.ts'
import type { EngineContainer } from '../../adapters/docker/engine.ts'
import { bounded } from './display.ts'

/** The app a container says it belongs to: our own label, else its compose project. */
export function appOfContainer({ labels }: Pick<ContainerRow, 'labels'>): string | null {
  const app = labels['quantum.app'] ?? labels['com.docker.compose.project'] ?? ''
  return app === '' ? null : bounded(app)
}

/** Names the container with a full id; one that the engine does not tell us of goes by its short id. */
export function containerRef(containers: readonly EngineContainer[], id: string | null): ContainerRef | null {
  if (id === null) return null
  const known = containers.find((container) => container.id === id)
  return { id, name: bounded(known?.name ?? id.slice(0, 12)) }
}

export const containerRows = (containers: readonly EngineContainer[]): ContainerRow[] =>
  containers
    .map(({ pid: _pid, ...container }) => ({
      ...boundedContainer(container),
      app: appOfContainer(container),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)) || (a.id < b.id ? -1 : 1))

export const containerDetail = (detail: Omit<ContainerDetail, 'app'>): ContainerDetail => ({
  ...boundedContainer(detail),
  command: detail.command === null ? null : bounded(detail.command),
  app: appOfContainer(detail),
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
