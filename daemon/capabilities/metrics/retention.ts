import { metricLevels } from '#base/metric-levels.ts'
import type { MetricsStore } from './metrics-store.ts'

/** A level gives up so much more than it must, so that it need not do so again at once. */
const slack = 0.1
/** How much of the oldest may go by its age at one time: a clock that is years ahead does not empty the store. */
const mostGoneMs = 2 * 60 * 60 * 1000

/**
 * Forgets what is too old, and the oldest of each level when it takes more than its share of what may be kept.
 * @param now - milliseconds since the epoch. @param mostBytes - of all levels together.
 * @returns about the bytes that are left.
 */
export async function forgetOldest(store: MetricsStore, now: number, mostBytes: number): Promise<number> {
  const share = mostBytes / metricLevels.length
  let left = 0
  for (const [level, { stepMs, keptMs }] of metricLevels.entries()) {
    const oldest = await store.oldest(level)
    if (oldest === null) continue
    const tooOld = Math.floor((now - keptMs) / stepMs)
    const atMost = oldest + Math.ceil(mostGoneMs / stepMs)
    if (tooOld > oldest) await store.forget(level, Math.min(tooOld, atMost))
    left += await withinShare(store, level, share)
  }
  return left
}

async function withinShare(store: MetricsStore, level: number, share: number): Promise<number> {
  const bytes = await store.bytes(level)
  if (bytes <= share) return bytes
  const end = await store.endOf(level, bytes - share * (1 - slack))
  if (end !== null) await store.forget(level, end + 1)
  return store.bytes(level)
}
