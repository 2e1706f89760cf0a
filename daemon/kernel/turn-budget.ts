/** After so much work in one turn of the event loop the rest waits for the next. */
const budgetMs = 5

/** What is left of a turn of the event loop for one kind of work. */
export class TurnBudget {
  readonly #now: () => number
  readonly #next: () => void
  readonly #watchMs: number
  #spentMs = 0
  #scheduled = false

  /**
   * @param deps.now - monotonic milliseconds.
   * @param deps.next - called when the next turn begins and work was put off or done.
   * @param deps.watchMs - less work than this in a turn does not make its end be watched for.
   */
  constructor(deps: { readonly now: () => number; readonly next: () => void; readonly watchMs: number }) {
    this.#now = deps.now
    this.#next = deps.next
    this.#watchMs = deps.watchMs
  }

  /** Whether this turn has time left. */
  get left(): boolean {
    return this.#spentMs < budgetMs
  }

  /** Does work and counts its time. */
  spend(work: () => void): void {
    const began = this.#now()
    work()
    this.#spentMs += this.#now() - began
    if (this.#spentMs >= this.#watchMs) this.renew()
  }

  /** Sees to it that there is a next turn, with all of its time. */
  renew(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#spentMs = 0
      this.#next()
    })
  }
}
