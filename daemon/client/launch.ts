import { spawn } from 'node:child_process'
import { isErrorCode } from '#contract/errors.ts'
import { Failure, messageOf } from '#base/failure.ts'

/** What to start the daemon with. */
export interface DaemonLauncher {
  /** A Node.js executable, or VS Code's own with `ELECTRON_RUN_AS_NODE=1` in `env`. */
  readonly runtime: string
  /** The daemon's bundle. */
  readonly script: string
  readonly env?: Readonly<Record<string, string>>
  /** Further arguments of `run`, such as `--listen`. */
  readonly arguments?: readonly string[]
}

/** The first and only message of a starting daemon. */
export type StartReport =
  | { readonly state: 'ready' | 'already-running' }
  | { readonly state: 'failed'; readonly code: string; readonly message: string; readonly hint: string }

const startMs = 20_000

/**
 * How the daemon's runtime is started. It runs all day beside other programs: with the young generation held to
 * 2 MiB a half (V8 would let it grow to 16) it collects more often and takes some 10 MB less. 1 MiB would save 2 more
 * and spend a fifth of a flood of requests on collecting. To wake helpers for so small a generation costs more than they
 * take over. A further flag is set once the daemon is there (see daemon/run.ts).
 */
export const runtimeFlags: readonly string[] = ['--max-semi-space-size=2', '--no-parallel-scavenge']

/** glibc would keep a heap for each of the runtime's threads. The daemon does not hand this on to what it starts. */
const oneHeap = { MALLOC_ARENA_MAX: '1' } as const

/**
 * Starts a daemon that lives on by itself, and waits until it says that it is ready or why it is not.
 * @returns `already-running` when another one holds the state folder.
 * @throws Failure with the daemon's own reason.
 */
export function launch(launcher: DaemonLauncher, home: string): Promise<'ready' | 'already-running'> {
  return new Promise((resolve, reject) => {
    const words = [...runtimeFlags, launcher.script, 'run', ...(launcher.arguments ?? [])]
    const child = spawn(launcher.runtime, words, {
      cwd: process.platform === 'win32' ? process.cwd() : '/',
      detached: true,
      windowsHide: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { ...inherited(), ...oneHeap, ...launcher.env, QUANTUM_ADMIN_HOME: home },
    })
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      settle(new Failure('daemon-unreachable', `The daemon did not start within ${startMs / 1000} s`))
    }, startMs)
    const settle = (result: StartReport | Failure): void => {
      clearTimeout(timer)
      child.removeAllListeners()
      child.on('error', () => {})
      if (child.connected) child.disconnect()
      child.unref()
      if (result instanceof Failure) reject(result)
      else if (result.state === 'failed') {
        const code = isErrorCode(result.code) ? result.code : 'internal'
        reject(new Failure(code, result.message, { hint: result.hint }))
      } else resolve(result.state)
    }
    child.on('message', (report) => settle(report as StartReport))
    child.on('error', (error) => {
      settle(
        new Failure(
          'daemon-unreachable',
          `The daemon cannot be started with ${launcher.runtime}: ${messageOf(error)}`,
        ),
      )
    })
    // Not `exit`: that may come before the message in which the daemon says why it ends.
    child.on('close', (code: number | null, signal: string | null) => {
      settle(
        new Failure(
          'daemon-unreachable',
          `The daemon ended while starting (${signal ?? `exit code ${code}`})`,
        ),
      )
    })
  })
}

/** The starter's environment without what would change how Node runs or what only the starter should hold. */
function inherited(): Record<string, string> {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (
      value === undefined ||
      /^(NODE_OPTIONS|NODE_CHANNEL_.*|VSCODE_.*|ELECTRON_.*|QUANTUM_ADMIN_TOKEN)$/.test(name)
    )
      continue
    env[name] = value
  }
  return env
}
