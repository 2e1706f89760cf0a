import { TurnBudget } from './turn-budget.ts'

/** From here on the turn's end is watched for; below it that would cost more than the work. */
const watchMs = 2

/**
 * Spreads work over turns of the event loop. A hundred large answers that are ready at the same moment would
 * otherwise be written in one go, and nobody heard meanwhile.
 */
export class Turns {
  readonly #eager: (() => void)[] = []
  readonly #patient: (() => void)[] = []
  readonly #budget: TurnBudget

  /** @param now - monotonic milliseconds. */
  constructor(now: () => number) {
    this.#budget = new TurnBudget({ now, next: () => this.#nextTurn(), watchMs })
  }

  /**
   * Does the work now where this turn has time left, else later.
   * @param eager - goes before what is not.
   * @returns undefined when it is done already.
   */
  run(eager: boolean, work: () => void): Promise<void> | undefined {
    const queued = this.#eager.length + (eager ? 0 : this.#patient.length)
    if (this.#budget.left && queued === 0) {
      this.#budget.spend(work)
      return undefined
    }
    return new Promise((resolve) => {
      const queue = eager ? this.#eager : this.#patient
      queue.push(() => {
        work()
        resolve()
      })
      this.#budget.renew()
    })
  }

  #nextTurn(): void {
    while (this.#budget.left) {
      const work = this.#eager.shift() ?? this.#patient.shift()
      if (work === undefined) return
      this.#budget.spend(work)
    }
    this.#budget.renew()
  }
}
