import type { IncomingMessage } from 'node:http'
import { connect as connectSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { isErrorCode } from '#contract/errors.ts'
import { protocolVersion } from '#contract/protocol.ts'
import { Failure, messageOf, systemCode } from '#base/failure.ts'
import { headers, largestResponse, localHost, rpcPath } from '#base/wire.ts'
import type { DaemonIdentity } from './client.ts'

/** An authenticated connection and who is at its other end. */
export interface Connected {
  readonly socket: WebSocket
  /** What it runs over. */
  readonly wire: Duplex
  readonly daemon: DaemonIdentity
}

/** Where and as whom to connect. */
export type Endpoint = {
  readonly token: string
  readonly client: string
  /** The protocol to speak instead of our own: an older daemon's, to ask it to hand over. */
  readonly protocol?: number
} & (
  | { readonly socket: string }
  /** `wss://host:port`, with the PEM text of the authority its certificate is from where that is a private one. */
  | { readonly url: string; readonly ca?: string }
)

const handshakeMs = 10_000
const busyTries = 50
const busyPauseMs = 20

/**
 * Opens one WebSocket with the handshake of the daemon's door. It comes paused: its owner puts listeners on and
 * calls `resume()`, so that nothing is lost that came with the handshake.
 * @throws Failure `daemon-unreachable`, or the code of the daemon's refusal.
 */
export async function openSocket(endpoint: Endpoint, signal: AbortSignal): Promise<Connected> {
  for (let tries = busyTries; ; tries--) {
    try {
      return await openOnce(endpoint, signal)
    } catch (error) {
      // So many connect at this moment that the system's queue for the socket is full (connect(2)).
      const busy = error instanceof Failure && systemCode(error.cause) === 'EAGAIN'
      if (!busy || tries === 0) throw error
      await delay(busyPauseMs, undefined, { signal })
    }
  }
}

function openOnce(endpoint: Endpoint, signal: AbortSignal): Promise<Connected> {
  const base = {
    perMessageDeflate: false,
    maxPayload: largestResponse,
    handshakeTimeout: handshakeMs,
    headers: {
      authorization: `Bearer ${endpoint.token}`,
      [headers.protocol]: String(endpoint.protocol ?? protocolVersion),
      [headers.client]: endpoint.client,
    },
  }
  const socket =
    'socket' in endpoint
      ? // VS Code sends what looks like a network address through its proxy settings, and then this would never
        // reach a socket. The name in this address is for that only: the path may hold what no address can.
        new WebSocket(`ws+unix:socket:${rpcPath}`, {
          ...base,
          headers: { ...base.headers, host: localHost },
          createConnection: () => connectSocket(endpoint.socket),
        })
      : new WebSocket(new URL(rpcPath, endpoint.url), {
          ...base,
          ...(endpoint.ca === undefined ? {} : { ca: endpoint.ca }),
        })
  const where = 'socket' in endpoint ? endpoint.socket : endpoint.url
  return new Promise((resolve, reject) => {
    let daemon: DaemonIdentity | undefined
    let wire: Duplex | undefined
    const abort = () => socket.terminate()
    signal.addEventListener('abort', abort, { once: true })
    socket.on('upgrade', (response) => {
      daemon = identityOf(response)
      wire = response.socket
    })
    socket.once('open', () => {
      signal.removeEventListener('abort', abort)
      if (daemon === undefined || wire === undefined) {
        socket.terminate()
        return reject(new Failure('daemon-incompatible', `${where} is not a Quantum Admin daemon`))
      }
      socket.pause()
      resolve({ socket, wire, daemon })
    })
    socket.on('unexpected-response', (_request, response) => {
      signal.removeEventListener('abort', abort)
      void refusalOf(response, where).then((failure) => {
        socket.terminate()
        reject(failure)
      })
    })
    socket.on('error', (error) => {
      signal.removeEventListener('abort', abort)
      reject(unreachable(error, where))
    })
  })
}

function unreachable(error: unknown, where: string): Failure {
  const code = systemCode(error)
  const reason =
    code === 'ENOENT' || code === 'ECONNREFUSED'
      ? `nothing listens at ${where}`
      : `${where}: ${messageOf(error)}`
  return new Failure('daemon-unreachable', `The daemon cannot be reached: ${reason}`, { cause: error })
}

function identityOf(response: IncomingMessage): DaemonIdentity | undefined {
  const text = (name: string) => {
    const value = response.headers[name]
    return typeof value === 'string' ? value : ''
  }
  if (!/^\d{1,9}$/.test(text(headers.protocol))) return undefined
  return {
    protocol: Number(text(headers.protocol)),
    version: text(headers.version),
    build: text(headers.build),
    pid: Number(text(headers.pid)),
  }
}

async function refusalOf(response: IncomingMessage, where: string): Promise<Failure> {
  let body = ''
  try {
    for await (const chunk of response) {
      body += String(chunk)
      if (body.length > 4096) break
    }
    const { error } = JSON.parse(body) as { error?: { code?: unknown; message?: unknown; hint?: unknown } }
    if (error !== undefined && isErrorCode(error.code)) {
      return new Failure(
        error.code,
        String(error.message),
        typeof error.hint === 'string' ? { hint: error.hint } : {},
      )
    }
  } catch (error) {
    return new Failure(
      'daemon-unreachable',
      `${where} answered ${response.statusCode}, which no daemon of ours does`,
      { cause: error },
    )
  }
  return new Failure(
    'daemon-unreachable',
    `${where} answered ${response.statusCode}, which no daemon of ours does`,
  )
}
