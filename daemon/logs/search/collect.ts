import { Failure } from '#base/failure.ts'
import type { Scanner } from '../scan/scanner.ts'
import type { KeptRecord } from '../segments/frame.ts'
import type { PlacedSegment } from '../segments/log-stream.ts'
import { candidatesInOrder, eachMatch } from './candidates.ts'
import type { Matcher } from './matcher.ts'
import { following, precedes, type Order, type Rank } from './order.ts'
import type { Scans } from './scan-work.ts'
import { Sieved } from './sieved.ts'

/** A record that matches, and whose it is. */
export interface Hit {
  readonly app: string
  readonly record: KeptRecord
  readonly rank: Rank
}

export interface Collected {
  /** In the order that was asked for. */
  readonly hits: readonly Hit[]
  /** Where to go on; null when everything was looked at. */
  readonly next: Rank | null
}

/** So long nobody else is served by this thread. */
const turnMs = 8

/** Lets others have their turn now and then. @throws Failure `cancelled`. */
export class Turns {
  readonly #signal: AbortSignal
  #since = performance.now()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  async next(): Promise<void> {
    if (performance.now() - this.#since < turnMs) return
    await new Promise((resolve) => void setImmediate(resolve))
    this.#since = performance.now()
    if (this.#signal.aborted) throw new Failure('cancelled', 'The search was cancelled')
  }
}

/**
 * Finds the first records that match.
 * @param from - none before this rank; null: from the beginning.
 * @param budgetMs - about so long is searched. What was found by then is answered, at least one step further than `from`.
 */
export async function collect(
  segments: Iterable<PlacedSegment>,
  matcher: Matcher,
  scanner: Scanner,
  order: Order,
  {
    from,
    limit,
    budgetMs,
    signal,
    scans,
  }: {
    from: Rank | null
    limit: number
    budgetMs: number
    signal: AbortSignal
    /** Who helps where there is much to look through; null: nobody. */
    scans: Scans | null
  },
): Promise<Collected> {
  const hits: Hit[] = []
  const turns = new Turns(signal)
  const until = performance.now() + budgetMs
  let begin: Rank | null = null
  const candidates = new Sieved(candidatesInOrder(segments, matcher, order, from), matcher, scans)
  for (let next; (next = await candidates.next()) !== null;) {
    const { block, first } = next
    begin ??= first
    const last = hits[limit - 1]
    if (last !== undefined && precedes(last.rank, first)) return { hits, next: following(last.rank) }
    if (performance.now() > until && precedes(from ?? begin, first))
      return { hits: hits.filter(({ rank }) => precedes(rank, first)), next: first }
    const stillFits = (rank: Rank): boolean => {
      const worst = hits[limit - 1]
      return (from === null || !precedes(rank, from)) && (worst === undefined || precedes(rank, worst.rank))
    }
    eachMatch(
      block,
      matcher,
      scanner,
      (frame, row) => {
        const rank = order.of(frame, row)
        candidates.found()
        hits.splice(placeOf(hits, rank), 0, { app: block.app, record: frame.record(row), rank })
        if (hits.length > limit) hits.pop()
      },
      (frame, row) => stillFits(order.of(frame, row)),
    )
    await turns.next()
  }
  const last = hits[limit - 1]
  return { hits, next: last === undefined ? null : following(last.rank) }
}

/** How many of them come before it. */
function placeOf(hits: readonly Hit[], rank: Rank): number {
  let [low, high] = [0, hits.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const hit = hits[middle]
    if (hit !== undefined && precedes(hit.rank, rank)) low = middle + 1
    else high = middle
  }
  return low
}
