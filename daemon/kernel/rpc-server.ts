import {
  createJSONRPCErrorResponse,
  JSONRPCServer,
  type JSONRPCRequest,
  type JSONRPCResponse,
} from 'json-rpc-2.0'
import type { WebSocket } from 'ws'
import { contract } from '#contract/index.ts'
import { errorKinds, type ErrorData } from '#contract/errors.ts'
import { Failure, messageOf } from '#base/failure.ts'
import type { NewId } from '#base/ids.ts'
import type { Owned } from '#base/lifetime.ts'
import { notifications } from '#base/wire.ts'
import { Connection } from './connection.ts'
import type { Events } from './events.ts'
import type { Caller, CallContext, Execute } from './execute.ts'
import type { OwnLog } from './own-log.ts'

const mostInFlight = 256
/** A connection is looked at this often for a peer that no longer reads. */
const sweepMs = 1000

/** Speaks JSON-RPC 2.0 with every accepted connection; all calls go through `execute`. */
export class RpcServer implements Owned {
  readonly #connections = new Set<Connection>()
  readonly #deps: {
    readonly execute: Execute
    readonly events: Events
    readonly log: OwnLog
    readonly newId: NewId
  }
  readonly #rpc = new JSONRPCServer<Connection>()
  readonly #sweep: NodeJS.Timeout
  /** Told after the number of connections changed. */
  onCount: (count: number) => void = () => {}

  constructor(deps: {
    readonly execute: Execute
    readonly events: Events
    readonly log: OwnLog
    readonly newId: NewId
  }) {
    this.#deps = deps
    for (const name of Object.keys(contract)) {
      this.#rpc.addMethodAdvanced(name, (request, connection) => this.#call(name, request, connection))
    }
    this.#sweep = setInterval(() => {
      for (const connection of this.#connections) connection.sweep()
    }, sweepMs)
    this.#sweep.unref()
  }

  /** Serves a connection until it ends. */
  serve(socket: WebSocket, caller: Caller): void {
    const connection = new Connection(this.#deps.newId(), socket, caller, {
      message: (text) => this.#receive(connection, text),
      drained: () => this.#deps.events.drained(connection),
      closed: () => {
        this.#connections.delete(connection)
        this.#deps.events.disconnect(connection)
        this.onCount(this.#connections.size)
      },
    })
    this.#connections.add(connection)
    this.#deps.events.connect(connection)
    this.onCount(this.#connections.size)
  }

  /** Ends every connection with the WebSocket code for a service restart (RFC 6455 registry, 1012). */
  dispose(): void {
    clearInterval(this.#sweep)
    for (const connection of this.#connections) connection.close(1012, 'The daemon is stopping')
  }

  /** Ends what one user has open, as after its token was revoked. */
  disconnectUser(id: string): void {
    for (const connection of this.#connections)
      if (connection.caller.id === id) connection.close(1008, 'Access was withdrawn')
  }

  #receive(connection: Connection, text: string): void {
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      return connection.send(
        JSON.stringify(createJSONRPCErrorResponse(null, -32700, 'The frame is not JSON')),
      )
    }
    const problem = badRequest(message)
    if (problem !== undefined)
      return connection.send(JSON.stringify(errorResponse(null, new Failure('invalid-request', problem))))
    const request = message as JSONRPCRequest
    if (request.id === undefined) return this.#notified(connection, request)
    const id = request.id as string | number
    if (connection.inFlight.has(id)) {
      return connection.send(
        JSON.stringify(
          errorResponse(id, new Failure('invalid-request', `The id ${JSON.stringify(id)} is in use`)),
        ),
      )
    }
    if (connection.inFlight.size >= mostInFlight) {
      return connection.send(
        JSON.stringify(
          errorResponse(id, new Failure('overloaded', `More than ${mostInFlight} calls are under way`)),
        ),
      )
    }
    connection.inFlight.set(id, new AbortController())
    this.#rpc.receive(request, connection).then(
      (response) => this.#answer(connection, id, response),
      (error: unknown) => this.#answer(connection, id, this.#hidden(id, error)),
    )
  }

  /** A notification has no answer, so nothing but a cancellation may come as one: a command would go unseen. */
  #notified(connection: Connection, request: JSONRPCRequest): void {
    if (request.method !== notifications.cancel) return
    const id: unknown = request.params?.id
    if (typeof id === 'string' || typeof id === 'number') {
      connection.inFlight.get(id)?.abort(new Failure('cancelled', 'The caller cancelled the call'))
    }
  }

  #answer(connection: Connection, id: string | number, response: JSONRPCResponse | null): void {
    connection.inFlight.delete(id)
    if (response !== null) connection.send(JSON.stringify(response))
  }

  async #call(name: string, request: JSONRPCRequest, connection: Connection): Promise<JSONRPCResponse> {
    const id = request.id as string | number
    try {
      const result = await this.#deps.execute(name, request.params, this.#context(connection, id))
      return { jsonrpc: '2.0', id, result: result ?? null }
    } catch (error) {
      return this.#hidden(id, error)
    }
  }

  #context(connection: Connection, id: string | number): CallContext {
    const signal = connection.inFlight.get(id)?.signal ?? AbortSignal.abort()
    const notify = (method: string, params: unknown) =>
      connection.send(JSON.stringify({ jsonrpc: '2.0', method, params }))
    return {
      caller: connection.caller,
      connection: connection.id,
      signal,
      progress: (message, percent) =>
        notify(notifications.progress, { id, message, percent: percent ?? null }),
      emit: async (piece) => {
        await connection.writable(signal)
        notify(notifications.piece, { id, piece })
      },
    }
  }

  /** What can be explained goes out; a bug goes to the log under an incident id, and only the id goes out. */
  #hidden(id: string | number, error: unknown): JSONRPCResponse {
    if (error instanceof Failure) return errorResponse(id, error)
    const incident = this.#deps.newId()
    const stack = error instanceof Error ? error.stack : undefined
    this.#deps.log.write('error', `Unexpected error: ${messageOf(error)}`, { incident, stack })
    return errorResponse(id, new Failure('internal', `Something unexpected happened (incident ${incident})`))
  }
}

function errorResponse(id: string | number | null, failure: Failure): JSONRPCResponse {
  const data: ErrorData = { code: failure.code, hint: failure.hint }
  return createJSONRPCErrorResponse(id, errorKinds[failure.code].rpc, failure.message, data)
}

/** Why a parsed frame is no request of ours, or undefined when it is one (JSON-RPC 2.0, section 4). */
function badRequest(message: unknown): string | undefined {
  if (Array.isArray(message)) return 'Batches are not taken'
  if (typeof message !== 'object' || message === null) return 'A request is an object'
  const { jsonrpc, method, id, params } = message as Record<string, unknown>
  if (jsonrpc !== '2.0') return 'jsonrpc must be "2.0"'
  if (typeof method !== 'string') return 'method must be a string'
  if (id !== undefined && typeof id !== 'number' && typeof id !== 'string')
    return 'id must be a string or a number'
  if (typeof id === 'string' && id.length > 100) return 'id is too long'
  if (params !== undefined && (typeof params !== 'object' || params === null || Array.isArray(params)))
    return 'params must be an object'
  return undefined
}
