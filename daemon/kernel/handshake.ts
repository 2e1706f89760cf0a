import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { protocolVersion } from '#contract/protocol.ts'
import { Failure } from '#base/failure.ts'
import { headers, rpcPath } from '#base/wire.ts'
import { tokenPattern, type Authenticate } from './auth.ts'
import type { Caller } from './execute.ts'

/** What one listener accepts. */
export interface HandshakePolicy {
  /** Exact values of the Host header. */
  readonly hosts: ReadonlySet<string>
  readonly authenticate: Authenticate
  /** The same for plain questions, which programs ask again and again. */
  readonly authenticateAgain: Authenticate
  /** Names the peer for the audit trail: `local`, or its IP address. */
  readonly address: (request: IncomingMessage) => string
}

/** The values of a header as it stood on the wire: Node merges or drops repeated ones. */
function rawValues(request: IncomingMessage, name: string): string[] {
  const values: string[] = []
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    if (request.rawHeaders[i]?.toLowerCase() === name) values.push(request.rawHeaders[i + 1] ?? '')
  }
  return values
}

/** A program's name for the audit trail. A word as long as a token is none. */
const clientName = /^(?!.*[\w-]{40})[\w.@/ +()-]{1,80}$/
/** 16 bytes in base64 (RFC 6455, section 4.1). */
const webSocketKey = /^[A-Za-z0-9+/]{22}==$/
/** How long a refused peer may take to read why. */
const lingerMs = 1000
/** And how many bytes are still taken from it meanwhile. */
const mostThrownAway = 256 * 1024

/**
 * Decides on an upgrade before anything of it is answered. Refused: any Origin or Referer (only a browser
 * sends them), another Host, another path, a query string, a missing, repeated or wrong token.
 * @returns who calls, or why not.
 */
export async function examine(request: IncomingMessage, policy: HandshakePolicy): Promise<Caller | Failure> {
  const refused = strange(request, policy.hosts) ?? noUpgrade(request)
  if (refused !== undefined) return refused
  const caller = await callerOf(request, policy, policy.authenticate)
  if (caller instanceof Failure) return caller
  const spoken = rawValues(request, headers.protocol)[0] ?? 'none'
  if (spoken !== String(protocolVersion)) {
    return new Failure(
      'daemon-incompatible',
      `The client speaks protocol ${spoken.slice(0, 20)}, this daemon speaks ${protocolVersion}`,
    )
  }
  return caller
}

/** Decides on a plain question in the same way: no web page, our own name, one right token. @returns as {@link examine}. */
export async function examinePlain(
  request: IncomingMessage,
  policy: HandshakePolicy,
): Promise<Caller | Failure> {
  return strange(request, policy.hosts) ?? callerOf(request, policy, policy.authenticateAgain)
}

async function callerOf(
  request: IncomingMessage,
  policy: HandshakePolicy,
  authenticate: Authenticate,
): Promise<Caller | Failure> {
  const authorization = rawValues(request, 'authorization')
  const token = /^Bearer ([A-Za-z0-9_-]+)$/.exec(authorization[0] ?? '')?.[1] ?? ''
  if (authorization.length !== 1 || !tokenPattern.test(token)) {
    return new Failure('unauthenticated', 'The handshake carries no valid token')
  }
  const client = rawValues(request, headers.client)[0] ?? 'unknown'
  return authenticate(token, {
    client: clientName.test(client) ? client : 'unknown',
    address: policy.address(request),
  })
}

/** Why whoever asks is not who may. */
function strange(request: IncomingMessage, hosts: ReadonlySet<string>): Failure | undefined {
  if (rawValues(request, 'origin').length > 0 || rawValues(request, 'referer').length > 0) {
    return new Failure('forbidden', 'Requests from web pages are refused')
  }
  const host = rawValues(request, 'host')
  if (host.length !== 1 || !hosts.has(host[0] ?? ''))
    return new Failure('forbidden', 'The Host header is wrong')
  if (request.method !== 'GET') return new Failure('forbidden', 'Only a WebSocket upgrade is answered here')
  return undefined
}

/** Why it is no upgrade that is answered here. */
function noUpgrade(request: IncomingMessage): Failure | undefined {
  if (request.url !== rpcPath)
    return new Failure('not-found', `Only ${rpcPath} is answered here, without a query`)
  const upgrade = rawValues(request, 'upgrade')
  const version = rawValues(request, 'sec-websocket-version')
  const key = rawValues(request, 'sec-websocket-key')
  if (
    request.httpVersion !== '1.1' ||
    upgrade.length !== 1 ||
    upgrade[0]?.toLowerCase() !== 'websocket' ||
    version.length !== 1 ||
    version[0] !== '13' ||
    key.length !== 1 ||
    !webSocketKey.test(key[0] ?? '')
  ) {
    return new Failure('forbidden', 'Only a WebSocket upgrade is answered here')
  }
  return undefined
}

const statusOf = (failure: Failure): number => {
  if (failure.code === 'unauthenticated') return 401
  if (failure.code === 'login-throttled') return 429
  if (failure.code === 'not-found') return 404
  if (failure.code === 'daemon-incompatible') return 426
  if (failure.code === 'overloaded') return 503
  return 403
}

/**
 * Answers a refused handshake with its code as JSON. Our client can read it; a web page cannot, for it sees
 * nothing of why its WebSocket failed.
 */
export function refuse(socket: Duplex, failure: Failure): void {
  const body = JSON.stringify({ error: { code: failure.code, message: failure.message, hint: failure.hint } })
  answer(socket, statusOf(failure), body)
}

/** Answers anything but a handshake. A page that took our name (DNS rebinding) could read a body, so there is none. */
export function refuseInSilence(socket: Duplex, failure?: Failure): void {
  answer(socket, failure === undefined ? 403 : statusOf(failure), '')
}

function answer(socket: Duplex, status: number, body: string): void {
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nX-Content-Type-Options: nosniff\r\n` +
      `Cache-Control: no-store\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  // What it still sends is thrown away: unread bytes would turn the end into a reset that takes the answer with it.
  let thrownAway = 0
  socket.on('data', (bytes: Buffer) => {
    thrownAway += bytes.length
    if (thrownAway > mostThrownAway) socket.destroy()
  })
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  timer.unref()
  socket.once('close', () => clearTimeout(timer))
}
