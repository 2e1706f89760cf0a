/** One line of `npm run bench`: a figure of ours beside a named peer's, both measured in the same run. */
export interface BenchRow {
  readonly what: string
  readonly unit: string
  readonly ours: number
  readonly peer: { readonly name: string; readonly value: number }
  /** `ours-over-peer` for costs (a goal is a ceiling), `peer-over-ours` for speed-ups (a goal is a floor). */
  readonly ratio: 'ours-over-peer' | 'peer-over-ours'
  readonly goal: number
}

export type Bench = () => Promise<readonly BenchRow[]>

/** The middle of the measured values. */
export const median = (values: readonly number[]): number => percentile(values, 50)

/** The value below which `percent` of the measured values lie (nearest rank). */
export const percentile = (values: readonly number[], percent: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return (
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1))] ??
    Number.NaN
  )
}

export const ratioOf = (row: BenchRow): number =>
  row.ratio === 'ours-over-peer' ? row.ours / row.peer.value : row.peer.value / row.ours

export const goalMet = (row: BenchRow): boolean =>
  row.ratio === 'ours-over-peer' ? ratioOf(row) <= row.goal : ratioOf(row) >= row.goal
