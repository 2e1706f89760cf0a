import { logLevels } from '#contract/log-words.ts'

/** How many records of each level are in each bucket. */
export class Counts {
  readonly #counts = new Map<number, number[]>()
  /** Those of the bucket that was added to last: records of one time come one after the other. */
  #last = Number.NaN
  #levels: number[] = []

  /** @param place - of the level among all, the first for none. */
  add(bucket: number, place: number, count: number): void {
    if (bucket !== this.#last) {
      this.#levels = this.#of(bucket)
      this.#last = bucket
    }
    this.#levels[place] = (this.#levels[place] ?? 0) + count
  }

  #of(bucket: number): number[] {
    const known = this.#counts.get(bucket)
    if (known !== undefined) return known
    const levels = Array.from({ length: logLevels.length + 1 }, () => 0)
    this.#counts.set(bucket, levels)
    return levels
  }

  addAll(counts: Counts['all']): void {
    for (const [bucket, levels] of counts)
      for (const [place, count] of levels.entries()) this.add(bucket, place, count)
  }

  /** From the first bucket on. */
  get all(): readonly (readonly [bucket: number, levels: readonly number[]])[] {
    return [...this.#counts].toSorted(([a], [b]) => a - b)
  }
}
