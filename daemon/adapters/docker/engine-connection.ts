import { setTimeout as delay } from 'node:timers/promises'
import type { EngineStatus } from '#contract/resources.ts'
import { Emitter } from '#base/emitter.ts'
import { messageOf } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import type { StartedContainer } from './container-output.ts'
import type { Discovery, Endpoint } from './endpoints.ts'
import { endpointName } from './engine-client.ts'
import { reachability, unreachableReason } from './engine-error.ts'
import { EngineSession, type SessionTimings } from './engine-session.ts'
import { watchPaths } from './socket-watch.ts'

export interface ConnectionTimings extends SessionTimings {
  /** The first pause after a failed attempt; it doubles with each. */
  readonly retryMs: number
  /** The longest pause. */
  readonly retryMostMs: number
  /**
   * The longest pause for a minute after an engine was lost: it is expected back, and not every one makes its socket
   * anew, which would be noticed. An attempt costs less than half a millisecond.
   */
  readonly awaitMostMs: number
}

export const defaultTimings: ConnectionTimings = {
  answerMs: 5000,
  reconcileMs: 30_000,
  retryMs: 250,
  retryMostMs: 5000,
  awaitMostMs: 500,
}

/** A session that lived this long was a good one: the next attempt after it comes soon. */
const soundMs = 5000
/** How long an engine that was lost is expected back soon. */
const awaitForMs = 60_000
/** An attempt this young is not repeated for somebody who asks. */
const freshMs = 200

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
  readonly started = new Emitter<StartedContainer>()
  readonly #deps: ConnectionDeps
  readonly #closing = new AbortController()
  readonly #reached = new Set<string>()
  readonly #kept: Promise<void>
  #session: EngineSession | null = null
  #status: EngineStatus = offline('absent', 'Looking for a container engine', null)
  /** Resolved when the attempt that is under way, or else the next one, has ended. */
  #attempt = Promise.withResolvers<void>()
  #attemptedAt = Number.NEGATIVE_INFINITY
  #lostAt = Number.NEGATIVE_INFINITY
  /** Ends the pause between two attempts. */
  #wake: (() => void) | null = null

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

  /** Looks for an engine now rather than at the end of the pause; resolves when that is done. */
  async lookAgain(): Promise<void> {
    if (this.#session !== null || this.#deps.monotonic() - this.#attemptedAt < freshMs) return
    const { promise } = this.#attempt
    this.#wake?.()
    await promise
  }

  async dispose(): Promise<void> {
    this.#closing.abort(new Error('The daemon is stopping'))
    await this.#kept
  }

  async #keep(): Promise<void> {
    const { retryMs, retryMostMs, awaitMostMs } = this.#deps.timings
    let pause = retryMs
    while (!this.#closing.signal.aborted) {
      // Watched from before the attempt: a socket that appears right after it is not overlooked.
      const appeared = new AbortController()
      const watcher = watchPaths(this.#watchedPaths(), () => appeared.abort())
      const session = await this.#connect()
      const connectedAt = this.#deps.monotonic()
      const held = session === null ? null : this.#hold(session)
      this.#endAttempt()
      await held
      if (this.#deps.monotonic() - connectedAt >= soundMs) pause = retryMs
      await this.#pause(pause, appeared.signal)
      await watcher.dispose()
      const expected = this.#deps.monotonic() - this.#lostAt < awaitForMs
      // An appearing socket is a reason to begin anew with short pauses.
      pause = appeared.signal.aborted ? retryMs : Math.min(pause * 2, expected ? awaitMostMs : retryMostMs)
    }
  }

  #endAttempt(): void {
    this.#attemptedAt = this.#deps.monotonic()
    this.#attempt.resolve()
    this.#attempt = Promise.withResolvers()
  }

  /** Tries each endpoint in turn; keeps the most telling reason when none answers. */
  async #connect(): Promise<EngineSession | null> {
    const { endpoints, problem } = this.#deps.discover()
    let status = offline('absent', problem ?? 'No container engine was found', null)
    for (const endpoint of endpoints) {
      try {
        const session = await EngineSession.open(endpoint, this.#deps.timings, {
          changed: () => this.changed.emit(),
          started: (container) => this.started.emit(container),
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
    const chosen = setInterval(() => {
      if (!this.#isChosen(endpoint)) session.dispose('Another engine was chosen')
    }, this.#deps.timings.reconcileMs)
    chosen.unref()
    if (!ended.aborted)
      await new Promise((resolve) => ended.addEventListener('abort', resolve, { once: true }))
    clearInterval(chosen)
    this.#session = null
    this.#lostAt = this.#deps.monotonic()
    if (!this.#closing.signal.aborted) this.#setStatus(this.#failedStatus(endpoint, ended.reason))
  }

  /** False once the user has made another context the current one. */
  #isChosen(endpoint: Endpoint): boolean {
    const name = endpointName(endpoint)
    return this.#deps.discover().endpoints.some((found) => endpointName(found) === name)
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

  /** Ends early when a socket appears, somebody asks or the connection is closed. */
  async #pause(milliseconds: number, appeared: AbortSignal): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    try {
      const signal = AbortSignal.any([woken.signal, appeared, this.#closing.signal])
      await delay(milliseconds, undefined, { signal, ref: false })
    } catch {
      // Ended early, and that is all there is to know.
    }
    this.#wake = null
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
