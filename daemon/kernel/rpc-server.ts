import {
  createJSONRPCErrorResponse,
  JSONRPCServer,
  type JSONRPCRequest,
  type JSONRPCResponse,
} from 'json-rpc-2.0'
import { contract, isMethodName, type MethodName } from '#contract/index.ts'
import { errorKinds, type ErrorData } from '#contract/errors.ts'
import { Failure, messageOf } from '#base/failure.ts'
import type { NewId } from '#base/ids.ts'
import type { Owned } from '#base/lifetime.ts'
import { largestResponse, notifications } from '#base/wire.ts'
import { Call } from './call.ts'
import { Connection } from './connection.ts'
import type { Events } from './events.ts'
import type { Execute } from './execute.ts'
import { Intake, type Inbox } from './intake.ts'
import type { Accepted } from './listener.ts'
import type { OwnLog } from './own-log.ts'
import { Turns } from './turns.ts'

const mostInFlight = 256
/** With more calls under way a connection waits its turn behind those with fewer. */
const few = 8
/** A connection is looked at this often for a peer that no longer reads. */
const sweepMs = 1000
/** Calls under way at the end get this long to be answered. */
const lastAnswersMs = 2000
/** In UTF-16 units; even if each takes three bytes, the client's cap is not met. */
const largestAnswer = largestResponse / 3
const stopping = 'The daemon is stopping'

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
  readonly #intake = new Intake(() => performance.now())
  readonly #turns = new Turns(() => performance.now())
  readonly #sweep: NodeJS.Timeout
  #stopping = false
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
      for (const connection of this.#connections) {
        connection.sweep()
        if (Date.now() >= (connection.caller.until ?? Infinity)) withdraw(connection, 'The token expired')
      }
    }, sweepMs)
    this.#sweep.unref()
  }

  /** Serves a connection until it ends. */
  serve({ socket, wire, caller }: Accepted): void {
    if (this.#stopping) return socket.close(1012, stopping)
    // It may have ended while it waited for the daemon to be ready.
    if (socket.readyState !== socket.OPEN) return
    const inbox: Inbox = {
      frames: [],
      take: (text) => this.#receive(connection, text),
      hold: (held) => connection.hold(held),
    }
    const connection = new Connection(
      { id: this.#deps.newId(), socket, wire, caller },
      {
        message: (text) => this.#intake.put(inbox, text),
        drained: () => this.#deps.events.drained(connection),
        closed: () => {
          inbox.frames.length = 0
          this.#connections.delete(connection)
          this.#deps.events.disconnect(connection)
          this.onCount(this.#connections.size)
        },
      },
    )
    this.#connections.add(connection)
    this.#deps.events.connect(connection)
    this.onCount(this.#connections.size)
  }

  /**
   * Takes no more calls, cancels what can be cancelled, lets the answers out, and then ends every connection
   * with the WebSocket code for a service restart (RFC 6455 registry, 1012).
   */
  async dispose(): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    clearInterval(this.#sweep)
    const reason = new Failure('cancelled', stopping)
    for (const connection of this.#connections) connection.abort(reason)
    await this.#answered()
    for (const connection of this.#connections) connection.close(1012, stopping)
  }

  /** Ends what a user or a token, by its id, has open. */
  disconnect(id: string): void {
    for (const connection of this.#connections) {
      const { caller } = connection
      if (caller.id === id || caller.tokenId === id) withdraw(connection, 'Access was withdrawn')
    }
  }

  /** Settles once no call is under way, or after a while: a call that hangs must not keep the daemon alive. */
  async #answered(): Promise<void> {
    const deadline = performance.now() + lastAnswersMs
    while (performance.now() < deadline) {
      if ([...this.#connections].every(({ inFlight }) => inFlight.size === 0)) return
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  #receive(connection: Connection, text: string): void {
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      const data: ErrorData = { code: 'invalid-request', hint: errorKinds['invalid-request'].hint }
      return this.#send(connection, createJSONRPCErrorResponse(null, -32700, 'The frame is not JSON', data))
    }
    const problem = badRequest(message)
    if (problem !== undefined)
      return this.#send(connection, errorResponse(idOf(message), new Failure('invalid-request', problem)))
    const request = message as JSONRPCRequest
    if (request.id === undefined) return this.#notified(connection, request)
    const id = request.id as string | number
    const refused = this.#refusal(connection, id, request.method)
    if (refused !== undefined) return this.#send(connection, errorResponse(id, refused))
    connection.inFlight.set(id, new Call(connection, id))
    const run = () => this.#run(connection, id, request)
    // A command's answer is small, and many at once share one commit; only questions take turns.
    if (contract[request.method as MethodName].kind === 'command') void run()
    else connection.admission.admit(run)
  }

  #refusal(connection: Connection, id: string | number, method: string): Failure | undefined {
    if (connection.inFlight.has(id))
      return new Failure('invalid-request', `The id ${JSON.stringify(id)} is in use`)
    if (!isMethodName(method))
      return new Failure('unknown-method', `There is no method ${JSON.stringify(method.slice(0, 100))}`)
    if (this.#stopping) return new Failure('cancelled', stopping)
    if (connection.inFlight.size >= mostInFlight)
      return new Failure('overloaded', `More than ${mostInFlight} calls are under way`)
    return undefined
  }

  /** A notification has no answer, so nothing but a cancellation may come as one: a command would go unseen. */
  #notified(connection: Connection, request: JSONRPCRequest): void {
    if (request.method !== notifications.cancel) return
    const id: unknown = request.params?.id
    if (typeof id === 'string' || typeof id === 'number') {
      connection.inFlight.get(id)?.abort(new Failure('cancelled', 'The caller cancelled the call'))
    }
  }

  /** Runs one call to its answer. Never rejects. */
  async #run(connection: Connection, id: string | number, request: JSONRPCRequest): Promise<void> {
    let response: JSONRPCResponse | null
    try {
      response = await this.#rpc.receive(request, connection)
    } catch (error) {
      response = this.#hidden(id, error)
    }
    // Whoever reads and asks little goes before those who leave something unread or ask much at once.
    const eager = connection.unread === 0 && connection.inFlight.size <= few
    const later = this.#turns.run(eager, () => {
      connection.inFlight.delete(id)
      if (response !== null) this.#send(connection, response)
    })
    if (later !== undefined) await later
  }

  #send(connection: Connection, response: JSONRPCResponse): void {
    let frame: string
    try {
      frame = JSON.stringify(response)
    } catch (error) {
      return this.#send(connection, this.#hidden(response.id ?? 0, error))
    }
    if (frame.length <= largestAnswer) return connection.send(frame)
    const failure = new Failure('overloaded', 'The answer is too large for one message; ask for less')
    connection.send(JSON.stringify(errorResponse(response.id, failure)))
  }

  #call(name: string, request: JSONRPCRequest, connection: Connection): Promise<JSONRPCResponse> {
    const id = request.id as string | number
    const call = connection.inFlight.get(id) ?? new Call(connection, id)
    return this.#deps.execute(name, request.params, call).then(
      (result) => ({ jsonrpc: '2.0', id, result: result ?? null }),
      (error: unknown) => this.#hidden(id, error),
    )
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

function withdraw(connection: Connection, reason: string): void {
  connection.abort(new Failure('forbidden', reason))
  connection.close(1008, reason)
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
  if (id !== undefined && !isId(id)) return 'id must be a number or a string of at most 100 characters'
  if (params !== undefined && (typeof params !== 'object' || params === null || Array.isArray(params)))
    return 'params must be an object'
  // A command whose `params` are misspelt must not run without them.
  for (const name in message) {
    if (!members.has(name)) return `A request has no member ${JSON.stringify(name.slice(0, 100))}`
  }
  return undefined
}

const members: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params'])

/** A number that JSON cannot write, such as one that was read as infinite, would be answered under another id. */
const isId = (id: unknown): id is string | number =>
  typeof id === 'string' ? id.length <= 100 : typeof id === 'number' && Number.isFinite(id)

/** The id under which a bad request can be answered: null where it has none (JSON-RPC 2.0, section 5). */
function idOf(message: unknown): string | number | null {
  if (typeof message !== 'object' || message === null || !('id' in message)) return null
  return isId(message.id) ? message.id : null
}
