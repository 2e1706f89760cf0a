import { JSONRPCClient, type JSONRPCResponse } from 'json-rpc-2.0'
import type { RawData, WebSocket } from 'ws'
import { isErrorCode } from '#contract/errors.ts'
import type { MethodName, Params, Result } from '#contract/index.ts'
import type { ChangedEvent, Topic } from '#contract/system.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure, messageOf } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import { notifications } from '#base/wire.ts'
import type { CallOptions, Client, ConnectionState, DaemonIdentity } from './client.ts'
import { failureOf } from './rpc-error.ts'
import { Subscriptions } from './subscriptions.ts'

/** Makes one connection, or says why not. `say` tells what it is waiting for. */
export type Connect = (
  signal: AbortSignal,
  say: (waitingFor: string) => void,
) => Promise<{ readonly socket: WebSocket; readonly daemon: DaemonIdentity }>

interface Link {
  readonly socket: WebSocket
  readonly rpc: JSONRPCClient
  readonly calls: Map<number, CallOptions>
  /** Why the daemon could serve nothing at all, where it said so when it closed the connection. */
  refused?: Failure
}

const firstRetryMs = 250
const longestRetryMs = 10_000

/** The close code of an endpoint that met a condition it cannot serve under (RFC 6455, section 7.4.1). */
const unableToServe = 1011

/** Failures that trying again does not mend; a person has to. */
const final = new Set([
  'unauthenticated',
  'daemon-incompatible',
  'node-too-old',
  'unsafe-state-folder',
  'store-newer',
])

/** Keeps one connection up and carries calls over it. */
export class RpcClient implements Client {
  readonly #connect: Connect
  readonly #keep: boolean
  readonly #closing = new AbortController()
  readonly #stateChanged = new Emitter<ConnectionState>()
  readonly #subscriptions = new Subscriptions()
  #state: ConnectionState = { state: 'connecting', waitingFor: 'the daemon' }
  #link: Link | undefined
  #waiters: { resolve: (link: Link) => void; reject: (failure: Failure) => void }[] = []
  #retry: NodeJS.Timeout | undefined
  #attempt = 0
  #nextId = 1

  /** @param keep - connect again with back-off after every loss; else the first failure is final. */
  constructor(connect: Connect, keep: boolean) {
    this.#connect = connect
    this.#keep = keep
    void this.#open()
  }

  get state(): ConnectionState {
    return this.#state
  }

  onState(listener: (state: ConnectionState) => void): Owned {
    return this.#stateChanged.on(listener)
  }

  reconnect(): void {
    if (this.#state.state !== 'waiting' && this.#state.state !== 'closed') return
    if (this.#closing.signal.aborted) return
    clearTimeout(this.#retry)
    this.#attempt = 0
    void this.#open()
  }

  async call<M extends MethodName>(
    name: M,
    params: Params<M>,
    options: CallOptions = {},
  ): Promise<Result<M>> {
    if (options.signal?.aborted === true) throw cancelled()
    const link = this.#link ?? (await this.#connected(options.signal))
    const id = this.#nextId++
    link.calls.set(id, options)
    const cancel = () => link.rpc.notify(notifications.cancel, { id })
    options.signal?.addEventListener('abort', cancel, { once: true })
    try {
      const response = await link.rpc.requestAdvanced({ jsonrpc: '2.0', id, method: name, params })
      if (response.error !== undefined) throw link.refused ?? failureOf(response.error)
      return response.result as Result<M>
    } finally {
      options.signal?.removeEventListener('abort', cancel)
      link.calls.delete(id)
    }
  }

  watch(topics: readonly Topic[], listener: (event: ChangedEvent) => void): Owned {
    const watch = this.#subscriptions.add(topics, listener)
    this.#resubscribe()
    return {
      dispose: () => {
        void watch.dispose()
        this.#resubscribe()
      },
    }
  }

  dispose(): void {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    clearTimeout(this.#retry)
    this.#link?.socket.close(1000)
    this.#setState({ state: 'closed', failure: null })
    this.#rejectWaiters(new Failure('daemon-unreachable', 'The client was closed'))
  }

  async #open(): Promise<void> {
    this.#setState({ state: 'connecting', waitingFor: 'the daemon' })
    try {
      const { socket, daemon } = await this.#connect(this.#closing.signal, (waitingFor) =>
        this.#setState({ state: 'connecting', waitingFor }),
      )
      if (this.#closing.signal.aborted) return socket.terminate()
      this.#attach(socket, daemon)
    } catch (error) {
      this.#lost(
        error instanceof Failure
          ? error
          : new Failure('daemon-unreachable', messageOf(error), { cause: error }),
      )
    }
  }

  #attach(socket: WebSocket, daemon: DaemonIdentity): void {
    const rpc = new JSONRPCClient((request) => socket.send(JSON.stringify(request)))
    const link: Link = { socket, rpc, calls: new Map() }
    socket.on('message', (data: RawData) => this.#receive(link, (data as Buffer).toString('utf8')))
    socket.on('error', () => socket.terminate())
    socket.on('close', (code, reason) => {
      this.#link = undefined
      const said = reason.toString('utf8')
      const failure = new Failure(
        'daemon-unreachable',
        said === '' ? 'The connection to the daemon was lost' : `The daemon closed the connection: ${said}`,
      )
      if (code === unableToServe) link.refused = explained(said, failure)
      rpc.rejectAllPendingRequests(failure.message)
      this.#lost(link.refused ?? failure)
    })
    this.#link = link
    this.#attempt = 0
    this.#setState({ state: 'connected', daemon })
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(link)
    this.#resubscribe()
    socket.resume()
  }

  #lost(failure: Failure): void {
    if (this.#closing.signal.aborted) return
    if (!this.#keep || final.has(failure.code)) {
      this.#setState({ state: 'closed', failure })
      return this.#rejectWaiters(failure)
    }
    const delay = Math.min(longestRetryMs, firstRetryMs * 2 ** this.#attempt++)
    this.#setState({ state: 'waiting', failure, retryAt: Date.now() + delay })
    this.#retry = setTimeout(() => void this.#open(), delay)
  }

  #receive(link: Link, text: string): void {
    const message = JSON.parse(text) as { id?: unknown; method?: string; params?: Record<string, unknown> }
    if (message.method === undefined) return link.rpc.receive(message as JSONRPCResponse)
    const params = message.params ?? {}
    if (message.method === notifications.changed)
      return this.#subscriptions.changed(params as unknown as ChangedEvent)
    const options = link.calls.get(params['id'] as number)
    if (message.method === notifications.piece) options?.onPiece?.(params['piece'])
    if (message.method === notifications.progress) {
      options?.onProgress?.({
        message: String(params['message']),
        percent: params['percent'] as number | null,
      })
    }
  }

  #resubscribe(): void {
    if (this.#link === undefined || !this.#subscriptions.take()) return
    this.call('events.subscribe', { topics: this.#subscriptions.topics() }).then(
      (revisions) => this.#subscriptions.answered(revisions),
      // A connection that is lost meanwhile subscribes anew when it is back.
      () => this.#subscriptions.forget(),
    )
  }

  #connected(signal: AbortSignal | undefined): Promise<Link> {
    if (this.#state.state === 'closed') {
      return Promise.reject(this.#state.failure ?? new Failure('daemon-unreachable', 'The client was closed'))
    }
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject }
      this.#waiters.push(waiter)
      signal?.addEventListener(
        'abort',
        () => {
          this.#waiters = this.#waiters.filter((one) => one !== waiter)
          reject(cancelled())
        },
        { once: true },
      )
    })
  }

  #rejectWaiters(failure: Failure): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(failure)
  }

  #setState(state: ConnectionState): void {
    if (state.state !== 'connected') this.#subscriptions.forget()
    this.#state = state
    this.#stateChanged.emit(state)
  }
}

const cancelled = (): Failure => new Failure('cancelled', 'The call was cancelled')

/** A close reason of the form `code: message`, as the daemon sends when it cannot start. */
export function explained(reason: string, otherwise: Failure): Failure {
  const [code, ...rest] = reason.split(': ')
  return isErrorCode(code) ? new Failure(code, rest.join(': ')) : otherwise
}
