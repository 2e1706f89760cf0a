import type { Needle } from '../scan/needle.ts'
import type { Scanner } from '../scan/scanner.ts'
import { framesIn, type FrameView } from '../segments/frame.ts'
import type { PlacedBlock } from '../segments/log-stream.ts'
import type { Segment } from '../segments/segment.ts'
import type { Matcher } from './matcher.ts'

/** The blocks in which something may match, as far as is known of them without reading their text. */
export function candidateBlocks(
  blocks: Iterable<PlacedBlock>,
  matcher: Matcher,
  scanner: Scanner,
): readonly PlacedBlock[] {
  const bits = matcher.needles.flatMap((needle) => needle.bits)
  const known = new Map<Segment, readonly boolean[] | null>()
  const mayHold = ({ segment, index }: PlacedBlock): boolean => {
    let may = known.get(segment)
    if (may === undefined) known.set(segment, (may = segment.blocksWith(bits, scanner)))
    return may === null || may[index] !== false
  }
  return [...blocks].filter((block) => matcher.may(block.facts) && mayHold(block))
}

/** Calls for each record of a block that matches. What it is given lies in the scanner's memory, until the next block does. */
export function eachMatch(
  { app, segment, facts }: PlacedBlock,
  matcher: Matcher,
  scanner: Scanner,
  found: (frame: FrameView, row: number) => void,
  isWanted: (frame: FrameView, row: number) => boolean = () => true,
): void {
  const bytes = segment.read(facts, (length) => scanner.room(length))
  if (bytes === null) return
  const [driver, ...others] = matcher.needles
  const lacks = (needle: Needle): boolean => scanner.find(needle, 0, bytes.length) === -1
  if ((driver !== undefined && lacks(driver)) || others.some(lacks)) return
  for (const frame of framesIn(bytes)) {
    for (
      let row = nextRow(frame, 0, driver, scanner);
      row < frame.count;
      row = nextRow(frame, row + 1, driver, scanner)
    )
      if (isWanted(frame, row) && matcher.matches(app, frame, row)) found(frame, row)
  }
}

/** The first row from this one on in which the needle stands. */
function nextRow(frame: FrameView, row: number, needle: Needle | undefined, scanner: Scanner): number {
  if (needle === undefined || row >= frame.count) return row
  const place = scanner.find(needle, frame.begin(row), frame.textTo)
  return place === -1 ? frame.count : frame.rowAt(place)
}
