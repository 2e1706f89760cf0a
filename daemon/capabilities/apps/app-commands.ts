import { appEnvironment, withSecrets } from './app-environment.ts'
import type { LaunchDeps } from './app-launch.ts'
import type { KnownApp } from './app-rows.ts'
import type { FoundApp } from './found-app.ts'

/** What is run of an app beside the app itself, and what with. */
export interface AppCommands extends Pick<FoundApp, 'folder' | 'jobs' | 'tests'> {
  readonly app: string
  /** The environment of a run that begins now. @throws Failure `app-invalid` when it names a secret that is not there. */
  readonly environment: () => Promise<Readonly<Record<string, string>>>
}

/** Where an app's logs are, beside its output. */
export interface AppLogs {
  readonly app: string
  readonly folder: string
  /** Absolute, `*` for any name. */
  readonly files: FoundApp['logs']['files']
  /** Containers that its configuration names, by their name or their compose service. */
  readonly containers: FoundApp['logs']['containers']
  /** How much is kept; null where nothing is said. */
  readonly days: number | null
  readonly bytes: number | null
  /** Where they are sent besides, null for nowhere; undefined while nobody can tell. */
  readonly forward: FoundApp['logs']['forward'] | undefined
}

const noTests: FoundApp['tests'] = { command: null, report: null, timeoutMs: null }

/** Jobs and tests of an app, in the environment that the app has, or would have. */
export function commandsOf(
  { name, folder, found, run }: KnownApp,
  { environment: daemon, secret }: Pick<LaunchDeps, 'environment' | 'secret'>,
): AppCommands {
  const port = run?.stored.port ?? null
  return {
    app: name,
    folder,
    environment: async () => {
      const env = await withSecrets(found?.env ?? {}, secret)
      return appEnvironment(daemon, { name, env, port, folder })
    },
    jobs: found?.jobs ?? null,
    tests: found?.tests ?? noTests,
  }
}
