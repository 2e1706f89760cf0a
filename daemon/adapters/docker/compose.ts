import type { Change } from '../../kernel/execute.ts'

/** A compose project as it is to run. */
export interface ComposeProject {
  /** Names its containers and networks; as compose allows it. */
  readonly name: string
  /** Where its compose file is. */
  readonly folder: string
  /** What its file takes variables from; also where the engine is. */
  readonly environment: Readonly<Record<string, string>>
  /** What compose says is appended to this file, absolute. */
  readonly output: string
}

/** Starts and ends compose projects. What runs of them, the engine tells. */
export interface Compose {
  /**
   * Makes and starts all of its services, and removes containers of services that are no more.
   * @throws Failure `app-failed` with what compose said last, `engine-unavailable` without compose, `cancelled`.
   */
  up(change: Change, project: ComposeProject): Promise<void>
  /** Ends and removes its containers and networks; volumes stay. @throws as {@link up}. */
  down(change: Change, project: ComposeProject): Promise<void>
}
