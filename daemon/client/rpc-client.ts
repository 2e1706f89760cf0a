import type { MethodName, Params, Result } from '#contract/index.ts'
import type { ChangedEvent, Topic } from '#contract/system.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure, messageOf } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import type { CallOptions, Client, ConnectionState } from './client.ts'
import { Link } from './link.ts'
import { Subscriptions } from './subscriptions.ts'
import type { Connected } from './transport.ts'

/** Makes one connection, or says why not. `say` tells what it is waiting for. */
export type Connect = (signal: AbortSignal, say: (waitingFor: string) => void) => Promise<Connected>

const firstRetryMs = 250
const longestRetryMs = 10_000

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

  call<M extends MethodName>(name: M, params: Params<M>, options: CallOptions = {}): Promise<Result<M>> {
    if (options.signal?.aborted === true) return Promise.reject(cancelled())
    const answer =
      this.#link === undefined
        ? this.#connected(options.signal).then((link) => link.call(name, params, options))
        : this.#link.call(name, params, options)
    // The contract says what a method answers; the daemon is of our own protocol.
    return answer as Promise<Result<M>>
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

  async revisions(): Promise<Readonly<Partial<Record<Topic, string>>>> {
    const revisions = await this.call('events.subscribe', { topics: this.#subscriptions.topics() })
    this.#subscriptions.answered(revisions)
    return revisions
  }

  dispose(): void {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    clearTimeout(this.#retry)
    const failure = new Failure('daemon-unreachable', 'The client was closed')
    this.#link?.close(failure)
    this.#setState({ state: 'closed', failure: null })
    this.#rejectWaiters(failure)
  }

  async #open(): Promise<void> {
    this.#setState({ state: 'connecting', waitingFor: 'the daemon' })
    try {
      const connected = await this.#connect(this.#closing.signal, (waitingFor) =>
        this.#setState({ state: 'connecting', waitingFor }),
      )
      if (this.#closing.signal.aborted) return connected.socket.terminate()
      this.#attach(connected)
    } catch (error) {
      this.#lost(
        error instanceof Failure
          ? error
          : new Failure('daemon-unreachable', messageOf(error), { cause: error }),
      )
    }
  }

  #attach(connected: Connected): void {
    const link = new Link(connected, {
      changed: (event) => this.#subscriptions.changed(event),
      lost: (failure) => {
        this.#link = undefined
        this.#lost(failure)
      },
    })
    this.#link = link
    this.#attempt = 0
    this.#setState({ state: 'connected', daemon: connected.daemon })
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(link)
    this.#resubscribe()
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
      const abort = () => {
        this.#waiters = this.#waiters.filter((one) => one !== waiter)
        reject(cancelled())
      }
      const settled = () => signal?.removeEventListener('abort', abort)
      const waiter = {
        resolve: (link: Link) => {
          settled()
          resolve(link)
        },
        reject: (failure: Failure) => {
          settled()
          reject(failure)
        },
      }
      this.#waiters.push(waiter)
      signal?.addEventListener('abort', abort, { once: true })
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
