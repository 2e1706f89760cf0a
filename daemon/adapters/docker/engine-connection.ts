import { setTimeout as delay } from 'node:timers/promises'
import type { EngineStatus } from '#contract/resources.ts'
import { Emitter } from '#base/emitter.ts'
import { messageOf } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import type { Discovery, Endpoint } from './endpoints.ts'
import { endpointName } from './engine-client.ts'
import { reachability, unreachableReason } from './engine-error.ts'
import { EngineSession, type SessionTimings } from './engine-session.ts'
import { watchPaths } from './socket-watch.ts'

export interface ConnectionTimings extends SessionTimings {
  /** The first pause after a failed attempt; it doubles with each. */
  readonly retryMs: number
  /** The longest pause while no engine has answered yet. */
  readonly retryMostMs: number
  /** The longest pause once one has: it is expected back, and not every engine makes its socket anew. */
  readonly awaitMostMs: number
}

export const defaultTimings: ConnectionTimings = {
  answerMs: 5000,
  reconcileMs: 30_000,
  retryMs: 250,
  retryMostMs: 5000,
  awaitMostMs: 1500,
}

/** A session that lived this long was a good one: the next attempt after it comes soon. */
const soundMs = 5000

export interface ConnectionDeps {
  /** Asked before each attempt: the user may have changed the context. */
  readonly discover: () => Discovery
  /** Where sockets may appear while none is found. */
  readonly watched: readonly string[]
  readonly monotonic: () => number
  readonly timings: ConnectionTimings
}

/** Keeps a session with the engine for as long as there is one, and says why when there is none. */
export class EngineConnection implements Owned {
  readonly changed = new Emitter<void>()
  readonly #deps: ConnectionDeps
  readonly #closing = new AbortController()
  readonly #reached = new Set<string>()
  readonly #settled = Promise.withResolvers<void>()
  readonly #kept: Promise<void>
  #session: EngineSession | null = null
  #status: EngineStatus = offline('absent', 'Looking for a container engine', null)
  #wake = new AbortController()

  constructor(deps: ConnectionDeps) {
    this.#deps = deps
    this.#kept = this.#keep()
  }

  get status(): EngineStatus {
    return this.#status
  }

  get session(): EngineSession | null {
    return this.#session
  }

  /** Resolved once the first look for an engine has ended, one way or the other. */
  get settled(): Promise<void> {
    return this.#settled.promise
  }

  async dispose(): Promise<void> {
    this.#closing.abort(new Error('The daemon is stopping'))
    await this.#kept
  }

  async #keep(): Promise<void> {
    const { retryMs, retryMostMs, awaitMostMs } = this.#deps.timings
    let pause = retryMs
    while (!this.#closing.signal.aborted) {
      const session = await this.#connect()
      const connectedAt = this.#deps.monotonic()
      this.#settled.resolve()
      if (session !== null) await this.#hold(session)
      if (this.#deps.monotonic() - connectedAt >= soundMs) pause = retryMs
      if (this.#closing.signal.aborted) return
      // An appearing socket is a reason to begin anew with short pauses.
      const most = this.#reached.has(this.#status.endpoint ?? '') ? awaitMostMs : retryMostMs
      pause = (await this.#pause(pause)) ? retryMs : Math.min(pause * 2, most)
    }
  }

  /** Tries each endpoint in turn; keeps the most telling reason when none answers. */
  async #connect(): Promise<EngineSession | null> {
    const { endpoints, problem } = this.#deps.discover()
    let status = offline('absent', problem ?? 'No container engine was found', null)
    for (const endpoint of endpoints) {
      try {
        const session = await EngineSession.open(endpoint, this.#deps.timings, {
          changed: () => this.changed.emit(),
          closing: this.#closing.signal,
        })
        return session
      } catch (error) {
        const failed = this.#failedStatus(endpoint, error)
        if (telling(failed) > telling(status) || status.endpoint === null) status = failed
      }
    }
    if (!this.#closing.signal.aborted) this.#setStatus(status)
    return null
  }

  async #hold(session: EngineSession): Promise<void> {
    const { endpoint, version, ended } = session
    this.#reached.add(endpointName(endpoint))
    this.#session = session
    this.#setStatus({ state: 'connected', reason: null, endpoint: endpointName(endpoint), version })
    if (!ended.aborted)
      await new Promise((resolve) => ended.addEventListener('abort', resolve, { once: true }))
    this.#session = null
    if (!this.#closing.signal.aborted) this.#setStatus(this.#failedStatus(endpoint, ended.reason))
  }

  #failedStatus(endpoint: Endpoint, error: unknown): EngineStatus {
    const name = endpointName(endpoint)
    const kind = reachability(error)
    if (kind === 'denied')
      return offline('denied', `No permission to speak to the engine at ${name} (${messageOf(error)})`, name)
    // Once it has answered, its absence is an outage.
    if (kind === 'absent' && !this.#reached.has(name))
      return offline('absent', `${endpoint.source} leads to ${name}, which does not exist`, name)
    return offline(
      'unreachable',
      `The engine at ${name} cannot be reached: ${unreachableReason(error)}`,
      name,
    )
  }

  #setStatus(status: EngineStatus): void {
    const before = this.#status
    this.#status = status
    if (JSON.stringify(before) !== JSON.stringify(status)) this.changed.emit()
  }

  /** @returns whether a socket appeared before the time was up. */
  async #pause(milliseconds: number): Promise<boolean> {
    this.#wake = new AbortController()
    const signal = AbortSignal.any([this.#wake.signal, this.#closing.signal])
    const watcher = watchPaths(this.#watchedPaths(), () => this.#wake.abort())
    try {
      await delay(milliseconds, undefined, { signal, ref: false })
    } catch {
      // Woken or closed, and the signals say which.
    }
    await watcher.dispose()
    return this.#wake.signal.aborted
  }

  #watchedPaths(): readonly string[] {
    const sockets = this.#deps
      .discover()
      .endpoints.flatMap((endpoint) => (endpoint.kind === 'socket' ? [endpoint.path] : []))
    return [...new Set([...sockets, ...this.#deps.watched])]
  }
}

const offline = (state: EngineStatus['state'], reason: string, endpoint: string | null): EngineStatus => ({
  state,
  reason,
  endpoint,
  version: null,
})

/** Of several failures, the one a person can do most about. */
const telling = ({ state }: EngineStatus): number =>
  ({ absent: 0, unreachable: 1, denied: 2, connected: 3 })[state]
