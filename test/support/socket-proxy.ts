import { rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A Unix socket in front of another one that a test can cut, refuse and stall. */
export class SocketProxy {
  readonly path: string
  /** Connections that were tried, refused ones too. */
  attempts = 0
  /** Bytes that came from the target. */
  received = 0
  readonly #target: string
  readonly #open = new Set<Socket>()
  #server: Server | null = null
  #mode: 'pass' | 'refuse' | 'stall' = 'pass'

  constructor(path: string, target: string) {
    this.path = path
    this.#target = target
  }

  /** Connections that are open now, on both sides of it. */
  get connections(): number {
    return this.#open.size
  }

  /** Passes connections on. */
  async restore(): Promise<void> {
    this.#mode = 'pass'
    // What was stalled moves again, and what has been closed meanwhile is noticed.
    for (const socket of this.#open) socket.resume()
    if (this.#server !== null) return
    const server = createServer((client) => this.#serve(client))
    this.#server = server
    await new Promise<void>((resolve) => server.listen(this.path, resolve))
  }

  /** As when an engine is stopped: every connection ends and the socket's file goes. */
  async cut(): Promise<void> {
    const server = this.#server
    this.#server = null
    this.#destroyAll()
    if (server !== null) await new Promise((resolve) => server.close(resolve))
    rmSync(this.path, { force: true })
  }

  /** As when something else sits on the socket: every connection is accepted and closed at once. */
  refuse(): void {
    this.#mode = 'refuse'
    this.#destroyAll()
  }

  /** As when an engine hangs: connections stay, and nothing moves. */
  stall(): void {
    this.#mode = 'stall'
    for (const socket of this.#open) socket.pause()
  }

  #serve(client: Socket): void {
    this.attempts++
    if (this.#mode === 'refuse') return void client.destroy()
    this.#keep(client)
    if (this.#mode === 'stall') return
    const engine = this.#keep(connect(this.#target))
    engine.once('close', () => client.destroy())
    client.once('close', () => engine.destroy())
    client.pipe(engine)
    engine.pipe(client)
    engine.on('data', (chunk) => (this.received += chunk.length))
  }

  #keep(socket: Socket): Socket {
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
    // A cut connection is what this proxy is for.
    socket.on('error', () => undefined)
    return socket
  }

  #destroyAll(): void {
    for (const socket of this.#open) socket.destroy()
  }
}
