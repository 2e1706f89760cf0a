import type { LogHistogram } from '#contract/logs.ts'
import { levelWords, type LevelWord } from './view.ts'

/** One part of a bar, in shares of the whole picture. */
export interface Bar {
  readonly level: LevelWord
  readonly x: number
  readonly width: number
  readonly y: number
  readonly height: number
}

/** Bars of a histogram, the gravest level at the bottom, the highest bar as high as the picture. */
export function barsOf({ from, to, bucketMs, buckets }: LogHistogram): readonly Bar[] {
  const begin = Date.parse(from)
  const span = Math.max(Date.parse(to) - begin, bucketMs)
  const totals = buckets.map(({ counts }) => Object.values(counts).reduce((sum, count) => sum + count, 0))
  const most = Math.max(...totals, 1)
  return buckets.flatMap((bucket) => {
    const x = (Date.parse(bucket.from) - begin) / span
    let y = 1
    return levelWords.toReversed().flatMap((level): readonly Bar[] => {
      const height = (bucket.counts[level] ?? 0) / most
      y -= height
      return height === 0 ? [] : [{ level, x, width: bucketMs / span, y, height }]
    })
  })
}

/** The bucket at a share of the width, and how many there are. */
export function bucketAt(histogram: LogHistogram, share: number): number {
  const count = bucketCount(histogram)
  return Math.min(Math.max(Math.floor(share * count), 0), count - 1)
}

export const bucketCount = ({ from, to, bucketMs }: LogHistogram): number =>
  Math.max(Math.ceil((Date.parse(to) - Date.parse(from)) / bucketMs), 1)

/** The time that buckets span, the first and the last included. */
export function spanOf(
  { from, bucketMs }: LogHistogram,
  one: number,
  other: number,
): { readonly since: string; readonly until: string } {
  const at = (bucket: number) => new Date(Date.parse(from) + bucket * bucketMs).toISOString()
  return { since: at(Math.min(one, other)), until: at(Math.max(one, other) + 1) }
}
