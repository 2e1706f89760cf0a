import { logLevels, type LogLevel } from '#contract/log-words.ts'
import type { LogBucket, LogFilter, LogHistogram } from '#contract/logs.ts'
import { Failure } from '#base/failure.ts'
import type { Scanner } from '../scan/scanner.ts'
import { levelPlace } from '../segments/frame.ts'
import type { PlacedBlock, PlacedSegment } from '../segments/log-stream.ts'
import { candidatesIn, eachMatch } from './candidates.ts'
import { Turns } from './collect.ts'
import { Counts } from './counts.ts'
import type { Matcher } from './matcher.ts'
import { leastScanned, leftOf, scannedBlock, type Scans } from './scan-work.ts'

/** So many blocks are counted until it is looked whether anybody still wants to know. */
const mostAtOnce = 8192

export interface HistogramOptions {
  /** What the matcher was made of. */
  readonly filter: LogFilter
  readonly buckets: number
  /** Milliseconds since the epoch; where it ends when the filter does not. */
  readonly now: number
  readonly signal: AbortSignal
  /** Who helps where there is much; null: nobody. */
  readonly scans: Scans | null
}

/** How many records match over time. */
export async function histogram(
  segments: Iterable<PlacedSegment>,
  matcher: Matcher,
  scanner: Scanner,
  { filter, buckets, now, signal, scans }: HistogramOptions,
): Promise<LogHistogram> {
  const wanted = [...segments].flatMap((segment) => candidatesIn(segment, matcher))
  const oldest = wanted.reduce((time, { facts }) => Math.min(time, facts.minTime), now)
  const newest = wanted.reduce((time, { facts }) => Math.max(time, facts.maxTime), now)
  const from = Number.isFinite(matcher.since) ? matcher.since : oldest
  const to = Number.isFinite(matcher.until) ? matcher.until : newest
  const bucketMs = Math.max(1, Math.ceil((to - from + 1) / buckets))
  const counts = new Counts()
  const turns = new Turns(signal)
  const unknown: PlacedBlock[] = []
  for (const block of wanted) {
    const { facts } = block
    const known = isInOne(facts, from, to, bucketMs) ? matcher.countsOf(facts) : null
    if (known === null) unknown.push(block)
    for (const [place, count] of known?.entries() ?? [])
      counts.add(Math.floor((facts.minTime - from) / bucketMs), place, count)
  }
  for (const block of await beside(unknown, counts, { filter, from, bucketMs, signal, scans })) {
    await turns.next()
    eachMatch(block, matcher, scanner, (frame, row) =>
      counts.add(Math.floor((frame.time(row) - from) / bucketMs), levelPlace(frame.flags(row)), 1),
    )
  }
  const found = counts.all
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    bucketMs,
    buckets: found.map(([bucket, levels]) => bucketOf(from + bucket * bucketMs, levels)),
    total: found.reduce((sum, [, levels]) => sum + levels.reduce((all, count) => all + count, 0), 0),
  }
}

/** Has blocks counted by others, where there are many. @returns those that are still to be counted. */
async function beside(
  blocks: readonly PlacedBlock[],
  counts: Counts,
  {
    scans,
    signal,
    ...asked
  }: {
    readonly filter: LogFilter
    readonly from: number
    readonly bucketMs: number
    readonly signal: AbortSignal
    readonly scans: Scans | null
  },
): Promise<readonly PlacedBlock[]> {
  if (scans === null || blocks.length < leastScanned) return blocks
  const left: PlacedBlock[] = []
  for (let at = 0; at < blocks.length; at += mostAtOnce) {
    const some = blocks.slice(at, at + mostAtOnce)
    const done = await scans.scan({ kind: 'count', ...asked, blocks: some.map(scannedBlock) })
    if (signal.aborted) throw new Failure('cancelled', 'The search was cancelled')
    counts.addAll(done?.counts ?? [])
    left.push(...leftOf(some, done))
  }
  return left
}

/** Whether all records of a block stand in one bucket. */
const isInOne = (
  { minTime, maxTime }: { readonly minTime: number; readonly maxTime: number },
  from: number,
  to: number,
  bucketMs: number,
): boolean =>
  minTime >= from &&
  maxTime <= to &&
  Math.floor((minTime - from) / bucketMs) === Math.floor((maxTime - from) / bucketMs)

function bucketOf(from: number, levels: readonly number[]): LogBucket {
  const counts: Partial<Record<LogLevel | 'none', number>> = {}
  for (const [place, count] of levels.entries()) if (count > 0) counts[logLevels[place - 1] ?? 'none'] = count
  return { from: new Date(from).toISOString(), counts }
}
