import type { ContainerDetail, ContainerRow, ContainerUsage, EngineStatus } from '#contract/resources.ts'
import type { Owned } from '#base/lifetime.ts'
import type { EngineEndpoint, StartedContainer } from './container-output.ts'
import type { Change } from '../../kernel/execute.ts'

/** A container as listed, with the pid of its first process where it runs. */
export interface EngineContainer extends Omit<ContainerRow, 'app'> {
  readonly pid: number | null
}

/** A container engine that speaks the Docker API: Docker, Podman, Colima, Desktop, rootless. */
export interface ContainerEngine extends Owned {
  /** Where it stands now. Never throws. */
  status(): EngineStatus
  /** The last known containers; empty unless connected. */
  containers(): readonly EngineContainer[]
  /** Asks the engine anew now and answers when the list is that fresh; quiet when there is no engine. */
  refresh(): Promise<void>
  /** Called after status or containers changed. */
  onChanged(listener: () => void): Owned
  /** Called at once when a container has started, before it is among {@link containers}. */
  onStarted(listener: (container: StartedContainer) => void): Owned
  /** Where it is, for whoever reads from it in another thread; null unless connected. */
  endpoint(): EngineEndpoint | null
  /** @throws Failure `not-found`, `engine-unavailable`. */
  inspect(id: string, signal: AbortSignal): Promise<Omit<ContainerDetail, 'app'>>
  /** CPU and memory of every running container. */
  usage(signal: AbortSignal): Promise<readonly ContainerUsage[]>
  /** Calls `emit` with batches of lines in order; resolves at the end of the log or when aborted. */
  logs(
    id: string,
    options: { readonly tail: number; readonly follow: boolean; readonly signal: AbortSignal },
    emit: (lines: readonly string[]) => Promise<void>,
  ): Promise<void>
  /** Already running is fine. @throws Failure `not-found`, `engine-unavailable`, `conflict`, `port-in-use`. */
  start(change: Change, id: string): Promise<void>
  stop(change: Change, id: string): Promise<void>
  restart(change: Change, id: string): Promise<void>
}
