import type { Endpoint } from './endpoints.ts'

/** Where an engine is. */
export type EngineEndpoint = Endpoint

/** A container that has just started, as the engine tells of it at once. */
export interface StartedContainer {
  readonly id: string
  readonly name: string
  readonly image: string
  readonly labels: Readonly<Record<string, string>>
}

/** What is to be known of a container to read what it wrote. */
export interface OutputState {
  /** Whether more may come. */
  readonly running: boolean
  /** It is being removed, and its log may be gone already. */
  readonly removing: boolean
  /** When it was started last, as the engine writes it: another for each start. */
  readonly startedAt: string
  /** Who keeps it: `json-file`, `local`, `journald`, `none`. */
  readonly driver: string
  /** Whether the oldest is thrown away when there is much. */
  readonly rotates: boolean
}

/** What an engine keeps of what its containers wrote. */
export interface ContainerOutput {
  /**
   * The log of a container with timestamps, as the engine sends it. It ends where the log does; for one that is followed,
   * when the container has ended. Nothing is read on while nobody takes it.
   * @param tail - only so many of the last messages. @throws Failure `not-found`, `engine-unavailable`, `timeout`,
   * `conflict` when the engine keeps nothing that can be read; anything else while reading when the connection is lost.
   */
  open(
    id: string,
    options: { readonly tail: number | 'all'; readonly follow: boolean },
    signal: AbortSignal,
  ): Promise<AsyncIterable<Buffer>>
  /** @throws Failure `not-found`, `engine-unavailable`, `timeout`. */
  look(id: string, signal: AbortSignal): Promise<OutputState>
}
