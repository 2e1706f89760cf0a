import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:dgram'
import type { Server } from 'node:net'
import { fileURLToPath } from 'node:url'

/** A socket to be opened. */
export interface SocketKind {
  readonly protocol: 'tcp' | 'udp'
  readonly host: string
  readonly port: number
  readonly ipv6Only: boolean
  readonly reusePort: boolean
}

/** What an actor is told; sockets are named by numbers of the caller's choice. */
export type ActorCall = { readonly call: number } & ActorAct
type ActorAct =
  | { readonly do: 'open'; readonly id: number; readonly kind: SocketKind }
  | { readonly do: 'take'; readonly id: number }
  | { readonly do: 'close'; readonly id: number }
  | { readonly do: 'fork'; readonly ids: readonly number[] }
  | { readonly do: 'end'; readonly pid: number }

export interface ActorReply {
  readonly call: number
  readonly pid: number | null
  readonly error: string | null
}

const program = fileURLToPath(new URL('./host-actor-child.ts', import.meta.url))

/** Another process that opens, shares and closes sockets on demand. Each promise settles when it has done so. */
export class Actor {
  readonly #child: ChildProcess
  #calls = 0

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(): Promise<Actor> {
    const child = fork(program, { execArgv: ['--no-warnings'] })
    child.setMaxListeners(100)
    await once(child, 'spawn')
    return new Actor(child)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async open(id: number, kind: SocketKind): Promise<void> {
    await this.#do({ do: 'open', id, kind })
  }

  /** Hands over a copy of a socket of this process (SCM_RIGHTS). */
  async take(id: number, socket: Server | Socket): Promise<void> {
    await this.#do({ do: 'take', id }, socket)
  }

  async close(id: number): Promise<void> {
    await this.#do({ do: 'close', id })
  }

  /** Forks a program that inherits these sockets. @returns its pid. */
  async fork(ids: readonly number[]): Promise<number> {
    return (await this.#do({ do: 'fork', ids })) ?? 0
  }

  /** Kills a forked program and waits until it is gone. */
  async end(pid: number): Promise<void> {
    await this.#do({ do: 'end', pid })
  }

  /** Ends the actor and all it forked, whatever it is doing. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    if (this.#child.connected) this.#child.disconnect()
    else this.#child.kill('SIGKILL')
    await exited
  }

  /** Kills it on the spot: what it forked lives on. */
  async kill(): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  #do(act: ActorAct, handle?: Server | Socket): Promise<number | null> {
    const call = ++this.#calls
    return new Promise((resolve, reject) => {
      const settle = (reply: ActorReply) => {
        if (reply.call !== call) return
        this.#child.off('message', settle)
        this.#child.off('exit', fail)
        if (reply.error === null) resolve(reply.pid)
        else reject(new Error(reply.error))
      }
      const fail = () => reject(new Error('The actor has ended'))
      this.#child.on('message', settle)
      this.#child.once('exit', fail)
      this.#child.send({ call, ...act }, handle, (error) => {
        if (error) reject(error)
      })
    })
  }
}
