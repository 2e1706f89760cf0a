import type { IncidentRow } from '#contract/health.ts'

/**
 * The newest incident that a person was told of. Numbers only grow; with the time beside it one of a daemon whose store is
 * another, and counts from 1 again, is not taken for one that was told.
 */
export interface Told {
  readonly number: number
  readonly startedAt: string
}

type Incident = Pick<IncidentRow, 'number' | 'startedAt' | 'acknowledgedBy'>

const isTold = (told: Told, { number, startedAt }: Incident): boolean =>
  number <= told.number && startedAt <= told.startedAt

/** Those that nobody was told of and nobody sees to, oldest first. */
export const untold = <T extends Incident>(told: Told, open: readonly T[]): readonly T[] =>
  open
    .filter((incident) => incident.acknowledgedBy === null && !isTold(told, incident))
    .toSorted((a, b) => a.number - b.number)

/** What was told once these are; the same object where that is nothing new. */
export function toldUpTo(told: Told | undefined, open: readonly Incident[]): Told {
  const fresh = open.filter((incident) => told === undefined || !isTold(told, incident))
  if (fresh.length === 0) return told ?? { number: 0, startedAt: '' }
  const number = Math.max(...fresh.map((incident) => incident.number))
  // Numbers are given in the order in which incidents open, and not in that in which they began.
  const times = fresh.map(({ startedAt }) => startedAt)
  if (told !== undefined && number > told.number) times.push(told.startedAt)
  return { number, startedAt: times.toSorted().at(-1) ?? '' }
}
