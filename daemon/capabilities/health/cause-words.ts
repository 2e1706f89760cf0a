import type { IncidentCause, TimelineEvent } from '#contract/incident-timeline.ts'
import type { Candidate } from './cause-evidence.ts'
import type { RankedCause } from './cause-ranking.ts'

/** Why something is believed to have caused an incident. @param onset - ms since the epoch. */
export function causeWords(
  cause: RankedCause,
  { event, candidate }: { readonly event: TimelineEvent; readonly candidate: Candidate },
  onset: number,
): IncidentCause {
  const parts = [
    timing(candidate, onset),
    ...(cause.start === null || candidate.kind === 'start'
      ? []
      : [`it took effect when ${event.app ?? 'it'} was started at ${clock(cause.start)}`]),
    ...(cause.named === null ? [] : [`the error names ${cause.named}`]),
    ...(cause.named === null && cause.fits ? ['it explains the kind of the error'] : []),
    ...(cause.goods === 0 ? [] : [`although ${cause.goods} checks after it were good`]),
  ]
  const detail = event.detail === null ? '' : ` (${event.detail})`
  return { text: `${event.title}${detail}`, reason: parts.join('; '), event: -1 }
}

function timing({ at, after }: Candidate, onset: number): string {
  if (after !== null && at > onset - 1000)
    return `between ${clock(after)} and ${clock(at)}; the first failure was at ${clock(onset)}`
  const gap = onset - at
  return gap < 1000 ? 'at the moment of the first failure' : `${span(gap)} before the first failure`
}

const span = (milliseconds: number): string => {
  const seconds = Math.round(milliseconds / 1000)
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}

/** Hours, minutes and seconds where the daemon is. */
const clock = (time: number): string => {
  const at = new Date(time)
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':')
}
