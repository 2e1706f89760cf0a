import { Failure } from '#base/failure.ts'
import type { Change } from '../../kernel/execute.ts'
import { appEnvironment, withSecrets } from './app-environment.ts'
import type { FoundApp } from './found-app.ts'
import type { HealthCheck } from './readiness.ts'

export interface LaunchDeps {
  /** A port for an app; the same lease gets the same again. @throws what the leases do. */
  readonly takePort: (change: Change, lease: string, asked: number | null) => Promise<number>
  /** What a secret holds; null when there is none. @throws what the secrets do. */
  readonly secret: (name: string) => Promise<string | null>
  /** The daemon's own environment. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** All that a start needs to know. */
export interface Launch {
  readonly command: string
  readonly environment: Readonly<Record<string, string>>
  /** The port it is given, by which it is reached. */
  readonly port: number | null
}

/** @throws Failure `app-invalid` with the first thing that keeps an app from being run. */
export function commandOf(found: FoundApp | null, name: string): string {
  if (found?.command) return found.command.value
  const [first] = (found?.problems ?? []).filter(({ severity }) => severity === 'error')
  const where = first?.file && first.line !== null ? ` (${first.file}:${first.line})` : ''
  throw new Failure(
    'app-invalid',
    `${name} cannot be run: ${first?.message ?? 'its folder is gone, or holds no app any more'}${where}`,
  )
}

/** Takes the ports that an app needs and puts its environment together. @throws as {@link commandOf}, and the leases. */
export async function launchOf(
  deps: LaunchDeps,
  change: Change,
  { name, folder }: { readonly name: string; readonly folder: string },
  found: FoundApp | null,
): Promise<Launch> {
  const command = commandOf(found, name)
  const configured = await withSecrets(found?.env ?? {}, deps.secret)
  const { composeFile } = found ?? {}
  const ports = composeFile ? await composePorts(deps, change, name, found) : new Map<string, number>()
  const asked = found?.port?.value ?? null
  const port = composeFile
    ? (ports.get('PORT') ?? [...ports.values()][0] ?? null)
    : needsPort(found, command)
      ? await deps.takePort(change, name, asked)
      : null
  const given = Object.fromEntries([...ports].map(([variable, value]) => [variable, String(value)]))
  const env = { ...configured, ...given }
  return { command, port, environment: appEnvironment(deps.environment, { name, env, port, folder }) }
}

/** A lease for each variable that its compose file takes a port from, but those that its configuration sets. */
async function composePorts(
  { takePort }: LaunchDeps,
  change: Change,
  name: string,
  found: FoundApp | null,
): Promise<ReadonlyMap<string, number>> {
  const taken = new Map<string, number>()
  for (const { variable, asked } of found?.composeFile?.ports ?? []) {
    if (found?.env[variable] !== undefined) continue
    const lease = variable === 'PORT' ? name : `${name}/${variable}`
    const wanted = variable === 'PORT' ? (found?.port?.value ?? asked) : asked
    taken.set(variable, await takePort(change, lease, wanted))
  }
  return taken
}

/** Kinds that take their port from the environment without their command saying so. */
const takesPort: ReadonlySet<string | undefined> = new Set(['node', 'procfile', 'quantum'])

/** Whether a port is of use to it: it was asked for, the command names it, or its kind takes one. */
export const needsPort = (found: FoundApp | null, command: string): boolean =>
  (found?.port ?? null) !== null || command.includes('PORT') || takesPort.has(found?.kind)

/** How an app says that it is well; null when it does not say. */
export const healthOf = (found: FoundApp | null): HealthCheck | null =>
  found === null || found.health === null ? null : { path: found.health.value, ...found.healthRule }
