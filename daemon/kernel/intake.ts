/** After so much work in one turn of the event loop the rest waits for the next. */
const budgetMs = 5
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
  readonly #now: () => number
  #spentMs = 0
  #scheduled = false

  /** @param now - monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Handles a frame now where this turn has time left and none waits before it, else later. */
  put(inbox: Inbox, frame: string): void {
    const waiting = inbox.frames.length
    if (waiting === 0 && this.#spentMs < budgetMs) return this.#take(inbox, frame)
    inbox.frames.push(frame)
    if (waiting === 0) this.#rotation.push(inbox)
    if (waiting + 1 === crowded) inbox.hold(true)
    this.#schedule()
  }

  #take(inbox: Inbox, frame: string): void {
    const began = this.#now()
    inbox.take(frame)
    this.#spentMs += this.#now() - began
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#nextTurn())
  }

  #nextTurn(): void {
    this.#scheduled = false
    this.#spentMs = 0
    while (this.#spentMs < budgetMs) {
      const inbox = this.#rotation.shift()
      if (inbox === undefined) return
      const frame = inbox.frames.shift()
      // None is left of a connection that ended.
      if (frame === undefined) continue
      if (inbox.frames.length > 0) this.#rotation.push(inbox)
      else inbox.hold(false)
      this.#take(inbox, frame)
    }
    if (this.#rotation.length > 0) this.#schedule()
  }
}
