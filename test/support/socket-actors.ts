import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Owned } from '#base/lifetime.ts'
import { inRoot } from './paths.ts'
import type { ActorOrder } from './socket-actor.ts'

type Order = ActorOrder extends infer O
  ? O extends ActorOrder
    ? Omit<O, 'id'> & { id?: number }
    : never
  : never

/** A process of its own that opens and closes sockets when told to. */
export class SocketActor implements Owned {
  readonly #child: ChildProcess
  #next = 0

  constructor() {
    this.#child = fork(inRoot('test/support/socket-actor.ts'), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Settles when the kernel has done it. @returns the id by which it is closed again. @throws what the actor says. */
  async order(order: Order): Promise<number> {
    const id = order.id ?? this.#next++
    const answered = new Promise<void>((resolve, reject) => {
      const hear = (answer: { readonly id: number; readonly error?: string }) => {
        if (answer.id !== id) return
        this.#child.off('message', hear)
        if (answer.error === undefined) resolve()
        else reject(new Error(answer.error))
      }
      this.#child.on('message', hear)
    })
    this.#child.send({ ...order, id })
    await answered
    return id
  }

  async dispose(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.disconnect()
    await once(this.#child, 'exit')
  }
}
