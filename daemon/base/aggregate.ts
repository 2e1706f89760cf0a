/**
 * What a number was over a stretch of time, so that stretches can be put together in any order and the outcome is the
 * same to the last bit: it holds whole numbers only, and adds them.
 *
 * Where percentiles are wanted the values are counted in buckets whose bounds grow by a fixed factor (DDSketch, Masson,
 * Rim and Lee, VLDB 2019). A percentile is then at most {@link accuracy} beside the value that stands there.
 */
export class Aggregate {
  /** Values, or milliseconds that were covered for what only adds up. */
  weight = 0
  sum = 0
  least = Number.POSITIVE_INFINITY
  most = 0
  /** How many values are in each bucket, by its index; null where no percentiles are wanted. */
  readonly buckets: Map<number, number> | null

  constructor(percentiles: boolean) {
    this.buckets = percentiles ? new Map() : null
  }

  /** @param value - whole and not negative. @param weight - whole. */
  add(value: number, weight = 1): void {
    this.weight += weight
    this.sum += value
    if (value < this.least) this.least = value
    if (value > this.most) this.most = value
    if (this.buckets === null) return
    const index = bucketOf(value)
    this.buckets.set(index, (this.buckets.get(index) ?? 0) + weight)
  }

  merge(other: Aggregate): void {
    this.weight += other.weight
    this.sum += other.sum
    this.least = Math.min(this.least, other.least)
    this.most = Math.max(this.most, other.most)
    if (this.buckets === null || other.buckets === null) return
    for (const [index, count] of other.buckets)
      this.buckets.set(index, (this.buckets.get(index) ?? 0) + count)
  }

  /**
   * The value below or at which a share of all values lies (nearest rank).
   * @param share - above 0, up to 1. @returns null without values.
   */
  percentile(share: number): number | null {
    if (this.buckets === null || this.weight === 0) return null
    const rank = Math.max(1, Math.ceil(share * this.weight))
    let seen = 0
    for (const [index, count] of [...this.buckets].sort(([a], [b]) => a - b)) {
      seen += count
      if (seen >= rank) return Math.min(this.most, Math.max(this.least, middleOf(index)))
    }
    return this.most
  }

  /** How many values are at most the upper bound of a bucket. */
  countTo(bucket: number): number {
    let count = 0
    for (const [index, values] of this.buckets ?? []) if (index <= bucket) count += values
    return count
  }
}

/** How far a percentile may be beside the value that stands there, as a share of that. */
export const accuracy = 0.02
const growth = (1 + accuracy) / (1 - accuracy)
const logGrowth = Math.log(growth)

/** The bucket of a whole number: the first holds 0 and 1, each of the others what is above the bound of the one before. */
export const bucketOf = (value: number): number => (value <= 1 ? 0 : Math.ceil(Math.log(value) / logGrowth))

/** The upper bound of a bucket, which belongs to it. */
export const boundOf = (bucket: number): number => growth ** bucket

/** What is at most {@link accuracy} beside every value of a bucket. */
const middleOf = (bucket: number): number => (bucket === 0 ? 1 : (2 * growth ** bucket) / (growth + 1))
