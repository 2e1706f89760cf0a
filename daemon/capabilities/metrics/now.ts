import type { AppNow, MachineNow } from '#contract/metrics.ts'
import type { Packed } from './packing.ts'
import { valueOf } from './series.ts'
import type { KnownSubject } from './subjects.ts'

/** What is told of this long a time up to now, where one moment says nothing. */
export const answeredMs = 5 * 60_000

/** What is known of a subject now; {@link Packed} of the last five minutes. */
export interface MeasuredNow {
  readonly known: KnownSubject | null
  readonly packed: Packed | undefined
  readonly isFresh: (at: number) => boolean
}

export function machineNow({ known, packed, isFresh }: MeasuredNow): MachineNow {
  return {
    cpuPercent: known?.latest('cpu', isFresh) ?? null,
    memoryBytes: known?.latest('memory', isFresh) ?? null,
    load: known?.latest('load', isFresh) ?? null,
    diskBytes: known?.latest('diskUsed', isFresh) ?? null,
    diskReadPerSecond: valueOf('diskRead', packed, answeredMs),
    diskWrittenPerSecond: valueOf('diskWritten', packed, answeredMs),
    networkReceivedPerSecond: valueOf('networkReceived', packed, answeredMs),
    networkSentPerSecond: valueOf('networkSent', packed, answeredMs),
  }
}

export const appNow = (app: string, { known, packed, isFresh }: MeasuredNow): AppNow => ({
  app,
  cpuPercent: known?.latest('cpu', isFresh) ?? null,
  memoryBytes: known?.latest('memory', isFresh) ?? null,
  requestsPerMinute: valueOf('requests', packed, answeredMs),
  errorRate: valueOf('errorRate', packed, answeredMs),
  latencyP50: valueOf('latencyP50', packed, answeredMs),
  latencyP95: valueOf('latencyP95', packed, answeredMs),
  latencyP99: valueOf('latencyP99', packed, answeredMs),
})
