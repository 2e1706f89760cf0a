import { Worker } from 'node:worker_threads'
import type { Owned } from '#base/lifetime.ts'
import { messageOf } from '#base/failure.ts'

/** A thread that has had nothing to do for so long ends, in milliseconds: it holds memory. */
const idleMs = 30_000

/** Does tasks in a thread of its own, one after the other. The thread is there while there is something to do. */
export class TaskThread<Task, Outcome> implements Owned {
  readonly #script: string
  readonly #done: ((outcome: Outcome | { readonly problem: string }) => void)[] = []
  #worker: Worker | null = null
  #idle: NodeJS.Timeout | undefined
  #why = 'the thread that does it has ended'

  /** @param script - the daemon's own program, which the thread runs. */
  constructor(script: string) {
    this.#script = script
  }

  begin(task: Task, done: (outcome: Outcome | { readonly problem: string }) => void): void {
    clearTimeout(this.#idle)
    this.#done.push(done)
    this.#thread().postMessage(task)
  }

  async dispose(): Promise<void> {
    clearTimeout(this.#idle)
    this.#done.length = 0
    await this.#worker?.terminate()
  }

  #thread(): Worker {
    if (this.#worker !== null) return this.#worker
    const worker = new Worker(this.#script, { argv: ['log-work'] })
    this.#worker = worker
    worker.on('message', (outcome: Outcome) => {
      this.#done.shift()?.(outcome)
      if (this.#done.length > 0) return
      clearTimeout(this.#idle)
      this.#idle = setTimeout(() => void this.#end(worker), idleMs).unref()
    })
    worker.on('error', (error) => (this.#why = messageOf(error)))
    worker.once('exit', () => this.#gone(worker))
    return worker
  }

  /** What is begun from now on gets a thread of its own. */
  #end(worker: Worker): Promise<number> {
    this.#worker = null
    return worker.terminate()
  }

  #gone(worker: Worker): void {
    if (this.#worker !== worker) return
    this.#worker = null
    for (const done of this.#done.splice(0)) done({ problem: this.#why })
  }
}
