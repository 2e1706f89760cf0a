/** So many checks at once, of all lanes together. */
const mostAtOnce = 200

interface Lane<T> {
  readonly name: string
  readonly waiting: T[]
  /** That run or are about to. */
  active: number
  /** How many of `waiting` have left it. */
  left: number
}

interface Ready<T> {
  readonly work: T
  /** It is left as it was entered, whatever is said of the work meanwhile. */
  readonly lane: Lane<T>
}

/**
 * Lets work begin, a few at a time of each lane and of all: a host that does not answer holds up its own checks and
 * nobody else's. Whoever waits is let in the order it came.
 */
export class Lanes<T> {
  readonly #lanes = new Map<string, Lane<T>>()
  readonly #laneOf: (work: T) => { readonly lane: string; readonly most: number }
  readonly #begin: (work: T) => Promise<void>
  #ready: Ready<T>[] = []
  #running = 0

  /** @param begin - does the work; it never rejects. */
  constructor(
    laneOf: (work: T) => { readonly lane: string; readonly most: number },
    begin: (work: T) => Promise<void>,
  ) {
    this.#laneOf = laneOf
    this.#begin = begin
  }

  enter(work: T): void {
    const { lane: name, most } = this.#laneOf(work)
    let lane = this.#lanes.get(name)
    if (lane === undefined) this.#lanes.set(name, (lane = { name, active: 0, waiting: [], left: 0 }))
    if (lane.active >= most) lane.waiting.push(work)
    else {
      lane.active++
      this.#ready.push({ work, lane })
    }
    this.#pump()
  }

  #pump(): void {
    let taken = 0
    while (this.#running < mostAtOnce && taken < this.#ready.length) {
      const next = this.#ready[taken++]
      if (next === undefined) break
      this.#running++
      void this.#begin(next.work).finally(() => this.#done(next.lane))
    }
    if (taken > 0) this.#ready = this.#ready.slice(taken)
  }

  #done(lane: Lane<T>): void {
    this.#running--
    const next = lane.waiting[lane.left]
    if (next !== undefined) {
      lane.left++
      this.#ready.push({ work: next, lane })
      // Now and then, because to move all of them up each time is slow where many wait.
      if (lane.left > 1000) {
        lane.waiting.splice(0, lane.left)
        lane.left = 0
      }
    } else {
      lane.active--
      lane.waiting.length = 0
      lane.left = 0
      if (lane.active === 0) this.#lanes.delete(lane.name)
    }
    this.#pump()
  }
}
