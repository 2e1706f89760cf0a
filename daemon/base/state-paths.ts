import { createHash } from 'node:crypto'
import { homedir, tmpdir } from 'node:os'
import * as path from 'node:path'

/** Everything the daemon keeps, by absolute path. */
export interface StatePaths {
  readonly home: string
  /** Held locked by the running daemon; the kernel frees it when the process dies. */
  readonly lock: string
  /** Who runs and where it listens: {@link DaemonFile} as JSON. */
  readonly daemonFile: string
  /** This start's token for the local socket. */
  readonly token: string
  readonly store: string
  readonly audit: string
  readonly logs: string
  readonly log: string
  /** What is kept of the logs of apps, a folder for each. */
  readonly logStore: string
  readonly settings: string
  /** Secrets, sealed; their key lies in the keychain or beside them. */
  readonly secrets: string
  /** What apps write, a folder for each. */
  readonly apps: string
}

/** What `daemon.json` says while a daemon runs. */
export interface DaemonFile {
  readonly pid: number
  readonly startedAt: string
  readonly version: string
  readonly build: string
  readonly protocol: number
  readonly socket: string
  readonly url: string | null
}

type Environment = Readonly<Record<string, string | undefined>>

/** `listen` fails at 108 bytes (sun_path of Linux's unix(7); macOS has 104), so longer paths move elsewhere. */
const longestSocketPath = 100

/** The state folder: `QUANTUM_ADMIN_HOME`, else where the platform keeps programs' state. */
export function stateFolder(env: Environment = process.env, platform: string = process.platform): string {
  const chosen = env['QUANTUM_ADMIN_HOME']
  if (chosen !== undefined && chosen !== '') return path.resolve(chosen)
  if (platform === 'win32') {
    return path.join(env['LOCALAPPDATA'] ?? path.join(homedir(), 'AppData', 'Local'), 'Quantum Admin')
  }
  if (platform === 'darwin') return path.join(homedir(), 'Library', 'Application Support', 'Quantum Admin')
  const state = env['XDG_STATE_HOME']
  const base = state !== undefined && path.isAbsolute(state) ? state : path.join(homedir(), '.local', 'state')
  return path.join(base, 'quantum-admin')
}

/** Names every file of one state folder. */
export function statePaths(home: string): StatePaths {
  const at = (...names: string[]) => path.join(home, ...names)
  return {
    home,
    lock: at('daemon.lock'),
    daemonFile: at('daemon.json'),
    token: at('token'),
    store: at('quantum-admin.sqlite'),
    audit: at('audit'),
    logs: at('logs'),
    logStore: at('log-store'),
    log: at('logs', 'daemon.log'),
    settings: at('settings.json'),
    secrets: at('secrets.json'),
    apps: at('apps'),
  }
}

/**
 * Where the daemon of a state folder listens: a socket inside it, or, where that path would be too long, in
 * `$XDG_RUNTIME_DIR` or a folder of the temp directory named by the hash of the state folder. Windows uses a
 * named pipe with the same hash.
 */
export function socketPath(
  home: string,
  env: Environment = process.env,
  platform: string = process.platform,
): string {
  const hash = createHash('sha256').update(path.resolve(home)).digest('hex').slice(0, 24)
  if (platform === 'win32') return `\\\\.\\pipe\\quantum-admin-${hash}`
  const inside = path.join(home, 'daemon.sock')
  if (Buffer.byteLength(inside) <= longestSocketPath) return inside
  const runtime = env['XDG_RUNTIME_DIR'] ?? ''
  const outside = (base: string) => path.join(base, `quantum-admin-${hash}`, 'daemon.sock')
  const inRuntime = path.isAbsolute(runtime) && Buffer.byteLength(outside(runtime)) <= longestSocketPath
  return outside(inRuntime ? runtime : tmpdir())
}
