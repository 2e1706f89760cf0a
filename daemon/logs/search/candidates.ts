import type { Needle } from '../scan/needle.ts'
import type { Scanner } from '../scan/scanner.ts'
import { framesIn, type FrameView } from '../segments/frame.ts'
import type { PlacedBlock, PlacedSegment } from '../segments/log-stream.ts'
import type { Matcher } from './matcher.ts'
import { precedes, type Order, type Rank } from './order.ts'

/** The blocks of a segment in which something may match, as far as is known of them without reading their text. */
export function candidatesIn({ app, segment }: PlacedSegment, matcher: Matcher): readonly PlacedBlock[] {
  if (!matcher.may(segment.facts)) return []
  const { blocks } = segment
  const places = segment.placesWith(matcher.bits) ?? blocks.keys()
  const found: PlacedBlock[] = []
  for (const index of places) {
    const facts = blocks[index]
    if (facts !== undefined && facts.count > 0 && matcher.may(facts))
      found.push({ app, segment, index, facts })
  }
  return found
}

export interface RankedBlock {
  readonly block: PlacedBlock
  /** No record of it comes before this. */
  readonly first: Rank
}

/**
 * The same of many segments, in the order in which their first records may come. A segment is asked no sooner than
 * something of it may be next.
 * @param from - nothing before this rank; null: from the beginning.
 */
export function* candidatesInOrder(
  segments: Iterable<PlacedSegment>,
  matcher: Matcher,
  order: Order,
  from: Rank | null,
): Generator<RankedBlock> {
  const isAhead = (last: Rank): boolean => from === null || !precedes(last, from)
  const waiting = [...segments]
    .filter(({ segment: { facts } }) => facts.count > 0 && isAhead(order.last(facts)))
    .map((placed) => ({ placed, first: order.first(placed.segment.facts) }))
    .toSorted(lastFirst)
  /** The next one stands last. */
  const known: RankedBlock[] = []
  for (;;) {
    const [segment, block] = [waiting.at(-1), known.at(-1)]
    if (segment !== undefined && (block === undefined || !precedes(block.first, segment.first))) {
      waiting.pop()
      const more = candidatesIn(segment.placed, matcher)
        .filter(({ facts }) => isAhead(order.last(facts)))
        .map((one) => ({ block: one, first: order.first(one.facts) }))
      if (more.length > 0) {
        known.push(...more)
        known.sort(lastFirst)
      }
      continue
    }
    if (block === undefined) return
    known.pop()
    yield block
  }
}

const lastFirst = (a: { readonly first: Rank }, b: { readonly first: Rank }): number =>
  b.first[0] - a.first[0] || b.first[1] - a.first[1]

/** Calls for each record of a block that matches. What it is given lies in the scanner's memory, until the next block does. */
export function eachMatch(
  { app, segment, facts }: PlacedBlock,
  matcher: Matcher,
  scanner: Scanner,
  found: (frame: FrameView, row: number) => void,
  isWanted: (frame: FrameView, row: number) => boolean = () => true,
): void {
  const bytes = segment.read(facts, (length) => scanner.room(length))
  if (bytes !== null) eachMatchIn(bytes, app, matcher, scanner, found, isWanted)
}

/** The same of the bytes of a block, which lie at the beginning of the scanner's memory. */
export function eachMatchIn(
  bytes: Buffer,
  app: string,
  matcher: Matcher,
  scanner: Scanner,
  found: (frame: FrameView, row: number) => void,
  isWanted: (frame: FrameView, row: number) => boolean = () => true,
): void {
  const [driver, ...others] = matcher.needles
  const lacks = (needle: Needle): boolean => scanner.find(needle, 0, bytes.length) === -1
  if ((driver !== undefined && lacks(driver)) || others.some(lacks)) return
  for (const frame of framesIn(bytes))
    eachRow(frame, driver, scanner, (row) => {
      if (isWanted(frame, row) && matcher.matches(app, frame, row)) found(frame, row)
    })
}

/** Calls for each row in which the needle stands; for all without one. */
function eachRow(
  frame: FrameView,
  needle: Needle | undefined,
  scanner: Scanner,
  look: (row: number) => void,
): void {
  const { count, textFrom: from, textTo: to, columns } = frame
  if (needle === undefined) for (let row = 0; row < count; row++) look(row)
  else
    for (let row = 0; row < count;) {
      const rows = scanner.rows(needle, { from, to, ends: columns.end }, row)
      for (const one of rows) look(one)
      row = (rows.at(-1) ?? count) + 1
    }
}
