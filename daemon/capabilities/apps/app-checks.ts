import type { AppRow, AppState } from '#contract/apps.ts'
import { appEnvironment, withSecrets } from './app-environment.ts'
import { needsPort, type LaunchDeps } from './app-launch.ts'
import type { KnownApp } from './app-rows.ts'
import { isComposed } from './compose-project.ts'
import type { FoundApp } from './found-app.ts'

/** What of an app decides how it is checked, and what its checks need. */
export interface AppChecks extends Pick<AppRow, 'state' | 'reason' | 'port' | 'containers' | 'folder'> {
  readonly app: string
  /** Its configuration cannot be understood, and never could since this start. */
  readonly broken: boolean
  readonly composed: boolean
  /** Whether it is given a port when it starts. */
  readonly takesPort: boolean
  readonly health: NonNullable<FoundApp['checks']>['health'] | null
  readonly environments: NonNullable<FoundApp['checks']>['environments']
  readonly path: FoundApp['health']
  /** The environment of a command that begins now. @throws Failure `app-invalid`. */
  readonly environment: () => Promise<Readonly<Record<string, string>>>
}

export function appChecks(
  { name, folder, planned }: KnownApp,
  { state, reason, port, containers }: AppRow,
  { environment: daemon, secret }: Pick<LaunchDeps, 'environment' | 'secret'>,
): AppChecks {
  return {
    app: name,
    folder,
    broken: planned?.broken ?? true,
    composed: isComposed(planned),
    takesPort: planned !== null && planned.command !== null && needsPort(planned, planned.command.value),
    health: planned?.checks?.health ?? null,
    environments: planned?.checks?.environments ?? [],
    path: planned?.health ?? null,
    state,
    reason,
    port,
    containers,
    environment: async () => {
      const env = await withSecrets(planned?.env ?? {}, secret)
      return appEnvironment(daemon, { name, env, port, folder })
    },
  }
}

/** How an app stands at this very moment, as far as it was started here. */
export interface AppStanding {
  /** Null for one that was not. */
  readonly state: AppState | null
  readonly reason: string | null
  /** It is being started or stopped on purpose. */
  readonly planned: boolean
  /** It ended by itself and its rule starts it again, or has begun to. */
  readonly isAgain: boolean
  /** Unlike that of any other run. */
  readonly run: unknown
}

/** Of what is known without a look at the machine. @param isAsked - somebody starts or stops it right now. */
export function standingOf({ run, phase, planned }: KnownApp, isAsked: boolean): AppStanding {
  if (isComposed(planned)) {
    const isBusy = isAsked || phase?.state === 'starting' || phase?.state === 'stopping'
    return { state: isBusy ? 'starting' : null, reason: null, planned: isBusy, isAgain: false, run: phase }
  }
  // One that was never started here may have been by somebody else.
  if (run === null) return { state: null, reason: null, planned: isAsked, isAgain: false, run: null }
  const { state, reason, stored } = run
  return {
    state,
    reason,
    planned: isAsked || state === 'starting' || state === 'stopping',
    isAgain: state === 'waiting' || (state === 'starting' && stored.restarts > 0),
    run: stored.run,
  }
}
