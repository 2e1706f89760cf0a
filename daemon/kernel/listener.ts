import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { protocolVersion } from '#contract/system.ts'
import { Failure, messageOf } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import { build } from '#base/version.ts'
import { headers, largestRequest } from '#base/wire.ts'
import type { Caller } from './execute.ts'
import { examine, refuse, type HandshakePolicy } from './handshake.ts'

/** A connection that has proven who it is. */
export interface Accepted {
  readonly socket: WebSocket
  readonly caller: Caller
}

/** Handshakes under way at once; more than this many wait for nobody and the oldest gives way. */
const mostPending = 256
const handshakeMs = 5000

/** A server that answers nothing but authenticated WebSocket upgrades. */
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
      : createTlsServer({
          ...http,
          cert: options.tls.cert,
          key: options.tls.key,
          minVersion: 'TLSv1.2',
          handshakeTimeout: handshakeMs,
        })
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
  const pending = new Set<Duplex>()
  server.on('connection', (socket: Duplex) => {
    pending.add(socket)
    socket.once('close', () => pending.delete(socket))
    const [oldest] = pending
    if (pending.size > mostPending && oldest !== undefined) oldest.destroy()
  })
  server.on('request', (_request, response) => {
    response.shouldKeepAlive = false
    refuse(
      response.socket ?? _request.socket,
      new Failure('forbidden', 'Only a WebSocket upgrade is answered here'),
    )
  })
  server.on('clientError', (_error, socket) => socket.destroy())
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    void accept(request, socket, head).catch((error: unknown) => {
      refuse(socket, new Failure('internal', messageOf(error)))
    })
  })
  async function accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const caller = await examine(request, options.policy)
    if (caller instanceof Failure) return refuse(socket, caller)
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      // The TLS or plain socket below it is no longer a stranger's.
      pending.delete(request.socket)
      pending.delete(socket)
      options.onAccepted({ socket: accepted, caller })
    })
  }
  return {
    server,
    dispose: () =>
      new Promise((resolve) => {
        for (const socket of pending) socket.destroy()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
