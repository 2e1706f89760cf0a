import type { AuditEntry } from '#contract/audit.ts'
import type { IncidentRow } from '#contract/health.ts'
import type { IncidentTimeline } from '#contract/incident-timeline.ts'
import type { HistoryRow } from '#contract/history.ts'
import type { RunRow } from '#contract/jobs.ts'
import type { LogLine } from '#contract/logs.ts'
import { isoTime, type Clock } from '#base/clock.ts'
import { horizonMs, rankCauses, type RankedCause } from './cause-ranking.ts'
import { causeWords } from './cause-words.ts'
import type { Change } from '../../kernel/execute.ts'
import { foreignTarget } from './check-plan.ts'
import type { HealthStore } from './health-store.ts'
import type { LiveCheck } from './live-check.ts'
import { certificateOf, ofResults, onsetOf, type CheckedResult } from './timeline-checks.ts'
import { ofAudit, ofHistory, ofRun, type Around, type Happening } from './timeline-event.ts'
import { newErrors } from './timeline-logs.ts'
import { ofMachine, type MachineBefore } from './timeline-machine.ts'
import { Relations, type Named } from './timeline-relations.ts'

/** What else is known around an incident. Times in milliseconds since the epoch; each in the order that its name tells. */
export interface TimelineSources {
  /** Looks at what may have changed around an app; settles when that is kept. */
  readonly look: (app: string) => Promise<void>
  /** Something of an app fails: what has just changed is to be looked for while it can still be told. */
  readonly notice: (app: string) => void
  /** Newest first. */
  readonly history: (since: number, until: number) => Promise<readonly HistoryRow[]>
  readonly named: (app: string) => Named
  /** Newest first. */
  readonly audit: (since: number, until: number) => Promise<readonly AuditEntry[]>
  /** Runs of its jobs and tests, newest first. */
  readonly runs: (app: string) => Promise<readonly RunRow[]>
  /** Its errors, oldest first. */
  readonly errors: (app: string, since: number, until: number) => Promise<readonly LogLine[]>
  readonly machine: (since: number, until: number) => Promise<MachineBefore | null>
}

export interface IncidentTimelinesDeps {
  readonly around: TimelineSources
  readonly store: HealthStore
  readonly clock: Clock
  readonly apps: () => readonly { readonly app: string; readonly port: number | null }[]
  readonly checks: () => readonly Pick<LiveCheck, 'plan'>[]
  /** Settles when the results that are there now are in the store. */
  readonly flush: () => Promise<void>
  readonly report: (error: unknown) => void
}

/** Before the onset, what happened is shown for so long; what may have caused it from as long ago as is looked for. */
const shownMs = 3_600_000
const errorsMs = 120_000
const machineMs = 15 * 60_000
const mostEvents = 200
const mostTexts = 20
/** Results that are looked at, the newest. */
const mostResults = 20_000

/** What is known when it is told how things stand to an app. */
interface Known {
  readonly app: string
  readonly onset: number
  readonly relations: Relations
  readonly audit: readonly AuditEntry[]
  readonly history: readonly HistoryRow[]
}

/** Puts together what happened around incidents. */
export class IncidentTimelines {
  readonly #deps: IncidentTimelinesDeps
  #keeping: Promise<void> = Promise.resolve()

  constructor(deps: IncidentTimelinesDeps) {
    this.#deps = deps
  }

  /** As it was kept, or as it is now. */
  async of(incident: IncidentRow): Promise<IncidentTimeline> {
    return (await this.#deps.store.timeline(incident.number)) ?? this.#now(incident)
  }

  /** Keeps what is told now: what it is told from will not be there for as long. Nobody waits for it; it never rejects. */
  keep(change: Change, incident: IncidentRow): void {
    const { store, report } = this.#deps
    this.#keeping = this.#now(incident)
      .then((timeline) => store.saveTimeline(change, shortened(timeline)))
      .catch(report)
  }

  settled(): Promise<void> {
    return this.#keeping
  }

  async #now(incident: IncidentRow): Promise<IncidentTimeline> {
    const { around: sources, clock, store } = this.#deps
    const { app, number } = incident
    if (incident.resolvedAt === null) await sources.look(app)
    const started = Date.parse(incident.startedAt)
    const until = incident.resolvedAt === null ? clock.now() : Date.parse(incident.resolvedAt) + 1000
    const since = started - horizonMs
    const [history, audit] = await Promise.all([sources.history(since, until), sources.audit(since, until)])
    const relations = new Relations(app, this.#deps.apps(), sources.named, history)
    await this.#deps.flush()
    const apps = [app, ...relations.needed]
    const environment = incident.environment ?? ''
    const results = await store.resultsBetween(apps, environment, started - shownMs, until, mostResults)
    const onset = onsetOf(app, started, results)
    const around = this.#around({ app, onset, relations, audit, history })
    const errors = newErrors(await this.#errors(app, onset), onset)
    const happenings = [
      ...history.flatMap((row) => ofHistory(row, around) ?? []),
      ...audit.flatMap((entry) => ofAudit(entry, around) ?? []),
      ...(await this.#runs([app, ...relations.needed], around, results)),
      ...ofResults(results, around, onset),
      ...certificateOf(app, results, onset),
      ...errors.happenings,
      ...ofMachine(await this.#tried(sources.machine(onset - machineMs, onset), null)),
    ]
    // What happens here says nothing of where else an app runs.
    const isHere = incident.environment === null
    const ranked = rank(happenings, isHere, {
      at: onset,
      goods: goodsOf(incident, results),
      targets: this.#targets(incident, results, onset),
      texts: [...textsOf(incident, results, onset), ...endsOf(history, app, onset), ...errors.texts],
    })
    return { number, app, onset: isoTime(onset), ...arranged(happenings, ranked, onset, until, around) }
  }

  #around({ app, onset, relations, audit, history }: Known): Around {
    const starts = (of: string): readonly number[] =>
      audit
        .filter(
          ({ resource, action, outcome }) =>
            resource.type === 'app' &&
            resource.name === of &&
            (action === 'start' || action === 'restart') &&
            outcome !== 'refused',
        )
        .map(({ timestamp }) => Date.parse(timestamp))
        .toSorted((a, b) => a - b)
    const own = starts(app)
    return {
      app,
      relationOf: relations.of,
      names: relations.names,
      startsOf: (of) => (of === null || of === app ? own : [...starts(of), ...own].toSorted((a, b) => a - b)),
      portsOf: relations.portsOf,
      onset,
      isStarted: (of, from, to) => starts(of).some((at) => at >= from && at <= to),
      isOurs: (of) => starts(of).length > 0,
      portsOfProcess: (id) =>
        history.flatMap(({ kind, names }) =>
          kind === 'port' && names.includes(`pid ${id}`) ? [Number(names[0])] : [],
        ),
    }
  }

  async #runs(
    apps: readonly string[],
    around: Around,
    results: readonly CheckedResult[],
  ): Promise<readonly Happening[]> {
    const runs = (await Promise.all(apps.map((app) => this.#tried(this.#deps.around.runs(app), [])))).flat()
    const goods = results.filter(({ grade }) => grade === 'good').map(({ at }) => at)
    return runs.map((run) => {
      const isRoutine = runs.some(
        (other) =>
          other.app === run.app &&
          other.job === run.job &&
          other.endedAt !== null &&
          other.endedAt < run.startedAt &&
          other.state === run.state &&
          goods.some((at) => at > (other.endedAt ?? '') && at < run.startedAt),
      )
      return ofRun(run, around, isRoutine)
    })
  }

  #errors(app: string, onset: number): Promise<readonly LogLine[]> {
    return this.#tried(this.#deps.around.errors(app, onset - horizonMs, onset + errorsMs), [])
  }

  #targets({ app }: IncidentRow, results: readonly CheckedResult[], onset: number): readonly string[] {
    const checks = new Set(failed(app, results, onset).map(({ check }) => check))
    return this.#deps
      .checks()
      .flatMap(({ plan }) => (plan.app === app && checks.has(plan.check) ? (foreignTarget(plan) ?? []) : []))
  }

  /** A log that cannot be searched keeps nobody from the rest. */
  #tried<T>(work: Promise<T>, otherwise: T): Promise<T> {
    return work.catch((error: unknown) => {
      this.#deps.report(error)
      return otherwise
    })
  }
}

/** Of one that is resolved so many events are kept. */
const keptEvents = 60

/** A timeline with its causes and the events that are nearest to its onset. */
function shortened(timeline: IncidentTimeline): IncidentTimeline {
  const { events, causes } = timeline
  const onset = Date.parse(timeline.onset)
  const distance = (index: number): number => Math.abs(Date.parse(events[index]?.at ?? '') - onset)
  const wanted = new Set(causes.map(({ event }) => event))
  const nearest = [...events.keys()].toSorted((a, b) => distance(a) - distance(b))
  for (const index of nearest) if (wanted.size < keptEvents) wanted.add(index)
  const kept = [...wanted].toSorted((a, b) => a - b)
  return {
    ...timeline,
    events: kept.flatMap((index) => events[index] ?? []),
    causes: causes.map((cause) => ({ ...cause, event: kept.indexOf(cause.event) })),
    left: timeline.left + events.length - kept.length,
  }
}

type Judged = { readonly happening: Happening; readonly cause: RankedCause }

function rank(
  happenings: readonly Happening[],
  isHere: boolean,
  onset: Parameters<typeof rankCauses>[1],
): readonly Judged[] {
  const able = happenings.filter(
    ({ candidate }) => candidate !== null && (isHere || candidate.kind === 'certificate'),
  )
  const candidates = able.flatMap(({ candidate }) => (candidate === null ? [] : [candidate]))
  return rankCauses(candidates, onset).flatMap((cause) => {
    const happening = able[cause.index]
    return happening === undefined ? [] : [{ happening, cause }]
  })
}

/** Good results of the check that failed; of one that only sees whether something runs, those of all checks. */
function goodsOf({ app, check }: IncidentRow, results: readonly CheckedResult[]): readonly number[] {
  const isBroad = check === 'process' || check === 'containers'
  return results
    .filter((one) => one.app === app && one.grade === 'good' && (isBroad || one.check === check))
    .map(({ at }) => Date.parse(at))
}

const failed = (app: string, results: readonly CheckedResult[], onset: number): readonly CheckedResult[] =>
  results.filter((one) => one.app === app && one.grade !== 'good' && Date.parse(one.at) >= onset)

/** What checks say when something fails. */
const textsOf = ({ app }: IncidentRow, results: readonly CheckedResult[], onset: number): readonly string[] =>
  [...new Set(failed(app, results, onset).flatMap(({ reason }) => reason ?? []))].slice(0, mostTexts)

/** How the app ended around the onset is said by what ended. */
const endsOf = (history: readonly HistoryRow[], app: string, onset: number): readonly string[] =>
  history.flatMap((row) =>
    row.kind === 'end' &&
    row.app === app &&
    Math.abs(Date.parse(row.at) - onset) < errorsMs &&
    row.detail !== null
      ? [row.detail]
      : [],
  )

function arranged(
  happenings: readonly Happening[],
  ranked: readonly Judged[],
  onset: number,
  until: number,
  around: Around,
): Pick<IncidentTimeline, 'causes' | 'events' | 'left'> {
  const causes = new Set(ranked.map(({ happening }) => happening))
  const isShown = ({ event, candidate }: Happening): boolean => {
    const at = Date.parse(event.at)
    if (at < onset - shownMs || at > until) return false
    return candidate === null ? event.app === around.app : candidate.relation !== 'other'
  }
  const distance = ({ event }: Happening): number => Math.abs(Date.parse(event.at) - onset)
  const others = happenings.filter((one) => !causes.has(one) && isShown(one))
  const room = mostEvents - causes.size
  const kept = others.toSorted((a, b) => distance(a) - distance(b)).slice(0, room)
  const shown = [...causes, ...kept].toSorted((a, b) => Date.parse(a.event.at) - Date.parse(b.event.at))
  return {
    causes: ranked.flatMap(({ happening: { event, candidate }, cause }) =>
      candidate === null
        ? []
        : [
            {
              ...causeWords(cause, { event, candidate }, onset),
              event: shown.findIndex((one) => one.event === event),
            },
          ],
    ),
    events: shown.map(({ event }) => event),
    left: others.length - kept.length,
  }
}
