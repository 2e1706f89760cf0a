import * as z from 'zod/mini'
import { appName } from './app-param.ts'
import { query, type } from './method.ts'

/** What is told of the machine, of an app or of a check of an app. */
export const metricNames = [
  'cpu',
  'memory',
  'load',
  'diskUsed',
  'diskRead',
  'diskWritten',
  'networkReceived',
  'networkSent',
  'requests',
  'status2xx',
  'status3xx',
  'status4xx',
  'status5xx',
  'errorRate',
  'latencyP50',
  'latencyP95',
  'latencyP99',
  'availability',
] as const
export type MetricName = (typeof metricNames)[number]

/**
 * What one unit is: `percent` of all cores for the machine and of one core for an app; `share` of 1; `perMinute` and
 * `bytesPerSecond` while it was looked at.
 */
export type MetricUnit =
  | 'percent'
  | 'bytes'
  | 'count'
  | 'perMinute'
  | 'bytesPerSecond'
  | 'milliseconds'
  | 'share'

/** One number over time. */
export interface MetricLine {
  readonly metric: MetricName
  readonly unit: MetricUnit
  /** One for each step, from the first: averages, rates or percentiles. Null where nothing is known: never zero. */
  readonly values: readonly (number | null)[]
  /** The least and the greatest that were seen in each step; null for what only adds up, and for percentiles. */
  readonly least: readonly (number | null)[] | null
  readonly most: readonly (number | null)[] | null
}

export interface MetricSeries {
  readonly revision: string
  /** Null for the machine. */
  readonly app: string | null
  readonly check: string | null
  /** Where the first step begins and the last one ends, ISO 8601. */
  readonly from: string
  readonly to: string
  readonly stepMs: number
  readonly lines: readonly MetricLine[]
}

/** What the machine uses, as last looked at. */
export interface MachineNow {
  /** 100 = all cores. */
  readonly cpuPercent: number | null
  readonly memoryBytes: number | null
  readonly load: number | null
  readonly diskBytes: number | null
  readonly diskReadPerSecond: number | null
  readonly diskWrittenPerSecond: number | null
  readonly networkReceivedPerSecond: number | null
  readonly networkSentPerSecond: number | null
}

/** What an app uses, as last looked at, and how it answered in the last five minutes. */
export interface AppNow {
  readonly app: string
  /** 100 = one core. */
  readonly cpuPercent: number | null
  readonly memoryBytes: number | null
  readonly requestsPerMinute: number | null
  /** Answers of 500 to 599 among all, from 0 to 1; null without a request. */
  readonly errorRate: number | null
  readonly latencyP50: number | null
  readonly latencyP95: number | null
  readonly latencyP99: number | null
}

export interface MetricsNow {
  readonly revision: string
  /** When the machine was last looked at, ISO 8601; null before the first time. */
  readonly at: string | null
  readonly machine: MachineNow
  readonly apps: readonly AppNow[]
  /** What is kept of the past, and how much may be. */
  readonly kept: { readonly bytes: number; readonly mostBytes: number }
}

const moment = z.iso.datetime({ error: 'expected a time such as 2026-11-22T08:00:00.000Z' })

export const metricsMethods = {
  /**
   * How numbers went. The step is the shortest that makes no more than `points` of that time and in which it is still
   * kept; steps begin at multiples of themselves (UTC). `not-found` for an app that neither is one nor was measured.
   */
  'metrics.series': query({
    params: z.strictObject({
      /** Left out: the machine. */
      app: z.optional(appName),
      check: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
      /** Left out: all there are. */
      metrics: z.optional(z.array(z.enum(metricNames)).check(z.maxLength(metricNames.length))),
      /** Left out: an hour before `until`. */
      since: z.optional(moment),
      /** Left out: now. */
      until: z.optional(moment),
      points: z._default(z.int().check(z.gte(1), z.lte(1000)), 120),
      /** No step is shorter, as for what is measured more rarely. */
      leastStepMs: z.optional(z.int().check(z.gte(1), z.lte(28 * 24 * 3_600_000))),
    }),
    result: type<MetricSeries>(),
    role: 'viewer',
  }),
  'metrics.now': query({ params: z.strictObject({}), result: type<MetricsNow>(), role: 'viewer' }),
}
