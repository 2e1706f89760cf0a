import { connect, createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Actor, type SocketKind } from './host-actor.ts'
import type { Random } from './random.ts'

/** Ports of these rounds: below the range the kernel chooses from, so that strangers seldom meet them. */
export const firstPort = 21_000
export const lastPort = 28_999

const hosts = ['0.0.0.0', '127.0.0.1', '::', '::', '::1'] as const

/** A socket that an actor holds. */
interface Held {
  readonly actor: Actor
  readonly id: number
  readonly kind: SocketKind
}

/**
 * Opens, shares and closes sockets at random in several processes. What is done is done when a step ends: no process
 * and no socket is on its way any more.
 */
export class Rounds {
  readonly #random: Random
  readonly #actors: Actor[] = []
  readonly #held: Held[] = []
  readonly #sleepers: { readonly actor: Actor; readonly pid: number }[] = []
  /** Sockets of this very process. */
  readonly #own: Server[] = []
  readonly #connections: Socket[] = []
  #ids = 0
  /** How often each kind of step was taken. */
  readonly taken = new Map<string, number>()

  constructor(random: Random) {
    this.#random = random
  }

  async start(actors: number): Promise<void> {
    for (let at = 0; at < actors; at++) this.#actors.push(await Actor.start())
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.destroy()
    for (const server of this.#own) server.close()
    await Promise.all(this.#actors.map((actor) => actor.stop()))
  }

  /** One random step. */
  async step(): Promise<void> {
    const name = this.#random.pick([
      'open',
      'open',
      'open',
      'open own',
      'share port',
      'close',
      'close',
      'fork',
      'fork',
      'end fork',
      'hand over',
      'connect',
      'stop actor',
    ] as const)
    const done = await this.#steps[name]()
    if (done) this.taken.set(name, (this.taken.get(name) ?? 0) + 1)
  }

  readonly #steps = {
    open: () => this.#open(this.#kind()),
    'open own': async () => {
      const server = createServer((socket) => socket.on('error', () => undefined))
      const { host, port, ipv6Only } = this.#kind()
      server.listen({ host, port, ipv6Only })
      // The port may be taken by another socket of these rounds.
      const listening = await Promise.race([
        once(server, 'listening').then(() => true),
        new Promise<boolean>((resolve) => server.once('error', () => resolve(false))),
      ])
      if (listening) this.#own.push(server)
      return listening
    },
    'share port': () => {
      const sharing = this.#held.filter(({ kind }) => kind.reusePort)
      return sharing.length === 0 ? Promise.resolve(false) : this.#open(this.#random.pick(sharing).kind)
    },
    close: async () => {
      const [held] = this.#held.splice(this.#random.int(0, Math.max(0, this.#held.length - 1)), 1)
      if (held) await held.actor.close(held.id)
      return held !== undefined
    },
    fork: async () => {
      const actor = this.#random.pick(this.#actors)
      const mine = this.#held.filter((held) => held.actor === actor).slice(0, this.#random.int(1, 3))
      if (mine.length === 0) return false
      this.#sleepers.push({ actor, pid: await actor.fork(mine.map(({ id }) => id)) })
      return true
    },
    'end fork': async () => {
      const [sleeper] = this.#sleepers.splice(0, 1)
      if (sleeper) await sleeper.actor.end(sleeper.pid)
      return sleeper !== undefined
    },
    'hand over': async () => {
      const server = this.#own.at(-1)
      const address = server?.address()
      if (server === undefined || address === null || typeof address !== 'object') return false
      const actor = this.#random.pick(this.#actors)
      const id = ++this.#ids
      await actor.take(id, server)
      const kind = {
        protocol: 'tcp',
        host: '',
        port: address.port,
        ipv6Only: false,
        reusePort: false,
      } as const
      this.#held.push({ actor, id, kind })
      if (this.#random.next() < 0.3) {
        this.#own.pop()
        // Its connections live on; the listening socket is closed when the event loop has turned.
        server.close()
        await nextTurn()
        await nextTurn()
      }
      return true
    },
    connect: async () => {
      const address = this.#own.at(-1)?.address()
      if (address === null || typeof address !== 'object') return false
      const host = address.family === 'IPv4' ? '127.0.0.1' : '::1'
      const connection = connect(address.port, host)
      connection.on('error', () => undefined)
      await once(connection, 'connect')
      this.#connections.push(connection)
      return true
    },
    'stop actor': async () => {
      const [actor] = this.#actors.splice(0, 1)
      if (actor === undefined) return false
      for (const list of [this.#held, this.#sleepers])
        for (let at = list.length - 1; at >= 0; at--) if (list[at]?.actor === actor) list.splice(at, 1)
      await actor.stop()
      this.#actors.push(await Actor.start())
      return true
    },
  }

  #kind(): SocketKind {
    return {
      protocol: this.#random.pick(['tcp', 'tcp', 'udp']),
      host: this.#random.pick(hosts),
      port: this.#random.int(firstPort, lastPort),
      ipv6Only: this.#random.next() < 0.4,
      reusePort: this.#random.next() < 0.3,
    }
  }

  async #open(kind: SocketKind): Promise<boolean> {
    const actor = this.#random.pick(this.#actors)
    const id = ++this.#ids
    try {
      await actor.open(id, kind)
    } catch (error) {
      // Another socket of these rounds may have that port.
      if (String(error).includes('EADDRINUSE')) return false
      throw error
    }
    this.#held.push({ actor, id, kind })
    return true
  }
}
