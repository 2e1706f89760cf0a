import { appEnvironment } from './app-environment.ts'
import type { KnownApp } from './app-rows.ts'
import type { FoundApp } from './found-app.ts'

/** What is run of an app beside the app itself, and what with. */
export interface AppCommands extends Pick<FoundApp, 'folder' | 'jobs' | 'tests'> {
  readonly app: string
  readonly environment: Readonly<Record<string, string>>
}

const noTests: FoundApp['tests'] = { command: null, report: null, timeoutMs: null }

/** Jobs and tests of an app, in the environment that the app has, or would have. */
export function commandsOf(
  { name, folder, found, run }: KnownApp,
  daemon: Readonly<Record<string, string | undefined>>,
): AppCommands {
  const port = run?.stored.port ?? null
  const environment = appEnvironment(daemon, { name, env: found?.env ?? {}, port, folder })
  return { app: name, folder, environment, jobs: found?.jobs ?? null, tests: found?.tests ?? noTests }
}
