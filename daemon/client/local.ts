import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Failure, messageOf } from '#base/failure.ts'
import { stateFolder, statePaths, type DaemonFile } from '#base/state-paths.ts'
import { build, isNewer } from '#base/version.ts'
import { launch, type DaemonLauncher } from './launch.ts'
import type { Connect } from './rpc-client.ts'
import { failureOf, type RpcError } from './rpc-error.ts'
import { openSocket, type Connected } from './transport.ts'

export interface LocalOptions {
  /** The state folder; the user's own by default. */
  readonly home?: string
  /** Names the program for the audit trail, such as `cli/0.1.0`. */
  readonly client: string
  /** How to start a daemon when none runs; null to only connect. */
  readonly launcher: DaemonLauncher | null
}

/** In all, for a daemon to start or to hand over. */
const patienceMs = 15_000
const relaunchMs = 500

/** Connects to the daemon of a state folder: finds it, starts one when none runs, and replaces an older one. */
export function localConnect(options: LocalOptions): Connect {
  const home = options.home ?? stateFolder()
  return async (signal, say) => {
    const deadline = performance.now() + patienceMs
    let launchAfter = 0
    // While a build is being made, the program beside us may be older than we are: a daemon of our own starting is
    // used as it is, or it would be replaced by its like again and again.
    let mayReplace = true
    for (let wait = 5; ; wait = Math.min(200, wait * 2)) {
      signal.throwIfAborted()
      const launcher = mayReplace ? options.launcher : null
      const result = await attempt({ ...options, launcher }, home, signal)
      const now = performance.now()
      if (!(result instanceof Failure)) {
        if (!replaces(launcher, result.daemon)) return result
        say(`the older daemon ${result.daemon.version} to hand over`)
        await handOver(result, signal)
        launchAfter = 0
      } else if (options.launcher === null || result.code !== 'daemon-unreachable' || now > deadline) {
        throw result
      } else if (now >= launchAfter) {
        say('the daemon to start')
        // Another one may hold the folder: on its way up it will answer soon, on its way down it frees the lock.
        launchAfter = now + relaunchMs
        if ((await launch(options.launcher, home)) === 'ready') {
          mayReplace = false
          continue
        }
      }
      await delay(wait, undefined, { signal })
    }
  }
}

interface Found {
  readonly daemon: DaemonFile
  readonly token: string
}

function find(home: string): Found | Failure {
  const paths = statePaths(home)
  try {
    const daemon = JSON.parse(readFileSync(paths.daemonFile, 'utf8')) as DaemonFile
    return { daemon, token: readFileSync(paths.token, 'utf8').trim() }
  } catch (error) {
    return new Failure('daemon-unreachable', `No daemon runs for ${home}`, { cause: error })
  }
}

async function attempt(
  options: LocalOptions,
  home: string,
  signal: AbortSignal,
): Promise<Connected | Failure> {
  const found = find(home)
  if (found instanceof Failure) return found
  const result = await open(found, options.client, signal)
  if (!(result instanceof Failure)) return result
  if (result.code === 'unauthenticated') {
    // A daemon that was starting just then has a new token by now.
    const again = find(home)
    if (!(again instanceof Failure) && again.token !== found.token) return attempt(options, home, signal)
  }
  if (result.code === 'daemon-incompatible' && replaces(options.launcher, found.daemon)) {
    return open(found, options.client, signal, found.daemon.protocol)
  }
  return result
}

async function open(
  { daemon, token }: Found,
  client: string,
  signal: AbortSignal,
  protocol?: number,
): Promise<Connected | Failure> {
  const spoken = protocol === undefined ? {} : { protocol }
  try {
    return await openSocket({ socket: daemon.socket, token, client, ...spoken }, signal)
  } catch (error) {
    if (error instanceof Failure) return error
    return new Failure('daemon-unreachable', messageOf(error), { cause: error })
  }
}

/** Whether we are newer and could start the daemon of our own build in its place. */
const replaces = (
  launcher: DaemonLauncher | null,
  daemon: { readonly version: string; readonly build: string },
): boolean => launcher !== null && isNewer(build, { version: daemon.version, id: daemon.build })

/**
 * Asks an older daemon to stop and waits until it has closed the connection; what it runs goes on.
 * @throws Failure with its reason when it refuses, or `timeout`.
 */
function handOver({ socket }: Connected, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (failure?: unknown): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      socket.removeAllListeners('close')
      socket.terminate()
      if (failure === undefined) resolve()
      else reject(failure)
    }
    const abort = () => end(signal.reason)
    const timer = setTimeout(
      () => end(new Failure('timeout', `The older daemon did not stop within ${patienceMs / 1000} s`)),
      patienceMs,
    )
    signal.addEventListener('abort', abort)
    socket.once('close', () => end())
    socket.on('message', (data: Buffer) => {
      const { id, error } = JSON.parse(data.toString('utf8')) as { id?: unknown; error?: RpcError }
      if (id === 0 && error !== undefined) end(failureOf(error))
    })
    socket.resume()
    const params = { version: build.version, build: build.id }
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'daemon.handover', params }))
  })
}
