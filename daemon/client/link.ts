import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { isErrorCode } from '#contract/errors.ts'
import type { ChangedEvent } from '#contract/system.ts'
import { Failure } from '#base/failure.ts'
import { notifications } from '#base/wire.ts'
import type { CallOptions } from './client.ts'
import { failureOf, type RpcError } from './rpc-error.ts'

interface Pending {
  readonly options: CallOptions
  resolve(result: unknown): void
  reject(failure: Failure): void
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: Record<string, unknown>
  readonly result?: unknown
  readonly error?: RpcError
}

/** The close code of an endpoint that met a condition it cannot serve under (RFC 6455, section 7.4.1). */
const unableToServe = 1011
/** Far below the time after which the daemon cuts a peer that reads nothing. */
const longestHoldMs = 1000
/** A daemon that does not answer the closing handshake within this is left without it. */
const closingMs = 500

/** One connection that was accepted, and the JSON-RPC calls under way on it. */
export class Link {
  readonly #socket: WebSocket
  readonly #wire: Duplex
  readonly #calls = new Map<number, Pending>()
  #nextId = 1
  #corked = false
  /** Pieces that are being taken. */
  #held = 0
  #lost: Failure | undefined

  constructor(
    { socket, wire }: { readonly socket: WebSocket; readonly wire: Duplex },
    events: { readonly changed: (event: ChangedEvent) => void; readonly lost: (failure: Failure) => void },
  ) {
    this.#socket = socket
    this.#wire = wire
    socket.on('message', (data: RawData) => this.#receive((data as Buffer).toString('utf8'), events.changed))
    socket.on('error', () => socket.terminate())
    socket.on('close', (code, reason) => {
      const failure = closed(code, reason.toString('utf8'))
      this.#end(failure)
      events.lost(failure)
    })
    socket.resume()
  }

  /** @throws Failure the daemon's own, or `daemon-unreachable` when the connection is lost meanwhile. */
  call(method: string, params: unknown, options: CallOptions): Promise<unknown> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost)
    const id = this.#nextId++
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#calls.set(id, { options, resolve, reject })
      this.#send({ jsonrpc: '2.0', id, method, params })
    })
    return options.signal === undefined ? answer : this.#cancellable(id, answer, options.signal)
  }

  async #cancellable(id: number, answer: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
    const cancel = () => this.#send({ jsonrpc: '2.0', method: notifications.cancel, params: { id } })
    signal.addEventListener('abort', cancel, { once: true })
    try {
      return await answer
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  /** Hangs up. What is under way fails with the given reason. */
  close(failure: Failure): void {
    this.#end(failure)
    this.#socket.close(1000)
    setTimeout(() => this.#socket.terminate(), closingMs).unref()
  }

  #end(failure: Failure): void {
    this.#lost ??= failure
    for (const call of this.#calls.values()) call.reject(this.#lost)
    this.#calls.clear()
  }

  /** All requests of one turn of the event loop leave in one system call: each costs more than making its frame. */
  #send(message: unknown): void {
    if (!this.#corked) {
      this.#corked = true
      this.#wire.cork()
      process.nextTick(this.#uncork)
    }
    this.#socket.send(JSON.stringify(message))
  }

  readonly #uncork = (): void => {
    this.#corked = false
    this.#wire.uncork()
  }

  #receive(text: string, changed: (event: ChangedEvent) => void): void {
    const message = JSON.parse(text) as Message
    if (message.method === undefined) return this.#answered(message)
    const params = message.params ?? {}
    if (message.method === notifications.changed) return changed(params as unknown as ChangedEvent)
    const options = this.#calls.get(params['id'] as number)?.options
    if (message.method === notifications.piece) this.#holdWhile(options?.onPiece?.(params['piece']))
    if (message.method === notifications.progress) {
      options?.onProgress?.({
        message: String(params['message']),
        percent: params['percent'] as number | null,
      })
    }
  }

  /**
   * The daemon sends no more than the connection takes, so whoever cannot keep up leaves the rest unread. Not for
   * long at a time, because the daemon cuts a peer that reads nothing: someone may look at a page for minutes.
   */
  #holdWhile(taken: unknown): void {
    if (!(taken instanceof Promise)) return
    this.#held++
    this.#socket.pause()
    const breath = setTimeout(() => this.#socket.resume(), longestHoldMs)
    const release = () => {
      clearTimeout(breath)
      if (--this.#held === 0) this.#socket.resume()
    }
    taken.then(release, release)
  }

  #answered({ id, error, result }: Message): void {
    const call = id === undefined ? undefined : this.#calls.get(id)
    if (call === undefined || id === undefined) return
    this.#calls.delete(id)
    if (error === undefined) call.resolve(result)
    else call.reject(failureOf(error))
  }
}

/** Why a connection ended. A reason of the form `code: message` comes from a daemon that cannot serve at all. */
function closed(code: number, reason: string): Failure {
  const [name, ...words] = reason.split(': ')
  if (code === unableToServe && isErrorCode(name)) return new Failure(name, words.join(': '))
  return new Failure(
    'daemon-unreachable',
    reason === '' ? 'The connection to the daemon was lost' : `The daemon closed the connection: ${reason}`,
    { hint: 'What was asked may have been done; look at the audit trail before you ask again.' },
  )
}
