import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Failure, messageOf } from '#base/failure.ts'
import { stateFolder, statePaths, type DaemonFile } from '#base/state-paths.ts'
import { build, isNewer } from '#base/version.ts'
import { launch, type DaemonLauncher } from './launch.ts'
import type { Connect } from './rpc-client.ts'
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
    for (let wait = 5; ; wait = Math.min(200, wait * 2)) {
      signal.throwIfAborted()
      const result = await attempt(home, options.client, signal)
      const now = performance.now()
      if (!(result instanceof Failure)) {
        if (!replaces(options.launcher, result)) return result
        say(`the older daemon ${result.daemon.version} to hand over`)
        await handOver(result, signal)
        launchAfter = 0
      } else if (options.launcher === null || !worthWaiting(result) || now > deadline) {
        throw result
      } else if (now >= launchAfter) {
        say('the daemon to start')
        // Another one may hold the folder: on its way up it will answer soon, on its way down it frees the lock.
        launchAfter = now + relaunchMs
        if ((await launch(options.launcher, home)) === 'ready') continue
      }
      await delay(wait, undefined, { signal })
    }
  }
}

const worthWaiting = (failure: Failure): boolean =>
  failure.code === 'daemon-unreachable' || failure.code === 'unauthenticated'

async function attempt(home: string, client: string, signal: AbortSignal): Promise<Connected | Failure> {
  const paths = statePaths(home)
  let socket: string
  let token: string
  try {
    socket = (JSON.parse(readFileSync(paths.daemonFile, 'utf8')) as DaemonFile).socket
    token = readFileSync(paths.token, 'utf8').trim()
  } catch (error) {
    return new Failure('daemon-unreachable', `No daemon runs for ${home}`, { cause: error })
  }
  try {
    return await openSocket({ socket, token, client }, signal)
  } catch (error) {
    if (error instanceof Failure) return error
    return new Failure('daemon-unreachable', messageOf(error), { cause: error })
  }
}

const replaces = (launcher: DaemonLauncher | null, { daemon }: Connected): boolean =>
  launcher !== null && isNewer(build, { version: daemon.version, id: daemon.build })

/** Asks an older daemon to stop and waits until it has closed the connection; what it runs goes on. */
function handOver({ socket }: Connected, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve())
    signal.addEventListener('abort', () => socket.terminate(), { once: true })
    const params = { version: build.version, build: build.id }
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'daemon.handover', params }))
    setTimeout(() => socket.terminate(), patienceMs).unref()
  })
}
