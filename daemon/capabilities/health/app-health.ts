import type { AppContainer, AppState, Sourced } from '#contract/apps.ts'
import type { HealthConfig } from '../../config/health-config.ts'

/** What of an app its checks need to know. */
export interface AppHealth {
  readonly app: string
  readonly folder: string
  /** Its configuration cannot be understood and never could since this start: what is checked of it is not known. */
  readonly broken: boolean
  /** Containers of compose, and no process of ours. */
  readonly composed: boolean
  /** Whether it is given a port when it starts. */
  readonly takesPort: boolean
  /** What its configuration says; null without one. */
  readonly health: HealthConfig | null
  readonly environments: readonly { readonly name: string; readonly health: HealthConfig }[]
  /** A path that answers when it is well, of its configuration or as its kind has one. */
  readonly path: Sourced<string> | null
  /** As last seen. */
  readonly state: AppState
  readonly reason: string | null
  readonly port: number | null
  readonly containers: readonly AppContainer[]
  /** All of the environment that a command of it has. @throws Failure when that cannot be put together. */
  readonly environment: () => Promise<Readonly<Record<string, string>>>
}

/** How an app stands at this very moment, without a look at the machine. */
export interface Standing {
  /** Null for one that was never started here since this start of the daemon. */
  readonly state: AppState | null
  readonly reason: string | null
  /** It is being started or stopped on purpose: what its checks find now says nothing. */
  readonly planned: boolean
  /** It ended by itself and its rule starts it again, or has begun to. */
  readonly isAgain: boolean
  /** Unlike that of any other run of it. */
  readonly run: unknown
}

export const isSameStanding = (a: Standing | undefined, b: Standing): boolean =>
  a !== undefined && a.state === b.state && a.run === b.run && a.planned === b.planned
