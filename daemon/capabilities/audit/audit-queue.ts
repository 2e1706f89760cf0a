import type { Draft } from './audit-draft.ts'

/** Records that belong together and whoever waits for them. */
export interface Entry {
  /** `intent`: refused unless it can be written now. `outcome`: written as soon as it can, whatever happens. */
  readonly kind: 'intent' | 'outcome'
  /** Each after the first is the outcome of the first. Emptied when they turn out to be recorded already. */
  drafts: readonly Draft[]
  /** Called with the first record's sequence when all is durable. */
  done(sequence: number): void
  /** Called once; an outcome is kept and tried again all the same. */
  failed(error: unknown): void
}

/**
 * How many records one commit takes, unless more is owed: whoever is in it waits until all of it is durable, chaining
 * them takes some 15 ms of one turn, and as many outcomes fit into the space that is set aside for a full disk.
 */
const largestBatch = 4000

/** What waits to be written: outcomes that are owed first, then everything in the order it came. */
export class AuditQueue {
  #owed: Entry[] = []
  #waiting: Entry[] = []

  add(entry: Entry): void {
    this.#waiting.push(entry)
  }

  /** Keeps an outcome that could not be written. */
  owe(entry: Entry): void {
    this.#owed.push(entry)
  }

  /** What goes into the next commit. */
  take(): readonly Entry[] {
    const batch = this.#owed
    this.#owed = []
    let records = batch.length
    let count = 0
    for (const entry of this.#waiting) {
      if (records + entry.drafts.length > largestBatch) break
      records += entry.drafts.length
      count++
    }
    return [...batch, ...this.#waiting.splice(0, Math.max(count, 1))]
  }

  get waiting(): number {
    return this.#waiting.length
  }

  get owed(): number {
    return this.#owed.length
  }
}
