/** What one look has cost and whether it found anything else than the look before. */
export interface LookResult {
  /** Milliseconds of CPU. */
  readonly costMs: number
  readonly changed: boolean
}

/** A look as the pace counts it. */
interface PacedLook extends LookResult {
  /** Whether a sign brought it about before its time. */
  readonly hurried?: boolean
}

/** The middle of so many looks tells the cost: one in a busy moment does not blind a view. */
const looksCounted = 9
/** Fewer tell nothing: the first looks of a process cost many times what the later ones do. */
const looksNeeded = 4
/** CPU that changes may cost in a burst, such as a whole compose project coming up, in milliseconds. */
const largestCredit = 3000
/** CPU that signs which told of nothing may cost in a burst, in milliseconds, and the part of the share that refills it. */
const largestHurry = 100
const partForHurry = 0.2
/** Where things change all the time, looks come no more often than this, in milliseconds. */
const restlessMs = 2000

/**
 * Says how often a source may be looked at within a share of one core. Looks that find nothing set the pace:
 * they are nearly all there are. What a change costs is due once for each change however rare the looks are, so
 * it is paid from a credit that the share refills; only where changes never end do looks become rare for them.
 * Looks that a sign brought about and that found nothing have a small credit of their own: where connections come
 * and go all the time, signs mean nothing and are not followed for long.
 */
export class Pace {
  readonly #share: number
  #quiet: readonly number[] = []
  #creditMs = largestCredit
  #hurryMs = largestHurry
  #notedAt: number | undefined

  /** @param share - of one core. A look's own measure leaves out what the runtime adds to it, about half as much. */
  constructor(share: number) {
    this.#share = share
  }

  /** Counts a look. @param now - monotonic milliseconds. */
  note({ costMs, changed, hurried = false }: PacedLook, now: number): void {
    const earned = (now - (this.#notedAt ?? now)) * this.#share
    this.#notedAt = now
    this.#creditMs = Math.min(largestCredit, this.#creditMs + earned)
    this.#hurryMs = Math.min(largestHurry, this.#hurryMs + earned * partForHurry)
    if (changed) this.#creditMs -= costMs
    else if (hurried) this.#hurryMs -= costMs
    else this.#quiet = [costMs, ...this.#quiet].slice(0, looksCounted)
  }

  /** Whether a look may come before its time. */
  get mayHurry(): boolean {
    return this.#creditMs > 0 && this.#hurryMs > 0
  }

  /** The least time between the starts of two looks, in milliseconds; 0 until the cost is known. */
  get intervalMs(): number {
    const restless = this.#creditMs < 0 ? restlessMs : 0
    if (this.#quiet.length < looksNeeded) return restless
    const middle = this.#quiet.toSorted((a, b) => a - b)[(this.#quiet.length - 1) >> 1] ?? 0
    return Math.max(restless, middle / this.#share)
  }
}
