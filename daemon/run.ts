import { readFileSync, rmSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { protocolVersion } from '#contract/protocol.ts'
import { isoTime, systemClock } from '#base/clock.ts'
import { asFailure, Failure, messageOf, systemCode } from '#base/failure.ts'
import { Lifetime } from '#base/lifetime.ts'
import { socketPath, stateFolder, statePaths, type DaemonFile, type StatePaths } from '#base/state-paths.ts'
import { build } from '#base/version.ts'
import { localHost } from '#base/wire.ts'
import { removeLeftovers, secureSocket, secureStateFolder } from './adapters/files/state-folder.ts'
import { replaceFile } from './adapters/files/write-file.ts'
import type * as behindTheDoor from './composition.ts'
import { hashToken, localAdmin, newToken, sameToken, type Authenticate } from './kernel/auth.ts'
import { createListener, type Accepted } from './kernel/listener.ts'
import type { PageAt } from './kernel/page.ts'
import { takeInstanceLock } from './store/instance-lock.ts'

/** Where `daemon run --listen` listens for teams. */
export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly certFile: string
  readonly keyFile: string
  /** Allows an address that means every interface. */
  readonly public: boolean
}

/**
 * What grew in a flood of requests is collected once there is a quarter more of it, not after it has doubled. With this
 * on the command line V8 would refuse the compiled code of Node's own modules, and a start would take a third longer.
 */
const heapGrowth = '--heap-growing-percent=25'
/** How long a daemon that cannot serve goes on saying why. */
const lateMs = 20

/** A daemon that runs. `stopped` settles after everything was let go of. */
export interface RunningDaemon {
  readonly paths: StatePaths
  readonly socket: string
  readonly stopped: Promise<void>
  stop(): void
}

/**
 * Starts the daemon of a state folder. First only what a handshake needs (folder, lock, token, socket), then
 * everything else; whoever connects in between is served as soon as it is there.
 * @returns null when another daemon holds the folder.
 * @throws Failure when the folder, the store, the settings or the listening address cannot be used.
 */
export async function startDaemon(listen: ListenOptions | null): Promise<RunningDaemon | null> {
  process.umask(0o077)
  delete process.env['MALLOC_ARENA_MAX']
  const paths = statePaths(stateFolder())
  secureStateFolder(paths)
  const lifetime = new Lifetime()
  const lock = takeInstanceLock(paths.lock)
  if (lock === null) return null
  lifetime.own(lock)
  try {
    return await startLocked(paths, lifetime, listen)
  } catch (error) {
    await lifetime.dispose()
    throw error
  }
}

async function startLocked(
  paths: StatePaths,
  lifetime: Lifetime,
  listen: ListenOptions | null,
): Promise<RunningDaemon> {
  removeLeftovers(paths)
  const startedAt = isoTime(systemClock.now())
  const socket = socketPath(paths.home)
  const waiting: Accepted[] = []
  let accept = (accepted: Accepted): void => {
    accepted.socket.pause()
    waiting.push(accepted)
  }
  let page: PageAt = () => null
  await openLocalDoor(
    paths,
    socket,
    lifetime,
    (accepted) => accept(accepted),
    (path) => page(path),
  )
  const describe = (url: string | null) => {
    const file: DaemonFile = {
      pid: process.pid,
      startedAt,
      version: build.version,
      build: build.id,
      protocol: protocolVersion,
      socket,
      url,
    }
    replaceFile(paths.daemonFile, `${JSON.stringify(file)}\n`, 'of this start')
  }
  describe(null)
  lifetime.onDispose(() => removeOwn(paths))
  const stopping = Promise.withResolvers<void>()
  let composition: behindTheDoor.Composition
  try {
    const { compose } = await loadComposition()
    composition = lifetime.own(
      await compose({ paths, socket, startedAt, listen, stop: () => stopping.resolve() }),
    )
  } catch (error) {
    const failure = asFailure(error)
    accept = (accepted) => sayWhy(accepted, failure)
    for (const accepted of waiting) accept(accepted)
    // Whoever knocked while modules were loaded, which blocks, comes through the door only now.
    await new Promise((resolve) => setTimeout(resolve, lateMs))
    throw error
  }
  setFlagsFromString(heapGrowth)
  if (composition.url !== null) describe(composition.url)
  accept = (accepted) => composition.serve(accepted)
  page = composition.page
  for (const accepted of waiting.splice(0)) {
    composition.serve(accepted)
    accepted.socket.resume()
  }
  const stopped = stopping.promise.then(() => lifetime.dispose())
  return { paths, socket, stopped, stop: () => stopping.resolve() }
}

/** What is behind the door, in parts that take some milliseconds each. */
const parts: readonly (() => Promise<unknown>)[] = [
  () => import('#contract/index.ts'),
  () => import('./store/open.ts'),
  () => import('./capabilities/audit/audit-service.ts'),
  () => import('./adapters/docker/docker-engine.ts'),
]
/** A handshake is a connection, its bytes and its answer. */
const turnsOfHandshake = 4

/** While a module is loaded nobody is heard, so between the parts whoever knocks is answered. */
async function loadComposition(): Promise<typeof behindTheDoor> {
  for (const load of parts) {
    for (let turn = 0; turn < turnsOfHandshake; turn++) await new Promise((resolve) => setImmediate(resolve))
    await load()
  }
  return import('./composition.ts')
}

/** Ends a connection that came before it was known that there is nothing to serve it with. */
function sayWhy({ socket }: Accepted, failure: Failure): void {
  // A close reason holds at most 123 bytes (RFC 6455, section 5.5), and no half of a character.
  const reason = Buffer.from(`${failure.code}: ${failure.message}`).subarray(0, 120).toString('utf8')
  socket.close(1011, reason.replace(/\ufffd+$/, ''))
  socket.resume()
}

async function openLocalDoor(
  paths: StatePaths,
  socket: string,
  lifetime: Lifetime,
  onAccepted: (accepted: Accepted) => void,
  page: PageAt,
): Promise<void> {
  const token = newToken()
  const hash = hashToken(token)
  replaceFile(paths.token, `${token}\n`, 'of this start')
  secureSocket(socket)
  const authenticate: Authenticate = (given, { client }) =>
    sameToken(given, hash)
      ? localAdmin(client)
      : new Failure('unauthenticated', 'The token is not the one of this start')
  const listener = createListener({
    policy: {
      hosts: new Set([localHost]),
      address: () => 'local',
      authenticate,
      authenticateAgain: authenticate,
    },
    onAccepted,
    page,
  })
  lifetime.own(listener)
  await new Promise<void>((resolve, reject) => {
    listener.server.once('error', (error) => {
      reject(
        new Failure('store-unavailable', `The socket ${socket} cannot be opened: ${messageOf(error)}`, {
          cause: error,
        }),
      )
    })
    listener.server.listen({ path: socket, backlog: 511 }, () => resolve())
  })
}

/** Removes what names this daemon, unless another one has written its own meanwhile. */
function removeOwn(paths: StatePaths): void {
  try {
    const { pid } = JSON.parse(readFileSync(paths.daemonFile, 'utf8')) as DaemonFile
    if (pid !== process.pid) return
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    throw error
  }
  rmSync(paths.daemonFile, { force: true })
  rmSync(paths.token, { force: true })
}
