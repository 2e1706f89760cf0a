import { TurnBudget } from './turn-budget.ts'

/** A connection with so many frames waiting is not read until they are done. */
const crowded = 256

/** A connection's frames that wait, in order. */
export interface Inbox {
  readonly frames: string[]
  /** Handles one frame. It must not throw. */
  take(frame: string): void
  /** Stops reading from the connection, and reads on. */
  hold(held: boolean): void
}

/**
 * Spreads what arrives over turns of the event loop, one frame of each connection in rotation. A packet can hold a
 * thousand requests: a hundred such peers would otherwise be heard out before anybody else.
 */
export class Intake {
  readonly #rotation: Inbox[] = []
  readonly #budget: TurnBudget

  /** @param now - monotonic milliseconds. */
  constructor(now: () => number) {
    this.#budget = new TurnBudget({ now, next: () => this.#nextTurn(), watchMs: 0 })
  }

  /** Handles a frame now where this turn has time left and none waits before it, else later. */
  put(inbox: Inbox, frame: string): void {
    const waiting = inbox.frames.length
    if (waiting === 0 && this.#budget.left) return this.#budget.spend(() => inbox.take(frame))
    inbox.frames.push(frame)
    if (waiting === 0) this.#rotation.push(inbox)
    if (waiting + 1 === crowded) inbox.hold(true)
    this.#budget.renew()
  }

  #nextTurn(): void {
    while (this.#budget.left) {
      const inbox = this.#rotation.shift()
      if (inbox === undefined) return
      const frame = inbox.frames.shift()
      // None is left of a connection that ended.
      if (frame === undefined) continue
      if (inbox.frames.length > 0) this.#rotation.push(inbox)
      else inbox.hold(false)
      this.#budget.spend(() => inbox.take(frame))
    }
    if (this.#rotation.length > 0) this.#budget.renew()
  }
}
