import { Worker } from 'node:worker_threads'
import type { Owned } from '#base/lifetime.ts'
import { messageOf } from '#base/failure.ts'
import type { SegmentOutcome, SegmentTask, SegmentWork } from './segments/segment-work.ts'

/** A thread that has had nothing to do for so long ends, in milliseconds: it holds memory. */
const idleMs = 30_000

/** Does what takes long in a thread of its own, one after the other, so that neither reading nor searching waits for it. */
export class WorkThread implements SegmentWork, Owned {
  readonly #script: string
  readonly #done: ((outcome: SegmentOutcome) => void)[] = []
  #worker: Worker | null = null
  #idle: NodeJS.Timeout | undefined
  #why = 'the thread that does it has ended'

  /** @param script - the daemon's own program, which the thread runs. */
  constructor(script: string) {
    this.#script = script
  }

  begin(task: SegmentTask, done: (outcome: SegmentOutcome) => void): void {
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
    worker.on('message', (outcome: SegmentOutcome) => {
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
