import { logLevels } from '#contract/log-words.ts'

/** How many records of each level are in each bucket. */
export class Counts {
  readonly #counts = new Map<number, number[]>()

  /** @param place - of the level among all, the first for none. */
  add(bucket: number, place: number, count: number): void {
    let levels = this.#counts.get(bucket)
    if (levels === undefined)
      this.#counts.set(bucket, (levels = Array.from({ length: logLevels.length + 1 }, () => 0)))
    levels[place] = (levels[place] ?? 0) + count
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
