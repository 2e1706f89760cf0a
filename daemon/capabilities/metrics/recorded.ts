/** What is recorded; what is asked for is made of it (series.ts). */
export type RecordedName =
  | 'cpu'
  | 'memory'
  | 'load'
  | 'diskUsed'
  | 'diskRead'
  | 'diskWritten'
  | 'networkReceived'
  | 'networkSent'
  | 'requests'
  | 'status2xx'
  | 'status3xx'
  | 'status4xx'
  | 'status5xx'
  | 'latency'
  | 'availability'

export interface Recorded {
  readonly name: RecordedName
  /** In the store: never given to another. */
  readonly code: number
  /** `level`: has a value at each moment. `total`: what was added. `spread`: values of which percentiles are wanted. */
  readonly kind: 'level' | 'total' | 'spread'
  /** Numbers are kept as multiples of this, so that sums of them are exact. */
  readonly grain: number
}

const kibibyte = 1024
const thousandth = 0.001

export const recorded: readonly Recorded[] = [
  { name: 'cpu', code: 1, kind: 'level', grain: thousandth },
  { name: 'memory', code: 2, kind: 'level', grain: kibibyte },
  { name: 'load', code: 3, kind: 'level', grain: thousandth },
  { name: 'diskUsed', code: 4, kind: 'level', grain: kibibyte },
  { name: 'diskRead', code: 5, kind: 'total', grain: kibibyte },
  { name: 'diskWritten', code: 6, kind: 'total', grain: kibibyte },
  { name: 'networkReceived', code: 7, kind: 'total', grain: kibibyte },
  { name: 'networkSent', code: 8, kind: 'total', grain: kibibyte },
  { name: 'requests', code: 10, kind: 'total', grain: 1 },
  { name: 'status2xx', code: 12, kind: 'total', grain: 1 },
  { name: 'status3xx', code: 13, kind: 'total', grain: 1 },
  { name: 'status4xx', code: 14, kind: 'total', grain: 1 },
  { name: 'status5xx', code: 15, kind: 'total', grain: 1 },
  // Milliseconds, kept as microseconds.
  { name: 'latency', code: 16, kind: 'spread', grain: thousandth },
  // 1 for a check that was passed, 0 for one that was not.
  { name: 'availability', code: 17, kind: 'level', grain: thousandth },
]

const byName = new Map(recorded.map((one) => [one.name, one]))
const byCode = new Map(recorded.map((one) => [one.code, one]))

export function recordedOf(name: RecordedName): Recorded {
  const found = byName.get(name)
  if (found === undefined) throw new Error(`No metric ${name}`)
  return found
}

export const recordedCode = (code: number): Recorded | undefined => byCode.get(code)

/** What a number is of: an app, a check of an app, or the machine, which is no app. */
export interface MetricSubject {
  readonly app: string | null
  readonly check: string | null
}

export const theMachine: MetricSubject = { app: null, check: null }

/** One number that was measured. */
export interface MetricSample {
  readonly subject: MetricSubject
  readonly metric: RecordedName
  /** Milliseconds since the epoch. */
  readonly at: number
  /** In the unit that the contract tells it in: percent, bytes, milliseconds, a share; of a total what was added. */
  readonly value: number
  /** Of a total: the milliseconds in which that much was added. */
  readonly coveredMs?: number
}
