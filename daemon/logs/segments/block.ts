import { kindPlace, levelPlace, type FrameView } from './frame.ts'
import { logLevels } from '#contract/log-words.ts'

/** Text that a block holds, about; what a question is not about is passed over block by block. */
export const blockBytes = 128 * 1024

/** What is known of a stretch of frames without reading it. */
export interface BlockFacts {
  /** Where in its file it stands. */
  readonly at: number
  readonly length: number
  readonly count: number
  readonly firstSequence: number
  readonly lastSequence: number
  readonly minTime: number
  readonly maxTime: number
  /** Records of no level, then of each level from the least grave. */
  readonly levels: readonly number[]
  /** A bit for each kind, by its place among all. */
  readonly kinds: number
  readonly sources: readonly string[]
  /** Bytes and records of each of {@link sources}. */
  readonly shares: readonly (readonly [records: number, bytes: number])[]
}

export const noFacts = (at: number): BlockFacts => ({
  at,
  length: 0,
  count: 0,
  firstSequence: Number.POSITIVE_INFINITY,
  lastSequence: 0,
  minTime: Number.POSITIVE_INFINITY,
  maxTime: Number.NEGATIVE_INFINITY,
  levels: Array.from({ length: logLevels.length + 1 }, () => 0),
  kinds: 0,
  sources: [],
  shares: [],
})

/** Bytes of text that a block holds. */
export const textOf = ({ shares }: BlockFacts): number => shares.reduce((sum, [, bytes]) => sum + bytes, 0)

/** What is known of several blocks together; of how much each source has in them nothing. */
export function together(blocks: readonly BlockFacts[]): BlockFacts {
  const all = noFacts(0)
  const levels = [...all.levels]
  const sources = new Set<string>()
  let { length, count, firstSequence, lastSequence, minTime, maxTime, kinds } = all
  for (const block of blocks) {
    length += block.length
    count += block.count
    firstSequence = Math.min(firstSequence, block.firstSequence)
    lastSequence = Math.max(lastSequence, block.lastSequence)
    minTime = Math.min(minTime, block.minTime)
    maxTime = Math.max(maxTime, block.maxTime)
    kinds |= block.kinds
    for (const [place, some] of block.levels.entries()) levels[place] = (levels[place] ?? 0) + some
    for (const source of block.sources) sources.add(source)
  }
  const known = { length, count, firstSequence, lastSequence, minTime, maxTime, kinds, levels }
  return { ...all, ...known, sources: [...sources] }
}

/** What is known of a block once so many bytes with these records stand behind it as well. */
export function grown(block: BlockFacts, length: number, frame: FrameView): BlockFacts {
  const levels = [...block.levels]
  const shares = new Map(block.sources.map((name, index) => [name, [...(block.shares[index] ?? [0, 0])]]))
  let { minTime, maxTime, kinds } = block
  for (let row = 0; row < frame.count; row++) {
    const flags = frame.flags(row)
    const place = levelPlace(flags)
    levels[place] = (levels[place] ?? 0) + 1
    kinds |= 1 << kindPlace(flags)
    const time = frame.time(row)
    if (time < minTime) minTime = time
    if (time > maxTime) maxTime = time
    const source = frame.source(row)
    const share = shares.get(source) ?? [0, 0]
    share[0] = (share[0] ?? 0) + 1
    share[1] = (share[1] ?? 0) + frame.end(row) - frame.begin(row)
    shares.set(source, share)
  }
  const isEmpty = frame.count === 0
  return {
    at: block.at,
    length: block.length + length,
    count: block.count + frame.count,
    firstSequence: Math.min(block.firstSequence, isEmpty ? Number.POSITIVE_INFINITY : frame.sequence(0)),
    lastSequence: isEmpty ? block.lastSequence : frame.sequence(frame.count - 1),
    minTime,
    maxTime,
    levels,
    kinds,
    sources: [...shares.keys()],
    shares: [...shares.values()].map(([records = 0, bytes = 0]) => [records, bytes] as const),
  }
}
