import type { KnownApp } from './app-rows.ts'
import type { FoundApp } from './found-app.ts'

/** What one app's configuration says of databases. It may hold passwords and stays in the daemon. */
export interface AppDatasources {
  readonly app: string
  readonly folder: string
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly datasources: FoundApp['datasources']
}

/** Null when its folder holds no app any more. @param daemon - the daemon's own environment. */
export function appDatasources(
  { name, folder, found }: KnownApp,
  daemon: Readonly<Record<string, string | undefined>>,
): AppDatasources | null {
  if (found === null) return null
  return { app: name, folder, variables: { ...daemon, ...found.env }, datasources: found.datasources }
}
