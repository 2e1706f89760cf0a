import type { Clock } from '#base/clock.ts'
import type { Owned } from '#base/lifetime.ts'

interface IdleDeps {
  readonly clock: Clock
  /** How long without a connection. */
  readonly idleMs: number
  readonly managed: () => boolean
  readonly onIdle: () => void
}

/**
 * Ends a daemon that nobody needs: no connection for a while and nothing managed. What is managed (an app, a
 * gate, a check, a schedule, a log source) keeps it alive; leases alone do not, for they are on disk.
 */
export class IdleWatch implements Owned {
  readonly #deps: IdleDeps
  readonly #timer: NodeJS.Timeout
  #connections = 0
  #since: number

  constructor(deps: IdleDeps) {
    this.#deps = deps
    this.#since = deps.clock.monotonic()
    this.#timer = setInterval(() => this.#check(), Math.max(50, Math.min(60_000, deps.idleMs / 4)))
    this.#timer.unref()
  }

  /** Told whenever the number of open connections changes. */
  connections(count: number): void {
    this.#connections = count
    this.#since = this.#deps.clock.monotonic()
  }

  dispose(): void {
    clearInterval(this.#timer)
  }

  #check(): void {
    if (this.#connections > 0 || this.#deps.managed()) {
      this.#since = this.#deps.clock.monotonic()
    } else if (this.#deps.clock.monotonic() - this.#since >= this.#deps.idleMs) {
      clearInterval(this.#timer)
      this.#deps.onIdle()
    }
  }
}
