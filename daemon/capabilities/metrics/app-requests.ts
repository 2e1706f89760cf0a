import { Aggregate } from '#base/aggregate.ts'
import type { RequestCount } from '../../logs/log-engine.ts'
import { aggregateIn, type Packed } from './packing.ts'
import { recordedOf, type RecordedName } from './recorded.ts'
import type { KnownSubject } from './subjects.ts'

const classes = [
  'status2xx',
  'status3xx',
  'status4xx',
  'status5xx',
] as const satisfies readonly RecordedName[]

/** Adds requests that were counted elsewhere to the numbers of an app. */
export function addRequests(packed: Packed, known: KnownSubject, count: RequestCount): void {
  const add = (name: RecordedName, value: number): void => {
    aggregateIn(packed, recordedOf(name).code)?.add(value, 0)
    known.note(name, count.at, value, 1)
  }
  add('requests', count.requests)
  classes.forEach((name, place) => {
    const answers = count.classes[place] ?? 0
    if (answers > 0) add(name, answers)
  })
  if (count.latency.weight === 0) return
  const latency = new Aggregate(true)
  latency.weight = count.latency.weight
  latency.sum = count.latency.sum
  latency.least = count.latency.least
  latency.most = count.latency.most
  for (const [index, values] of count.latency.buckets) latency.buckets?.set(index, values)
  aggregateIn(packed, recordedOf('latency').code)?.merge(latency)
  known.spread('latency').merge(latency)
}
