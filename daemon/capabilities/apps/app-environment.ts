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
