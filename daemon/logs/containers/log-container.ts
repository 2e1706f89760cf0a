import type { LogKind } from '#contract/log-words.ts'
import type { EngineEndpoint } from '../../adapters/docker/container-output.ts'

/** A container whose output is read for an app. */
export interface LogContainer {
  readonly app: string
  /** Its name among the sources of its app: that of whatever container has its name. */
  readonly source: string
  readonly kind: LogKind
  readonly id: string
  readonly name: string
  readonly running: boolean
  /** How often it was seen to start. */
  readonly starts: number
}

/** A container that is to be read and is not there. */
export interface LackingContainer extends Pick<LogContainer, 'app' | 'source' | 'kind'> {
  readonly problem: string
}

/** All containers that are to be read, as an engine tells of them. */
export interface LogContainers {
  /** Null while no engine is reached: then nothing is known of which are there. */
  readonly endpoint: EngineEndpoint | null
  /** Another for each time that the engine was reached anew. */
  readonly connection: number
  readonly containers: readonly LogContainer[]
  readonly lacking: readonly LackingContainer[]
}

export const noContainers: LogContainers = { endpoint: null, connection: 0, containers: [], lacking: [] }

/** What the mark of a container is kept under. */
export const containerKey = (id: string): string => `${containerSign}${id}`
/** What the marks of containers begin with. */
export const containerSign = '@'
