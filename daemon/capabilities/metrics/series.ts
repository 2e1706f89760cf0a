import type { MetricLine, MetricName, MetricUnit } from '#contract/metrics.ts'
import { metricLevels } from '#base/metric-levels.ts'
import type { Aggregate } from '#base/aggregate.ts'
import type { Packed } from './packing.ts'
import { recordedOf, type RecordedName } from './recorded.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** Steps that people know how to read. Each is a multiple of a level's. */
const steps: readonly number[] = [
  ...[15, 30].map((count) => count * second),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * minute),
  ...[1, 2, 3, 6, 12].map((count) => count * hour),
  ...[1, 2, 7, 14, 28].map((count) => count * day),
]

/** Which rows a question is answered from, and how they are put together. */
export interface Grid {
  readonly level: number
  readonly stepMs: number
  /** Milliseconds since the epoch: where the first step begins, and the last one ends. */
  readonly from: number
  readonly to: number
}

/**
 * The finest grid of a time with no more points than that, whose rows are still kept.
 * @param now - nothing is asked of what comes after it.
 */
export function gridOf(
  since: number,
  until: number,
  {
    points,
    leastStepMs,
    now,
  }: { readonly points: number; readonly leastStepMs: number; readonly now: number },
): Grid {
  const oldest = now - (metricLevels.at(-1)?.keptMs ?? 0)
  const [begin, end] = [Math.max(since, oldest), Math.min(until, now)]
  let grid: Grid | undefined
  for (const stepMs of steps) {
    // The coarsest level of those that a step is made of whole rows of: the fewest rows to read.
    const level = metricLevels.findLastIndex((one) => stepMs % one.stepMs === 0)
    const [from, to] = [Math.floor(begin / stepMs) * stepMs, Math.ceil(end / stepMs) * stepMs]
    grid = { level, stepMs, from, to }
    const isKept = now - begin <= (metricLevels[level]?.keptMs ?? 0)
    if (isKept && stepMs >= leastStepMs && (to - from) / stepMs <= points) return grid
  }
  // So few points that even the longest step makes more: the last of them.
  const { level, stepMs, to } = grid ?? { level: 0, stepMs: day, to: end }
  return { level, stepMs, from: to - points * stepMs, to }
}

interface Told {
  readonly unit: MetricUnit
  readonly of: RecordedName
  readonly value: (aggregate: Aggregate, step: StepTold) => number | null
}

interface StepTold {
  readonly packed: Packed
  /** Milliseconds of the step that have passed. */
  readonly ms: number
}

const average = ({ sum, weight }: Aggregate): number | null => (weight === 0 ? null : sum / weight)
const perSecond = ({ sum, weight }: Aggregate): number | null =>
  weight === 0 ? null : (sum / weight) * second
const perMinute = ({ sum }: Aggregate, { ms }: StepTold): number => (sum / ms) * minute
const percentile =
  (share: number) =>
  (aggregate: Aggregate): number | null =>
    aggregate.percentile(share)

const told: Readonly<Record<MetricName, Told>> = {
  cpu: { unit: 'percent', of: 'cpu', value: average },
  memory: { unit: 'bytes', of: 'memory', value: average },
  load: { unit: 'count', of: 'load', value: average },
  diskUsed: { unit: 'bytes', of: 'diskUsed', value: average },
  diskRead: { unit: 'bytesPerSecond', of: 'diskRead', value: perSecond },
  diskWritten: { unit: 'bytesPerSecond', of: 'diskWritten', value: perSecond },
  networkReceived: { unit: 'bytesPerSecond', of: 'networkReceived', value: perSecond },
  networkSent: { unit: 'bytesPerSecond', of: 'networkSent', value: perSecond },
  requests: { unit: 'perMinute', of: 'requests', value: perMinute },
  status2xx: { unit: 'perMinute', of: 'requests', value: answers('status2xx') },
  status3xx: { unit: 'perMinute', of: 'requests', value: answers('status3xx') },
  status4xx: { unit: 'perMinute', of: 'requests', value: answers('status4xx') },
  status5xx: { unit: 'perMinute', of: 'requests', value: answers('status5xx') },
  errorRate: { unit: 'share', of: 'requests', value: errorRate },
  latencyP50: { unit: 'milliseconds', of: 'latency', value: percentile(0.5) },
  latencyP95: { unit: 'milliseconds', of: 'latency', value: percentile(0.95) },
  latencyP99: { unit: 'milliseconds', of: 'latency', value: percentile(0.99) },
  availability: { unit: 'share', of: 'availability', value: average },
}

/** Where requests are counted, there were none of a class of which none was. */
function answers(name: RecordedName): Told['value'] {
  return (_requests, { packed, ms }) => (sumIn(packed, name) / ms) * minute
}

/** @returns null without a request: then nothing went wrong, and nothing right. */
function errorRate({ sum }: Aggregate, { packed }: StepTold): number | null {
  return sum === 0 ? null : sumIn(packed, 'status5xx') / sum
}

const sumIn = (packed: Packed, name: RecordedName): number => packed.get(recordedOf(name).code)?.sum ?? 0

/** One number of one step; null where nothing is known. @param ms - of the step that have passed. */
export function valueOf(metric: MetricName, packed: Packed | undefined, ms: number): number | null {
  const { of, value } = told[metric]
  const { code, grain } = recordedOf(of)
  const aggregate = packed?.get(code)
  if (packed === undefined || aggregate === undefined) return null
  const found = value(aggregate, { packed, ms })
  return found === null ? null : rounded(found * grain)
}

/** What is multiplied by a thousandth has digits behind it that nobody measured. */
const rounded = (value: number): number => Number(value.toPrecision(12))

/** How one number went, a value for each step. @param steps - what is known of each, in their order. */
export function lineOf(
  metric: MetricName,
  packed: readonly (Packed | undefined)[],
  ms: (step: number) => number,
): MetricLine {
  const { of, unit } = told[metric]
  const { code, grain, kind } = recordedOf(of)
  const bound = (which: 'least' | 'most'): readonly (number | null)[] | null =>
    kind === 'level'
      ? packed.map((one) => {
          const aggregate = one?.get(code)
          return aggregate === undefined || aggregate.weight === 0 ? null : rounded(aggregate[which] * grain)
        })
      : null
  return {
    metric,
    unit,
    values: packed.map((one, step) => valueOf(metric, one, ms(step))),
    least: bound('least'),
    most: bound('most'),
  }
}
