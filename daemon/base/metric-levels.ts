/** How finely numbers are kept, and for how long. */
export interface MetricLevel {
  /** Milliseconds that one row spans; each divides the next. */
  readonly stepMs: number
  readonly keptMs: number
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** From the finest to the coarsest. The numbers of levels are in the store: none is ever given to another. */
export const metricLevels: readonly MetricLevel[] = [
  { stepMs: 15 * second, keptMs: 6 * hour },
  { stepMs: minute, keptMs: 2 * day },
  { stepMs: 5 * minute, keptMs: 14 * day },
  { stepMs: hour, keptMs: 400 * day },
]

/** The finest level that still keeps what was at a time; null when none does. Both in milliseconds since the epoch. */
export function levelAt(at: number, now: number): number | null {
  const level = metricLevels.findIndex(({ keptMs }) => now - at <= keptMs)
  return level === -1 ? null : level
}

/** Where the row of a level begins that a time is in. */
export function beginOf(level: number, at: number): number {
  const stepMs = metricLevels[level]?.stepMs ?? hour
  return Math.floor(at / stepMs) * stepMs
}
