import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import { contract, type MethodName } from '#contract/index.ts'
import { topics, type Topic } from '#contract/system.ts'
import { systemClock } from '#base/clock.ts'
import { randomId } from '#base/ids.ts'
import { Failure } from '#base/failure.ts'
import { Lifetime } from '#base/lifetime.ts'
import { localHost } from '#base/wire.ts'
import type { Client } from '#client/client.ts'
import { RpcClient } from '#client/rpc-client.ts'
import { openSocket } from '#client/transport.ts'
import { hashToken, newToken, sameToken } from '../../daemon/kernel/auth.ts'
import { Events } from '../../daemon/kernel/events.ts'
import {
  createExecutor,
  type CallContext,
  type Caller,
  type Change,
  type Handlers,
} from '../../daemon/kernel/execute.ts'
import { createListener, type Listener } from '../../daemon/kernel/listener.ts'
import { RpcServer } from '../../daemon/kernel/rpc-server.ts'
import { MemoryTrail } from './change.ts'
import type { TestCertificate } from './tls.ts'

type Handler = (params: never, context: CallContext) => unknown

/** The daemon's door with handlers of the test behind it: listener, handshake, RPC and `execute` are the real ones. */
export interface TestDoor {
  readonly socket: string
  /** Of the TLS listener; 0 without one. */
  readonly port: number
  readonly token: string
  /** Names of the methods whose handler was entered, in order. */
  readonly entered: string[]
  /** Messages of the daemon's own log. */
  readonly logged: string[]
  readonly trail: MemoryTrail
  readonly events: Events
  readonly rpc: RpcServer
  /** What a topic's revision is; a test sets it and calls `events.changed`. */
  readonly revisions: Map<Topic, string>
  /** Open connections. */
  count(): number
  /** Requests that came as far as the door, upgrades or not. */
  knocks(): number
  /** One connection, which fails instead of trying again. */
  client(): Client
  /** The WebSocket itself, for what no client of ours does. */
  webSocket(): Promise<WebSocket>
  dispose(): Promise<void>
}

export interface DoorOptions {
  readonly handlers?: { readonly [M in MethodName]?: Handler }
  readonly caller?: Partial<Caller>
  readonly tls?: TestCertificate
  /** Keeps socket and token, so that a client finds the next door in the place of the last. */
  readonly at?: { readonly folder: string; readonly token: string }
}

/** Opens a door on a Unix socket, and on loopback over TLS where a certificate is given. */
export async function openDoor(options: DoorOptions = {}): Promise<TestDoor> {
  const folder = options.at?.folder ?? mkdtempSync(path.join(tmpdir(), 'qa-door-'))
  const socket = path.join(folder, 'daemon.sock')
  const token = options.at?.token ?? newToken()
  const entered: string[] = []
  const logged: string[] = []
  const trail = new MemoryTrail()
  const events = new Events()
  const revisions = new Map<Topic, string>()
  for (const topic of topics) events.source(topic, () => revisions.get(topic) ?? 'r0')
  const lifetime = new Lifetime()
  const subscribe = ({ topics: wanted }: { readonly topics: readonly Topic[] }, context: CallContext) =>
    events.subscribe(context.connection, wanted)
  const handlers = recording(entered, { 'events.subscribe': subscribe, ...options.handlers })
  const execute = createExecutor({ handlers, trail, clock: systemClock })
  const log = { write: (_level: string, message: string) => void logged.push(message) }
  let count = 0
  let knocks = 0
  const rpc = new RpcServer({ execute, events, log, newId: randomId })
  rpc.onCount = (open) => (count = open)

  const hash = hashToken(token)
  const caller: Caller = {
    id: 'ana',
    name: 'ana',
    client: 't',
    address: 'local',
    role: 'admin',
    ...options.caller,
  }
  const authenticate = (given: string) =>
    sameToken(given, hash) ? caller : new Failure('unauthenticated', 'The token is not the one of this start')
  const hosts = new Set([localHost])
  const open = async (tls?: TestCertificate): Promise<Listener> => {
    const listener = createListener({
      policy: { hosts, address: () => 'local', authenticate, authenticateAgain: authenticate },
      ...(tls === undefined
        ? {}
        : { tls: { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) } }),
      onAccepted: (accepted) => rpc.serve(accepted),
    })
    lifetime.own(listener)
    for (const event of ['request', 'upgrade'] as const) listener.server.on(event, () => knocks++)
    listener.server.listen(tls === undefined ? { path: socket } : { host: '127.0.0.1', port: 0 })
    await once(listener.server, 'listening')
    return listener
  }
  await open()
  const port =
    options.tls === undefined ? 0 : ((await open(options.tls)).server.address() as AddressInfo).port
  if (port !== 0) hosts.add(`localhost:${port}`)
  lifetime.own(rpc)
  const connect = (signal: AbortSignal) => openSocket({ socket, token, client: 'test/0' }, signal)
  return {
    socket,
    port,
    token,
    entered,
    logged,
    trail,
    events,
    rpc,
    revisions,
    count: () => count,
    knocks: () => knocks,
    client: () => new RpcClient(connect, false),
    webSocket: async () => (await connect(new AbortController().signal)).socket,
    dispose: async () => {
      await lifetime.dispose()
      if (options.at === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}

function recording(entered: string[], given: NonNullable<DoorOptions['handlers']>): Handlers {
  const handlers = Object.keys(contract).map((name) => {
    const handler = given[name as MethodName]
    const run = (params: unknown, second: Change | CallContext, third?: CallContext) => {
      entered.push(name)
      const context = third ?? (second as CallContext)
      return handler?.(params as never, context) ?? null
    }
    return [name, run] as const
  })
  return Object.fromEntries(handlers) as unknown as Handlers
}

/** Waits until something holds. @throws Error naming it when it does not within the time. */
export async function until(what: string, holds: () => boolean, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${what}`)
    await sleep(5)
  }
}
