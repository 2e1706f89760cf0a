import { logLevels, type LogLevel } from '#contract/log-words.ts'
import type { LogBucket, LogHistogram } from '#contract/logs.ts'
import type { Scanner } from '../scan/scanner.ts'
import { levelPlace } from '../segments/frame.ts'
import type { PlacedSegment } from '../segments/log-stream.ts'
import { candidatesIn, eachMatch } from './candidates.ts'
import { Turns } from './collect.ts'
import type { Matcher } from './matcher.ts'

/** How many records match over time. @param now - milliseconds since the epoch; where it ends when the filter does not. */
export async function histogram(
  segments: Iterable<PlacedSegment>,
  matcher: Matcher,
  scanner: Scanner,
  { buckets, now, signal }: { buckets: number; now: number; signal: AbortSignal },
): Promise<LogHistogram> {
  const wanted = [...segments].flatMap((segment) => candidatesIn(segment, matcher))
  const oldest = wanted.reduce((time, { facts }) => Math.min(time, facts.minTime), now)
  const newest = wanted.reduce((time, { facts }) => Math.max(time, facts.maxTime), now)
  const from = Number.isFinite(matcher.since) ? matcher.since : oldest
  const to = Number.isFinite(matcher.until) ? matcher.until : newest
  const bucketMs = Math.max(1, Math.ceil((to - from + 1) / buckets))
  const counts = new Map<number, number[]>()
  const add = (time: number, place: number, count: number): void => {
    const bucket = Math.floor((time - from) / bucketMs)
    const levels = counts.get(bucket) ?? noneOfEach()
    levels[place] = (levels[place] ?? 0) + count
    counts.set(bucket, levels)
  }
  const turns = new Turns(signal)
  for (const block of wanted) {
    const { facts } = block
    await turns.next()
    const known = isInOne(facts, from, to, bucketMs) ? matcher.countsOf(facts) : null
    if (known !== null) {
      for (const [place, count] of known.entries()) add(facts.minTime, place, count)
      continue
    }
    eachMatch(block, matcher, scanner, (frame, row) => add(frame.time(row), levelPlace(frame.flags(row)), 1))
  }
  const found = [...counts].toSorted(([a], [b]) => a - b)
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    bucketMs,
    buckets: found.map(([bucket, levels]) => bucketOf(from + bucket * bucketMs, levels)),
    total: found.reduce((sum, [, levels]) => sum + levels.reduce((all, count) => all + count, 0), 0),
  }
}

const noneOfEach = (): number[] => Array.from({ length: logLevels.length + 1 }, () => 0)

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
