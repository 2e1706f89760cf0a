import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { protocolVersion } from '#contract/protocol.ts'
import { Failure } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import { build } from '#base/version.ts'
import { headers, largestRequest } from '#base/wire.ts'
import type { Caller } from './execute.ts'
import { examine, refuse, refuseInSilence, type HandshakePolicy } from './handshake.ts'
import { answerPage, type PageAt } from './page.ts'

/** A connection that has proven who it is. */
export interface Accepted {
  readonly socket: WebSocket
  /** What it runs over. */
  readonly wire: Duplex
  readonly caller: Caller
}

/** Handshakes under way at once; of more than this many the oldest gives way. Under TLS each holds some 80 KB. */
const mostPending = { plain: 256, tls: 128 } as const
const handshakeMs = 5000
/** How long an accepted peer may take to hang up when the listener ends. */
const closingMs = 600

/** A server that answers nothing but authenticated WebSocket upgrades, and pages where it has some. */
export interface Listener extends Owned {
  readonly server: Server
}

/**
 * Builds a listener, not yet listening. Nothing of a WebSocket is parsed before the handshake was accepted,
 * so an unknown peer costs one small HTTP head, for at most five seconds.
 */
export function createListener(options: {
  readonly policy: HandshakePolicy
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer }
  readonly onAccepted: (accepted: Accepted) => void
  /** What is answered besides handshakes; nothing when left out. */
  readonly page?: PageAt
}): Listener {
  const http = {
    maxHeaderSize: 8 * 1024,
    headersTimeout: handshakeMs,
    requestTimeout: handshakeMs,
    connectionsCheckingInterval: 1000,
    insecureHTTPParser: false,
  }
  const server =
    options.tls === undefined
      ? createServer(http)
      : // Loaded only here: TLS costs some 5 MB, and most daemons serve their own user only.
        process.getBuiltinModule('node:https').createServer({
          ...http,
          cert: options.tls.cert,
          key: options.tls.key,
          minVersion: 'TLSv1.2',
          handshakeTimeout: handshakeMs,
        })
  // Without a cap of its own: a header that was left out could be the one that must not be there.
  server.maxHeadersCount = 0
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: largestRequest,
  })
  sockets.on('headers', (lines) => {
    lines.push(
      `${headers.protocol}: ${protocolVersion}`,
      `${headers.version}: ${build.version}`,
      `${headers.build}: ${build.id}`,
      `${headers.pid}: ${process.pid}`,
    )
  })
  const strangers = new Strangers(options.tls !== undefined)
  const accepted = new Set<Duplex>()
  server.on('connection', (socket: Socket) => strangers.add(socket))
  server.on('secureConnection', (socket: Socket) => strangers.add(socket))
  // One connection that cannot be accepted, as when there are no file descriptors left, is no end of the others.
  server.on('error', () => {})
  server.on('request', (request, response) => {
    response.shouldKeepAlive = false
    const page = options.page?.(request.url ?? '') ?? null
    if (page === null) refuseInSilence(response.socket ?? request.socket)
    else void answerPage(request, response, page, options.policy)
  })
  server.on('clientError', (_error, socket) => socket.destroy())
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    void accept(request, socket, head).catch((error: unknown) => {
      refuse(socket, error instanceof Failure ? error : new Failure('internal', 'The login failed'))
    })
  })
  async function accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const caller = await examine(request, options.policy)
    if (caller instanceof Failure) return refuse(socket, caller)
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      strangers.delete(request.socket)
      // Until it is served nobody else listens for what is wrong with it.
      webSocket.on('error', () => webSocket.terminate())
      accepted.add(socket)
      socket.once('close', () => accepted.delete(socket))
      options.onAccepted({ socket: webSocket, wire: socket, caller })
    })
  }
  return {
    server,
    dispose: () =>
      new Promise((resolve) => {
        strangers.destroy()
        server.close(() => resolve())
        server.closeAllConnections()
        // Their owners have begun to close them; a peer that does not hang up must not keep the daemon alive.
        setTimeout(() => {
          for (const socket of accepted) socket.destroy()
        }, closingMs).unref()
      }),
  }
}

/** The connections that have not proven who they are, oldest first. */
class Strangers {
  readonly #sockets = new Map<Socket | string, Socket>()
  readonly #tls: boolean

  constructor(tls: boolean) {
    this.#tls = tls
  }

  /** Under TLS the same connection comes twice, as a plain socket and as the secure one above it. */
  add(socket: Socket): void {
    const key = this.#keyOf(socket)
    this.#sockets.set(key, socket)
    socket.once('close', () => {
      if (this.#sockets.get(key) === socket) this.#sockets.delete(key)
    })
    if (this.#sockets.size <= (this.#tls ? mostPending.tls : mostPending.plain)) return
    const [oldest] = this.#sockets
    if (oldest === undefined) return
    this.#sockets.delete(oldest[0])
    oldest[1].destroy()
  }

  delete(socket: Socket): void {
    this.#sockets.delete(this.#keyOf(socket))
  }

  destroy(): void {
    for (const socket of this.#sockets.values()) socket.destroy()
  }

  /** Both sockets of a TLS connection know the peer's address; nothing else says that they belong together. */
  #keyOf(socket: Socket): Socket | string {
    return this.#tls ? `${socket.remoteAddress} ${socket.remotePort}` : socket
  }
}
