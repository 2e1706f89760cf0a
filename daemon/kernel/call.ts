import { notifications } from '#base/wire.ts'
import type { Connection } from './connection.ts'
import type { CallContext, Caller } from './execute.ts'

/** One call under way on a connection, as its handler sees it. */
export class Call implements CallContext {
  readonly #on: Connection
  readonly #id: string | number
  /** Few handlers look at their signal, and making one costs more than the rest of a small call. */
  #controller: AbortController | undefined
  #reason: unknown

  constructor(on: Connection, id: string | number) {
    this.#on = on
    this.#id = id
  }

  get caller(): Caller {
    return this.#on.caller
  }

  get connection(): string {
    return this.#on.id
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    this.#reason ??= reason
    this.#controller?.abort(reason)
  }

  progress(message: string, percent?: number): void {
    this.#notify(notifications.progress, { id: this.#id, message, percent: percent ?? null })
  }

  async emit(piece: unknown): Promise<void> {
    await this.#on.writable(this.signal)
    this.#notify(notifications.piece, { id: this.#id, piece })
  }

  #notify(method: string, params: unknown): void {
    this.#on.send(JSON.stringify({ jsonrpc: '2.0', method, params }))
  }
}
