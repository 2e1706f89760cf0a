import type { AppRow } from '#contract/apps.ts'
import type { CheckRow, IncidentRow } from '#contract/health.ts'
import type { AppNow } from '#contract/metrics.ts'
import { cards, type GroupOf } from '../../webviews/dashboard/messages.ts'

/** Where an app runs, and how it is there. */
export interface AppEnvironment {
  readonly app: string
  /** Null for this machine. */
  readonly name: string | null
  readonly target: string | null
  readonly tier: string | null
  /** The worst of its checks there; null without one. */
  readonly state: GroupOf<'health'> | null
  readonly checks: number
}

const worstFirst = Object.keys(cards.health) as GroupOf<'health'>[]

/** This machine for every app, and what its configuration names beside it. */
export function countedEnvironments(
  apps: readonly AppRow[],
  checks: readonly CheckRow[],
): readonly AppEnvironment[] {
  return apps.flatMap((app) => {
    const own = checks.filter((check) => check.app === app.name)
    const places = [{ name: null, target: null, tier: null }, ...(app.environments ?? [])]
    return places.map(({ name, target, tier }) => {
      const here = own.filter(({ environment }) => environment === name)
      const state = worstFirst.find((one) => here.some((check) => check.state === one)) ?? null
      return { app: app.name, name, target, tier, state, checks: here.length }
    })
  })
}

/** The apps of which it is known how many requests they answer. */
export const countedRequests = (apps: readonly AppNow[]): readonly AppNow[] =>
  apps.filter(({ requestsPerMinute }) => requestsPerMinute !== null)

/** From this part of errors on, an app fails those who ask it. */
const failingFrom = 0.05

export function requestsGroup({ requestsPerMinute, errorRate }: AppNow): GroupOf<'requests'> {
  if (errorRate !== null && errorRate >= failingFrom) return 'failing'
  if (errorRate !== null && errorRate > 0) return 'errors'
  return (requestsPerMinute ?? 0) > 0 ? 'answering' : 'quiet'
}

/** One that is resolved is told of for so long, in milliseconds. */
const toldMs = 24 * 3_600_000

/** Those that are open, the worst first, and those that were resolved lately. */
export function countedIncidents(rows: readonly IncidentRow[], now: number): readonly IncidentRow[] {
  const order: readonly string[] = ['critical', 'warning', 'acknowledged', 'resolved']
  return rows
    .filter(({ resolvedAt }) => resolvedAt === null || now - Date.parse(resolvedAt) < toldMs)
    .toSorted((a, b) => order.indexOf(incidentGroup(a)) - order.indexOf(incidentGroup(b)))
}

export function incidentGroup({ resolvedAt, acknowledgedBy, severity }: IncidentRow): GroupOf<'incidents'> {
  if (resolvedAt !== null) return 'resolved'
  return acknowledgedBy === null ? severity : 'acknowledged'
}

/** A number with no more digits than anybody reads, as in every language. */
export const short = (value: number): string => String(Number(value.toPrecision(value < 1 ? 1 : 3)))
