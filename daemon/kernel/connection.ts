import type { RawData, WebSocket } from 'ws'
import type { Subscriber } from './events.ts'
import type { Caller } from './execute.ts'

/** Above this many bytes waiting for the peer, a stream pauses and events wait. */
const softCap = 256 * 1024
/** A peer with this much unread when another answer comes is cut. */
const hardCap = 1024 * 1024
/** So is one that has read nothing for this long. */
const stalledMs = 10_000
const drainCheckMs = 10

interface ConnectionEvents {
  message(text: string): void
  drained(): void
  closed(): void
}

/** One accepted WebSocket: its calls under way and its back-pressure. */
export class Connection implements Subscriber {
  readonly id: string
  readonly caller: Caller
  readonly inFlight = new Map<string | number, AbortController>()
  readonly #socket: WebSocket
  readonly #events: ConnectionEvents
  #waiting = false
  #stalledSince = 0
  #lastBuffered = 0

  constructor(id: string, socket: WebSocket, caller: Caller, events: ConnectionEvents) {
    this.id = id
    this.caller = caller
    this.#socket = socket
    this.#events = events
    socket.on('message', (data: RawData, isBinary: boolean) => {
      if (isBinary) return socket.close(1003, 'Text frames only')
      // Frames come whole as one Buffer: `binaryType` is left at its default.
      events.message((data as Buffer).toString('utf8'))
    })
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      for (const call of this.inFlight.values()) call.abort(new Error('The connection ended'))
      events.closed()
    })
  }

  /** Sends an answer, or cuts a peer that lets too many pile up. */
  send(frame: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount > hardCap) return this.#socket.terminate()
    this.#socket.send(frame)
  }

  sendEvent(frame: string): boolean {
    if (this.#socket.bufferedAmount > softCap) {
      this.#waitForDrain()
      return false
    }
    this.send(frame)
    return true
  }

  /** Resolves once the peer has read enough for the next piece. @throws the signal's reason. */
  async writable(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    while (this.#socket.bufferedAmount > softCap) {
      await new Promise((resolve) => setTimeout(resolve, drainCheckMs))
      signal.throwIfAborted()
    }
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  /** Cuts the peer when it has read nothing for ten seconds although something waits for it. */
  sweep(): void {
    const buffered = this.#socket.bufferedAmount
    const now = performance.now()
    if (buffered === 0 || buffered < this.#lastBuffered) this.#stalledSince = 0
    else if (this.#stalledSince === 0) this.#stalledSince = now
    else if (now - this.#stalledSince >= stalledMs) this.#socket.terminate()
    this.#lastBuffered = buffered
  }

  #waitForDrain(): void {
    if (this.#waiting) return
    this.#waiting = true
    const timer = setInterval(() => {
      if (this.#socket.readyState === this.#socket.OPEN && this.#socket.bufferedAmount > softCap) return
      clearInterval(timer)
      this.#waiting = false
      this.#events.drained()
    }, drainCheckMs)
    timer.unref()
  }
}
