import type { CheckRow, CheckState } from '#contract/health.ts'
import { isoTime, type Clock } from '#base/clock.ts'
import type { AppHealth, Standing } from './app-health.ts'
import { newMachine, type CheckMachine, type Grade } from './check-machine.ts'
import { targetText, type PlannedCheck } from './check-plan.ts'

/** A pause that a person asked for. */
export interface Pause {
  readonly at: string
  /** Null: until somebody resumes it. */
  readonly until: string | null
  readonly by: string
}

/** A check that is made, and what is known by it. */
export interface LiveCheck {
  plan: PlannedCheck
  /** Its number in the store. */
  readonly id: number
  machine: CheckMachine
  /** Since when it is in its state, in ms since the epoch. */
  since: number
  last: {
    readonly at: number
    readonly grade: Grade
    readonly latencyMs: number | null
    readonly reason: string | null
  } | null
  /** When the certificate that it was last shown ends, in ms since the epoch. */
  certificateEndsAt: number | null
  /** What was wrong when something last was, since it was last well. */
  wrong: string | null
  /** Why nothing is known of it. */
  unknown: string | null
  pause: Pause | null
  /** When that is over at the latest, by the monotonic clock: the other one may be put back meanwhile. */
  pauseEnds: number
  /** Until when it is paused by schedule, in ms since the epoch; null while it is not. */
  window: number | null
  /** A person has resumed it although it was to be paused until then. */
  lifted: number | null
  /** What was begun before it last changed says nothing any more. */
  generation: number
}

export function newCheck(plan: PlannedCheck, id: number, now: number, doubted: boolean): LiveCheck {
  return {
    plan,
    id,
    machine: newMachine(doubted),
    since: now,
    last: null,
    certificateEndsAt: null,
    wrong: null,
    unknown: 'it was not checked yet',
    pause: null,
    pauseEnds: Number.POSITIVE_INFINITY,
    window: null,
    lifted: null,
    generation: 0,
  }
}

export const isPaused = ({ pause, window }: LiveCheck): boolean => pause !== null || window !== null

/** When a pause is over by the monotonic clock, also where the wall clock was put back since it began. */
export function pauseEnd({ at, until }: Pause, clock: Clock): number {
  if (until === null) return Number.POSITIVE_INFINITY
  return clock.monotonic() + Date.parse(until) - Math.max(clock.now(), Date.parse(at))
}

/** Why a check is not made now; null when it is. */
export function notNow({ plan }: LiveCheck, app: AppHealth | undefined, standing: Standing): string | null {
  if (plan.always) return null
  if (app === undefined) return 'the app is not there'
  if (standing.planned)
    return standing.state === 'stopping' ? 'the app is being stopped' : 'the app is starting'
  // What was stopped here may have been started by somebody else.
  const isTheirs = standing.state === 'stopped' && app.state === 'external'
  const state = isTheirs ? app.state : (standing.state ?? app.state)
  const { kind } = plan.target
  switch (state) {
    case 'running':
    case 'external':
      if (kind === 'process' && standing.state !== 'running') return 'somebody else started it'
      if (needsPort(plan) && app.port === null) return 'the app listens on no port'
      return null
    case 'waiting':
    case 'failed':
      // What the others would find is what this one says.
      if (kind === 'process' || (kind === 'container' && app.composed)) return null
      return 'the app has ended'
    case 'starting':
    case 'stopping':
      return 'the app is starting'
    case 'stopped':
      return 'the app does not run'
  }
}

const needsPort = ({ target }: PlannedCheck): boolean =>
  target.kind === 'port' || (target.kind === 'http' && target.url === null)

const stateOf = ({ machine }: LiveCheck): CheckState => machine.state

export function checkRow(live: LiveCheck, app: AppHealth | undefined): CheckRow {
  const { plan, last, pause, window } = live
  const { kind } = plan.target
  return {
    app: plan.app,
    environment: plan.environment,
    check: plan.check,
    kind: kind === 'port' ? 'tcp' : kind,
    target: targetText(plan, app?.port ?? null),
    source: plan.source,
    state: stateOf(live),
    reason: reasonOf(live),
    since: isoTime(live.since),
    checkedAt: last === null ? null : isoTime(last.at),
    latencyMs: last?.latencyMs ?? null,
    intervalMs: plan.intervalMs,
    severity: plan.severity,
    pausedUntil: pause === null ? (window === null ? null : isoTime(window)) : pause.until,
    pausedBy: pause?.by ?? (window === null ? null : 'schedule'),
  }
}

function reasonOf(live: LiveCheck): string | null {
  const state = stateOf(live)
  if (state === 'paused') return null
  if (state === 'unknown') return live.unknown ?? live.wrong
  if (state === 'healthy') return live.last?.grade === 'good' ? null : (live.last?.reason ?? null)
  return live.wrong
}
