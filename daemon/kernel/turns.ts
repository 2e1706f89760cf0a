/** After so much work in one turn of the event loop the rest waits for the next. */
const budgetMs = 5
/** From here on the turn's end is watched for; below it that would cost more than the work. */
const watchMs = 2

/**
 * Spreads work over turns of the event loop. A hundred large answers that are ready at the same moment would
 * otherwise be written in one go, and nobody heard meanwhile.
 */
export class Turns {
  readonly #eager: (() => void)[] = []
  readonly #patient: (() => void)[] = []
  readonly #now: () => number
  #spentMs = 0
  #scheduled = false

  /** @param now - monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /**
   * Does the work now where this turn has time left, else later.
   * @param eager - goes before what is not.
   * @returns undefined when it is done already.
   */
  run(eager: boolean, work: () => void): Promise<void> | undefined {
    const queued = this.#eager.length + (eager ? 0 : this.#patient.length)
    if (this.#spentMs < budgetMs && queued === 0) {
      this.#do(work)
      return undefined
    }
    return new Promise((resolve) => {
      const queue = eager ? this.#eager : this.#patient
      queue.push(() => {
        work()
        resolve()
      })
      this.#schedule()
    })
  }

  #do(work: () => void): void {
    const began = this.#now()
    work()
    this.#spentMs += this.#now() - began
    if (this.#spentMs >= watchMs) this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#nextTurn())
  }

  #nextTurn(): void {
    this.#scheduled = false
    this.#spentMs = 0
    while (this.#spentMs < budgetMs) {
      const work = this.#eager.shift() ?? this.#patient.shift()
      if (work === undefined) return
      this.#do(work)
    }
    this.#schedule()
  }
}
