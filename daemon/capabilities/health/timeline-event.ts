import type { AuditEntry } from '#contract/audit.ts'
import type { TimelineEvent, TimelineKind } from '#contract/incident-timeline.ts'
import type { HistoryRow } from '#contract/history.ts'
import type { RunRow } from '#contract/jobs.ts'
import { plainCandidate, type Candidate } from './cause-evidence.ts'

/** A thing of a timeline, and as what it may have caused an incident; null where it cannot have. */
export interface Happening {
  readonly event: TimelineEvent
  readonly candidate: Candidate | null
}

/** How what belongs to an app stands to the app of the incident, and when it was started. */
export interface Around {
  readonly app: string
  /** @param ports - that it has to do with. */
  readonly relationOf: (app: string | null, ports: readonly number[]) => Candidate['relation']
  readonly startsOf: (app: string | null) => readonly number[]
  /** Whether the app's configurations name it. */
  readonly names: (word: string) => boolean
  readonly portsOf: (app: string) => readonly number[]
  /** When the first result was that failed, ms since the epoch. */
  readonly onset: number
  /** Whether an app was started between these moments. */
  readonly isStarted: (app: string, from: number, to: number) => boolean
  /** Whether it was started through the daemon. */
  readonly isOurs: (app: string) => boolean
  /** Where a process was seen to listen. @param id - of the process, as text. */
  readonly portsOfProcess: (id: string) => readonly number[]
}

type Brief = Pick<TimelineEvent, 'kind' | 'app' | 'title' | 'detail' | 'opens'>

/** Signals that a program does not send itself when it fails. */
const outside = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGSTOP', 'SIGQUIT'])

const portsIn = (names: readonly string[]): readonly number[] =>
  names.filter((name) => /^\d{2,5}$/.test(name)).map(Number)

export function ofHistory(row: HistoryRow, around: Around): Happening | null {
  const { kind, turn, at, after, app, title, detail, file, line, names } = row
  const relation = around.relationOf(app, kind === 'port' || kind === 'container' ? portsIn(names) : [])
  // Whether apps that were started here listen is told by their ends and starts.
  if (kind === 'port' && app !== null && (relation === 'own' || around.isOurs(app))) return null
  const isFromOutside = kind === 'end' && names.some((name) => outside.has(name))
  return {
    event: {
      at,
      after,
      kind,
      app,
      title: app !== null && app !== around.app && !title.includes(app) ? `${app}: ${title}` : title,
      detail,
      opens: file === null ? null : { type: 'file', file, line },
    },
    candidate: {
      kind,
      turn,
      at: Date.parse(at),
      after: after === null ? null : Date.parse(after),
      relation,
      names: kind === 'port' ? names.filter((name) => /^\d+$/.test(name)) : names,
      starts: around.startsOf(app),
      isAtOnce: kind === 'config' && names.some((name) => name.startsWith('admin.')),
      isRoutine: false,
      isFromOutside,
      isUndone:
        kind === 'end' && relation === 'needed' && app !== null && isUndone(app, Date.parse(at), around),
    },
  }
}

const isUndone = (app: string, at: number, { isStarted, onset }: Around): boolean =>
  isStarted(app, at + 1, onset)

const verbs: Readonly<Record<string, string>> = {
  start: 'was started',
  stop: 'was stopped',
  restart: 'was restarted',
  create: 'was added',
  delete: 'was removed',
  update: 'was changed',
  set: 'was set',
}

const kindOf = ({ action, resource }: AuditEntry): TimelineKind => {
  if (resource.type === 'secret') return 'secret'
  if (resource.type === 'incident') return 'incident'
  if (action === 'stop' || action === 'delete') return 'stop'
  return action === 'start' || action === 'restart' ? 'start' : 'action'
}

/** What checks, looks and other questions leave on the trail is no change. */
const silent = new Set(['check', 'audit', 'user', 'token', 'daemon', 'session', 'secrets'])
const runs = new Set(['job', 'run', 'tests'])
const asked = new Set(['test', 'export', 'login', 'logout', 'checkpoint'])

export function ofAudit(entry: AuditEntry, around: Around): Happening | null {
  const { action, resource, actor, outcome, sequence, timestamp, project, details } = entry
  if (silent.has(resource.type) || asked.has(action) || outcome === 'refused') return null
  const kind = kindOf(entry)
  const isApp = resource.type === 'app'
  const owner = isApp ? resource.name : project
  const isJob = runs.has(resource.type)
  // Runs of jobs are told of by themselves.
  if (isJob || (kind === 'incident' && actor.name === 'daemon' && action !== 'create')) return null
  const isOurs = actor.name === 'daemon'
  const ports = portsOf(entry, owner, around)
  const failed = outcome === 'failed' || outcome === 'interrupted'
  const brief: Brief = {
    kind,
    app: owner,
    title: titleOf(entry, failed),
    detail: isOurs ? textOf(details['reason']) : `by ${actor.name}, from ${actor.client}`,
    opens: { type: 'audit', sequence },
  }
  const isSecret = kind === 'secret'
  const relation =
    isSecret || resource.type === 'container'
      ? around.names(resource.name)
        ? 'own'
        : 'other'
      : around.relationOf(owner, ports)
  const event = { at: timestamp, after: null, ...brief }
  if (kind === 'incident' || (isOurs && kind === 'start')) return { event, candidate: null }
  return {
    event,
    candidate: {
      ...plainCandidate,
      kind,
      turn: failed ? 'failed' : kind === 'stop' ? 'ended' : 'changed',
      at: Date.parse(timestamp),
      relation: resource.type === 'container' && relation === 'own' ? 'needed' : relation,
      names: [resource.name, ...ports.map(String)],
      starts: around.startsOf(isSecret ? around.app : owner),
      isUndone: kind === 'stop' && isApp && isUndone(resource.name, Date.parse(timestamp), around),
    },
  }
}

function portsOf({ resource }: AuditEntry, owner: string | null, around: Around): readonly number[] {
  if (resource.type === 'process') return around.portsOfProcess(resource.id)
  const ports = owner === null ? [] : around.portsOf(owner)
  return ports.length === 0 ? portsIn([resource.name]) : ports
}

function titleOf({ action, resource, actor, details }: AuditEntry, failed: boolean): string {
  if (resource.type === 'incident')
    return action === 'create' ? 'The incident was opened' : `The incident was ${action}d`
  const what = resource.type === 'app' ? resource.name : `The ${resource.type} ${resource.name}`
  const verb = verbs[action] ?? `: ${action}`
  const again = actor.name === 'daemon' && action === 'start' && typeof details['reason'] === 'string'
  return `${what} ${verb}${again ? ' again by its rule' : ''}${failed ? ', and that failed' : ''}`
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** @param isRoutine - the job has passed before, and checks were good after that. */
export function ofRun(run: RunRow, around: Around, isRoutine: boolean): Happening {
  const { app, job, state, reason, startedAt, by, trigger } = run
  const name = job === null ? 'The tests' : `The job ${job}`
  const failed = state === 'failed' || state === 'timeout' || state === 'lost'
  return {
    event: {
      at: startedAt,
      after: null,
      kind: 'job',
      app,
      title: `${name} of ${app} ran: ${state}`,
      detail: reason ?? (trigger === 'schedule' ? 'by its schedule' : `by ${by}`),
      opens: { type: 'run', run: run.run },
    },
    candidate: {
      ...plainCandidate,
      kind: 'job',
      turn: failed ? 'failed' : 'done',
      at: Date.parse(startedAt),
      relation: around.relationOf(app, []),
      names: job === null ? [] : [job],
      isRoutine,
    },
  }
}
