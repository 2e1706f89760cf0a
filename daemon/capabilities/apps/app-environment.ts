import type { AppEnvironment } from '#contract/apps.ts'
import { Failure } from '#base/failure.ts'
import type { FoundApp } from './found-app.ts'
import { runVariable } from './run-processes.ts'

/** Variables that speak of how the daemon was started, or are for it alone. */
const ofTheDaemon =
  /^(?:ELECTRON_|VSCODE_|QUANTUM_ADMIN_|NODE_CHANNEL_|NODE_COMPILE_CACHE$|npm_|INIT_CWD$|_$)/

/** The environment of an app: the user's own, what its configuration sets, and what tells it where it is to be. */
export function appEnvironment(
  daemon: Readonly<Record<string, string | undefined>>,
  app: {
    readonly name: string
    readonly env: Readonly<Record<string, string>>
    readonly port: number | null
    readonly folder: string
  },
): Readonly<Record<string, string>> {
  const environment: Record<string, string> = {}
  for (const [name, value] of Object.entries(daemon))
    if (value !== undefined && !ofTheDaemon.test(name)) environment[name] = value
  const own = {
    PWD: app.folder,
    QUANTUM_ADMIN_APP: app.name,
    ...(app.port === null ? {} : { PORT: String(app.port), QUANTUM_ADMIN_LEASE: app.name }),
  }
  const { [runVariable]: _reserved, ...configured } = app.env
  return { ...environment, ...configured, ...own }
}

/** What may be seen of it: values that are written in the configuration as they are, and what we put in ourselves. */
export function shownEnvironment(
  { name, port }: { readonly name: string; readonly port: number | null },
  found: Pick<FoundApp, 'env' | 'secretEnv'> | null,
): AppEnvironment {
  const secret = new Set(found?.secretEnv)
  const plain = Object.entries(found?.env ?? {}).filter(([variable]) => !secret.has(variable))
  return {
    variables: {
      ...Object.fromEntries(plain),
      QUANTUM_ADMIN_APP: name,
      ...(port === null ? {} : { PORT: String(port) }),
    },
    withheld: [...secret].sort(),
  }
}

/**
 * Puts secrets where a configuration names them as `secret:NAME`.
 * @throws Failure `app-invalid` when there is no such secret, and what the secrets throw.
 */
export async function withSecrets(
  env: Readonly<Record<string, string>>,
  secret: (name: string) => Promise<string | null>,
): Promise<Readonly<Record<string, string>>> {
  const entries = Object.entries(env).map(async ([variable, value]) => {
    const [, name] = /^secret:([\w.-]+)$/.exec(value) ?? []
    if (name === undefined) return [variable, value] as const
    const held = await secret(name)
    if (held !== null) return [variable, held] as const
    throw new Failure(
      'app-invalid',
      `The variable ${variable} is to hold the secret ${name}, and there is none`,
      {
        hint: `Run \`quantum-admin secrets set ${name}\`.`,
      },
    )
  })
  return Object.fromEntries(await Promise.all(entries))
}
