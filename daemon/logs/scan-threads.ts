import { availableParallelism } from 'node:os'
import type { Owned } from '#base/lifetime.ts'
import { Counts } from './search/counts.ts'
import type { ScanOutcome, Scans, ScanTask } from './search/scan-work.ts'
import { TaskThread } from './task-thread.ts'

/** More do not go through memory faster. */
const mostThreads = 4
/** So many blocks at once: whoever is done with them takes the next, so that none waits for another. */
const blocksAtOnce = 128

type Done = ScanOutcome | { readonly problem: string }

/** Looks through blocks in several threads. */
export class ScanThreads implements Scans, Owned {
  readonly #threads: readonly TaskThread<ScanTask, ScanOutcome>[]

  /** @param script - the daemon's own program, which the threads run. */
  constructor(script: string) {
    const count = Math.min(mostThreads, availableParallelism())
    this.#threads = Array.from({ length: count }, () => new TaskThread<ScanTask, ScanOutcome>(script))
  }

  async scan(task: ScanTask): Promise<ScanOutcome | null> {
    const counts = new Counts()
    const [held, unread]: [number[], number[]] = [[], []]
    let [next, failed] = [0, false]
    const workOn = async (thread: TaskThread<ScanTask, ScanOutcome>): Promise<void> => {
      while (next < task.blocks.length && !failed) {
        const from = next
        const blocks = task.blocks.slice(from, (next += blocksAtOnce))
        const done = await new Promise<Done>((resolve) => thread.begin({ ...task, blocks }, resolve))
        if ('problem' in done) failed = true
        else {
          counts.addAll(done.counts)
          held.push(...done.held.map((place) => from + place))
          unread.push(...done.unread.map((place) => from + place))
        }
      }
    }
    await Promise.all(this.#threads.map(workOn))
    return failed ? null : { counts: counts.all, held, unread }
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.dispose()))
  }
}
