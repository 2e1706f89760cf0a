import type { BlockFacts } from '../segments/block.ts'
import type { FrameView } from '../segments/frame.ts'

/** Two whole numbers, compared one after the other; the lower rank comes first. */
export type Rank = readonly [number, number]

export const precedes = (a: Rank, b: Rank): boolean => a[0] < b[0] || (a[0] === b[0] && a[1] < b[1])

/** The next one after it. */
export const following = ([first, second]: Rank): Rank => [first, second + 1]

/** In which order records are gone through. */
export interface Order {
  of(frame: FrameView, row: number): Rank
  /** No record of the block comes before this. */
  first(facts: BlockFacts): Rank
  /** No record of the block comes after this. */
  last(facts: BlockFacts): Rank
}

/** By time; where that is equal, by arrival. */
export const oldestFirst: Order = {
  of: (frame, row) => [frame.time(row), frame.sequence(row)],
  first: ({ minTime, firstSequence }) => [minTime, firstSequence],
  last: ({ maxTime, lastSequence }) => [maxTime, lastSequence],
}

export const newestFirst: Order = {
  of: (frame, row) => [-frame.time(row), -frame.sequence(row)],
  first: ({ maxTime, lastSequence }) => [-maxTime, -lastSequence],
  last: ({ minTime, firstSequence }) => [-minTime, -firstSequence],
}

export const arrivedFirst: Order = {
  of: (frame, row) => [frame.sequence(row), 0],
  first: ({ firstSequence }) => [firstSequence, 0],
  last: ({ lastSequence }) => [lastSequence, 0],
}

export const arrivedLast: Order = {
  of: (frame, row) => [-frame.sequence(row), 0],
  first: ({ lastSequence }) => [-lastSequence, 0],
  last: ({ firstSequence }) => [-firstSequence, 0],
}
