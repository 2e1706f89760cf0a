import type { RankedBlock } from './candidates.ts'
import type { Matcher } from './matcher.ts'
import { leftOf, scannedBlock, type Scans } from './scan-work.ts'

/** After so many blocks in which nothing was found, those to come are looked through by others first. */
const patience = 32
/** So many of them at once, and of what comes then twice as many each time. */
const [leastAhead, mostAhead] = [256, 1024]

/** Blocks in their order, without those in which a needle is lacking where that is worth asking. */
export class Sieved {
  readonly #blocks: Iterator<RankedBlock>
  readonly #needles: readonly string[]
  readonly #scans: Scans | null
  #ready: RankedBlock[] = []
  #inVain = 0
  #ahead = leastAhead

  constructor(blocks: Iterator<RankedBlock>, matcher: Matcher, scans: Scans | null) {
    this.#blocks = blocks
    this.#needles = matcher.needles.map(({ bytes }) => bytes.toString('latin1'))
    this.#scans = this.#needles.length === 0 ? null : scans
  }

  /** The last block held something. */
  found(): void {
    this.#inVain = 0
    this.#ahead = leastAhead
  }

  /** The next block; null when there is none. */
  async next(): Promise<RankedBlock | null> {
    const ready = this.#ready.shift()
    if (ready !== undefined) return ready
    if (this.#scans === null || this.#inVain++ < patience) return this.#take()
    const blocks: RankedBlock[] = []
    for (let block; blocks.length < this.#ahead && (block = this.#take()) !== null;) blocks.push(block)
    this.#ahead = Math.min(mostAhead, 2 * this.#ahead)
    if (blocks.length === 0) return null
    const placed = blocks.map(({ block }) => block)
    const task = { kind: 'sieve', needles: this.#needles, blocks: placed.map(scannedBlock) } as const
    const done = await this.#scans.scan(task)
    // The last one always comes, so that whoever asks may stop there.
    const left = new Set([
      ...leftOf(placed, done),
      ...(done?.held ?? []).map((place) => placed[place]),
      placed.at(-1),
    ])
    this.#ready = blocks.filter(({ block }) => left.has(block))
    return this.#ready.shift() ?? null
  }

  #take(): RankedBlock | null {
    const { value, done } = this.#blocks.next() as IteratorResult<RankedBlock, undefined>
    return done === true ? null : value
  }
}
