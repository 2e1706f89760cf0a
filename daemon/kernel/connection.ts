import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { Admission } from './admission.ts'
import type { Call } from './call.ts'
import type { Subscriber } from './events.ts'
import type { Caller } from './execute.ts'
import type { Accepted } from './listener.ts'

/** Above this many unread bytes streams pause, events wait, and no further call is read or begun. */
const softCap = 256 * 1024
/** A peer with this much unread is cut when it reads nothing for {@link crowdedMs}. */
const hardCap = 1024 * 1024
const crowdedMs = 2000
/** A peer with anything unread is cut when it reads nothing for this long. */
const stalledMs = 10_000
/** Longer frames leave in fragments (RFC 6455, section 5.4), so that a slow reader can be told from one that stopped. */
const fragmentBytes = 128 * 1024
/** So many frames leave in one system call. */
const together = 8
/** A peer that does not answer the closing handshake within this is cut. */
const closingMs = 500

interface ConnectionEvents {
  message(text: string): void
  drained(): void
  closed(): void
}

interface Fragment {
  readonly bytes: Buffer
  readonly last: boolean
}

/** One accepted WebSocket: its calls under way and its back-pressure. */
export class Connection implements Subscriber {
  readonly id: string
  readonly caller: Caller
  readonly inFlight = new Map<string | number, Call>()
  readonly admission = new Admission(() => this.unread <= softCap)
  readonly #socket: WebSocket
  readonly #wire: Duplex
  readonly #events: ConnectionEvents
  readonly #queue: Fragment[] = []
  readonly #writers = new Set<() => void>()
  #queuedBytes = 0
  #eventWaits = false
  #closing = false
  /** Frames since the wire was corked; 0 when it is not. */
  #corked = 0
  #lastRead = performance.now()

  constructor(accepted: Accepted & { readonly id: string }, events: ConnectionEvents) {
    const { socket } = accepted
    this.id = accepted.id
    this.caller = accepted.caller
    this.#socket = socket
    this.#wire = accepted.wire
    this.#events = events
    socket.on('message', (data: RawData, isBinary: boolean) => {
      // The peer may go on talking while a closing handshake is under way: it is no longer listened to.
      if (this.#closing) return
      if (isBinary) return this.close(1003, 'Text frames only')
      // Frames come whole as one Buffer: `binaryType` is left at its default.
      events.message((data as Buffer).toString('utf8'))
    })
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      this.#closing = true
      this.#queue.length = 0
      this.#queuedBytes = 0
      this.abort(new Error('The connection ended'))
      events.closed()
    })
  }

  /** Bytes that were sent to the peer and that it has not taken yet. */
  get unread(): number {
    return this.#socket.bufferedAmount + this.#queuedBytes
  }

  /** Sends a text frame, after those before it. */
  send(frame: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.unread === 0) this.#lastRead = performance.now()
    if (frame.length <= fragmentBytes && this.#queue.length === 0) this.#write(frame, true)
    else this.#enqueue(Buffer.from(frame))
    if (this.unread > softCap) this.#socket.pause()
  }

  sendEvent(frame: string): boolean {
    if (this.unread > softCap) {
      this.#eventWaits = true
      return false
    }
    this.send(frame)
    return true
  }

  /** Resolves once the peer has read enough for the next piece. @throws the signal's reason. */
  async writable(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    while (this.unread > softCap) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#writers.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        this.#writers.add(wake)
        signal.addEventListener('abort', wake)
      })
      signal.throwIfAborted()
    }
  }

  /** Stops reading what the peer sends, and reads on unless too much is unread at its end. */
  hold(held: boolean): void {
    if (held) this.#socket.pause()
    else if (this.#socket.isPaused && this.unread <= softCap) this.#socket.resume()
  }

  /** Aborts every call under way and forgets those that have not begun. */
  abort(reason: unknown): void {
    this.admission.clear()
    for (const call of this.inFlight.values()) call.abort(reason)
  }

  /** Ends the connection: from now on nothing the peer says is heard, and it is cut if it does not hang up. */
  close(code: number, reason: string): void {
    this.#closing = true
    this.#socket.resume()
    this.#socket.close(code, reason)
    setTimeout(() => this.#socket.terminate(), closingMs).unref()
  }

  /** Cuts the peer when it has stopped reading although something waits for it. */
  sweep(): void {
    const { unread } = this
    if (unread === 0) return
    const silent = performance.now() - this.#lastRead
    if (silent >= (unread > hardCap ? crowdedMs : stalledMs)) this.#socket.terminate()
  }

  /**
   * Frames of one turn of the event loop leave together, because a system call for each costs more than making it;
   * but not all at once in a burst, so that the peer works on the first while the next are made.
   */
  #write(data: string | Buffer, last: boolean): void {
    if (this.#corked === 0) {
      this.#wire.cork()
      process.nextTick(this.#uncork)
    }
    this.#corked++
    this.#socket.send(data, { binary: false, fin: last }, this.#taken)
    if (this.#corked % together === 0) {
      this.#wire.uncork()
      this.#wire.cork()
    }
  }

  #enqueue(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += fragmentBytes) {
      const end = at + fragmentBytes
      this.#queue.push({ bytes: bytes.subarray(at, end), last: end >= bytes.length })
    }
    this.#queuedBytes += bytes.length
    this.#pump()
  }

  #pump(): void {
    while (this.#socket.bufferedAmount <= softCap) {
      const next = this.#queue.shift()
      if (next === undefined) return
      this.#queuedBytes -= next.bytes.length
      this.#write(next.bytes, next.last)
    }
  }

  readonly #uncork = (): void => {
    this.#corked = 0
    this.#wire.uncork()
  }

  /** The operating system took a frame: the peer reads. */
  readonly #taken = (): void => {
    this.#lastRead = performance.now()
    if (this.#queue.length > 0) this.#pump()
    if (this.unread > softCap) return
    if (this.#socket.isPaused) this.#socket.resume()
    for (const wake of this.#writers) wake()
    this.admission.pump()
    if (!this.#eventWaits) return
    this.#eventWaits = false
    this.#events.drained()
  }
}
