import type { IncidentRow } from '#contract/health.ts'
import { isoTime } from '#base/clock.ts'
import { filled, hookFields, type HookField } from '#base/hook-body.ts'
import type { StoredIncident } from './health-store.ts'

export type HookEvent = 'opened' | 'acknowledged' | 'resolved' | 'test'

/** What a hook is told, as docs/health.md says; members are added, and never taken away or given another meaning. */
export interface HookMessage extends Pick<
  IncidentRow,
  | 'number'
  | 'app'
  | 'environment'
  | 'check'
  | 'severity'
  | 'cause'
  | 'startedAt'
  | 'acknowledgedAt'
  | 'acknowledgedBy'
  | 'resolvedAt'
  | 'resolution'
  | 'durationMs'
> {
  /** The same each time that this is told. */
  readonly id: string
  readonly event: HookEvent
  readonly state: 'open' | 'acknowledged' | 'resolved'
  /** What shows all of it, in a terminal. */
  readonly link: string
  /** One line for people; what chats show of a message. */
  readonly text: string
}

/** What is told of an event, as it was then: an incident that is over by now was not when it was opened. */
export function hookMessage(
  incident: StoredIncident,
  event: HookEvent,
  hide: (text: string) => string,
): HookMessage {
  const { number, app, check, severity, startedAt } = incident
  const isOver = event === 'resolved'
  const isSeenTo = (isOver || event === 'acknowledged') && incident.acknowledgedAt !== null
  const acknowledgedAt = isSeenTo ? incident.acknowledgedAt : null
  const resolvedAt = isOver ? incident.resolvedAt : null
  const until = resolvedAt ?? (event === 'acknowledged' ? acknowledgedAt : null)
  const known: Omit<HookMessage, 'text'> = {
    id: `${app}#${number}:${event}`,
    event,
    number,
    app,
    environment: incident.environment === '' ? null : incident.environment,
    check,
    severity,
    state: isOver ? 'resolved' : isSeenTo ? 'acknowledged' : 'open',
    cause: hide(incident.cause),
    startedAt,
    acknowledgedAt,
    acknowledgedBy: isSeenTo ? incident.acknowledgedBy : null,
    resolvedAt,
    resolution: isOver && incident.resolution !== null ? hide(incident.resolution) : null,
    // Clocks may have been put back meanwhile.
    durationMs: until === null ? 0 : Math.max(0, Date.parse(until) - Date.parse(startedAt)),
    link: `quantum-admin incidents show ${number}`,
  }
  return { ...known, text: textOf(known) }
}

/** A message that tells of nothing, to try a hook with. */
export function testMessage(app: string, environment: string | null, now: number): HookMessage {
  const known: Omit<HookMessage, 'text'> = {
    id: `${app}#0:test:${now}`,
    event: 'test',
    number: 0,
    app,
    environment,
    check: 'test',
    severity: 'warning',
    state: 'open',
    cause: 'This is a test: nothing is wrong',
    startedAt: isoTime(now),
    acknowledgedAt: null,
    acknowledgedBy: null,
    resolvedAt: null,
    resolution: null,
    durationMs: 0,
    link: 'quantum-admin incidents',
  }
  return { ...known, text: textOf(known) }
}

function textOf(message: Omit<HookMessage, 'text'>): string {
  const { event, number, app, environment, cause, acknowledgedBy, resolution, durationMs } = message
  const who = environment === null ? app : `${app} in ${environment}`
  switch (event) {
    case 'opened':
      return `${who} is not well: ${cause} (incident #${number})`
    case 'acknowledged':
      return `${acknowledgedBy ?? 'Somebody'} sees to incident #${number} of ${who}: ${cause}`
    case 'resolved':
      return `${who} is well again after ${lengthText(durationMs)}: ${resolution ?? cause} (incident #${number})`
    case 'test':
      return `${who}: a test of who is told of incidents. Nothing is wrong.`
  }
}

const minuteMs = 60_000
/** As people say it, in the two largest units. */
function lengthText(ms: number): string {
  if (ms < minuteMs) return `${Math.round(ms / 1000)} s`
  const minutes = Math.floor(ms / minuteMs)
  if (minutes < 60) return `${minutes} min`
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`
}

/** What is posted: all of it, or a body of the configuration's with it put in. */
export const hookBody = (message: HookMessage, body: string | null): string =>
  body === null ? JSON.stringify(message) : filled(body, (field) => String(message[field] ?? ''))

/** The same for a command: `QUANTUM_ADMIN_INCIDENT_STARTED_AT`; what is not known is empty. */
export const hookEnvironment = (message: HookMessage): Readonly<Record<string, string>> =>
  Object.fromEntries(
    // A NUL would end it for the system.
    hookFields.map((field) => [variableOf(field), String(message[field] ?? '').replaceAll('\0', '')]),
  )

const variableOf = (field: HookField): string =>
  `QUANTUM_ADMIN_INCIDENT_${field.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
