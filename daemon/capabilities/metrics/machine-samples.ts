import type { MachineUsage } from '../../adapters/host/machine.ts'
import { theMachine, type MetricSample, type RecordedName } from './recorded.ts'

/** A look, and when it was. */
export interface MachineLook {
  readonly usage: MachineUsage
  /** Milliseconds since the epoch, and of the clock that never jumps. */
  readonly at: number
  readonly monotonic: number
}

/** Clocks that went so differently, or looks so far apart, have something between them that nobody knows of. */
const mostAskewMs = 2000
const mostApartMs = 120_000

type Counter = readonly [metric: RecordedName, value: number]

/** Makes numbers of looks at the machine. What only grows is told by how much it grew since the look before. */
export class MachineSamples {
  readonly #before = new Map<
    string,
    { readonly value: number; readonly at: number; readonly monotonic: number }
  >()
  #last: MachineLook | null = null

  /** @returns what is known of the time up to this look. */
  of(look: MachineLook): readonly MetricSample[] {
    const { usage, at } = look
    const isWhole = this.#last !== null && goesOn(this.#last, look)
    this.#last = look
    const samples: MetricSample[] = []
    const add = (metric: RecordedName, value: number | null, coveredMs?: number): void => {
      if (value === null) return
      samples.push({
        subject: theMachine,
        metric,
        at,
        value,
        ...(coveredMs === undefined ? {} : { coveredMs }),
      })
    }
    // The share of a time in which the machine slept, or the clock was put, is that of no time.
    if (isWhole) add('cpu', usage.cpuPercent)
    add('memory', usage.memoryBytes)
    add('load', usage.load)
    add('diskUsed', usage.diskBytes)
    const grown = new Map<RecordedName, { sum: number; coveredMs: number }>()
    for (const [device, counters] of countersOf(usage))
      for (const [metric, value] of counters) {
        const growth = this.#growth(`${metric} ${device}`, value, look)
        if (growth === null) continue
        const sum = grown.get(metric) ?? { sum: 0, coveredMs: 0 }
        grown.set(metric, {
          sum: sum.sum + growth.by,
          coveredMs: Math.max(sum.coveredMs, growth.coveredMs),
        })
      }
    for (const [metric, { sum, coveredMs }] of grown) add(metric, sum, coveredMs)
    return samples
  }

  /** How much a counter grew; null where nothing is known of it before. One that went down began anew. */
  #growth(key: string, value: number, { at, monotonic }: MachineLook) {
    const before = this.#before.get(key)
    this.#before.set(key, { value, at, monotonic })
    if (before === undefined || !goesOn(before, { at, monotonic })) return null
    return { by: value < before.value ? value : value - before.value, coveredMs: at - before.at }
  }
}

function goesOn(
  before: { readonly at: number; readonly monotonic: number },
  now: { readonly at: number; readonly monotonic: number },
): boolean {
  const [wall, lived] = [now.at - before.at, now.monotonic - before.monotonic]
  return wall > 0 && wall <= mostApartMs && Math.abs(wall - lived) <= mostAskewMs
}

const countersOf = ({
  disks,
  networks,
}: MachineUsage): readonly (readonly [string, readonly Counter[]])[] => [
  ...(disks ?? []).map(
    ({ name, read, written }) =>
      [
        `disk ${name}`,
        [
          ['diskRead', read],
          ['diskWritten', written],
        ] as Counter[],
      ] as const,
  ),
  ...(networks ?? []).map(
    ({ name, received, sent }) =>
      [
        `network ${name}`,
        [
          ['networkReceived', received],
          ['networkSent', sent],
        ] as Counter[],
      ] as const,
  ),
]
