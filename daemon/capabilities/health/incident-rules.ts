import type { IncidentRow } from '#contract/health.ts'
import { isoTime, type Clock } from '#base/clock.ts'
import { Failure } from '#base/failure.ts'
import type { Change } from '../../kernel/execute.ts'
import type { AppHealth } from './app-health.ts'
import { targetText } from './check-plan.ts'
import { causeOf } from './check-words.ts'
import type { HealthStore, StoredIncident } from './health-store.ts'
import type { Incidents } from './incidents.ts'
import type { LiveCheck } from './live-check.ts'

interface IncidentRulesDeps {
  readonly incidents: Incidents
  readonly checks: () => readonly LiveCheck[]
  readonly app: (name: string) => AppHealth | undefined
  readonly store: HealthStore
  readonly clock: Clock
  readonly act: (name: string, params: unknown) => Promise<unknown>
  readonly report: (error: unknown) => void
}

/** Opens and resolves incidents, through the one door, as the states of checks say. */
export class IncidentRules {
  readonly #deps: IncidentRulesDeps
  /** What is being done, by app and environment. */
  readonly #doing = new Map<string, Promise<void>>()
  /** Checks of which an open incident tells already. */
  readonly #told = new Map<number, Set<string>>()
  /** Where what was to be done could not be. */
  readonly #failed = new Set<string>()
  #change: Change | null = null

  constructor(deps: IncidentRulesDeps) {
    this.#deps = deps
  }

  /** What is noted on incidents is noted by this. */
  use(change: Change): void {
    this.#change = change
  }

  /** Looks at all incidents that are open, also of apps that are gone. */
  lookAtAll(): void {
    for (const app of new Set(this.#deps.incidents.open.map((one) => one.app))) this.look(app)
  }

  /** Whether there is something to do although no state is another: it could not be done before. */
  isOwed({ plan, machine }: LiveCheck): boolean {
    const { app, environment } = plan
    return (
      (this.#failed.size > 0 && this.#failed.has(placeOf(app, environment))) ||
      (machine.state === 'unhealthy' && this.#deps.incidents.of(app, environment) === null)
    )
  }

  /** Does what the states of an app's checks ask for. */
  look(app: string): void {
    const environments = new Set([
      ...this.#deps.checks().flatMap(({ plan }) => (plan.app === app ? [plan.environment] : [])),
      ...this.#deps.incidents.open.flatMap((one) => (one.app === app ? [one.environment || null] : [])),
    ])
    for (const environment of environments) this.#lookAt(app, environment)
  }

  /** Settles when nothing is being done any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#doing.values())
  }

  /** @throws Failure `conflict` when the check is not unhealthy, or an incident is open. */
  open(change: Change, live: LiveCheck): Promise<IncidentRow> {
    const { plan, machine } = live
    if (machine.state !== 'unhealthy')
      throw new Failure('conflict', `The check ${plan.check} of ${plan.app} is ${machine.state}`)
    const first = machine.against.find(({ grade }) => grade === 'bad')
    return this.#deps.incidents.begin(change, {
      app: plan.app,
      environment: plan.environment,
      check: plan.check,
      severity: plan.severity,
      cause: this.#cause(live),
      startedAt: isoTime(first?.at ?? live.since),
    })
  }

  /** @throws Failure `conflict` while checks are unhealthy or not known to be well, `not-found`. */
  resolve(change: Change, number: number): Promise<IncidentRow> {
    const incident = this.#deps.incidents.open.find((one) => one.number === number)
    const resolution = incident === undefined ? '' : this.#resolution(incident)
    if (resolution === null) throw new Failure('conflict', `Incident ${number} goes on`)
    this.#told.delete(number)
    return this.#deps.incidents.resolve(change, number, resolution)
  }

  #lookAt(app: string, environment: string | null): void {
    const place = placeOf(app, environment)
    if (this.#doing.has(place)) return
    const work = this.#next(app, environment)
    if (work === null) return
    this.#failed.delete(place)
    const done = work()
      .then(() => true)
      .catch((error: unknown) => {
        this.#deps.report(error)
        return false
      })
      .then((isDone) => {
        this.#doing.delete(place)
        // Meanwhile there may be something else to do; what failed is tried again with the next result.
        if (isDone) this.#lookAt(app, environment)
        else this.#failed.add(place)
      })
    this.#doing.set(place, done)
  }

  #next(app: string, environment: string | null): (() => Promise<unknown>) | null {
    const { incidents, act } = this.#deps
    const sick = this.#checksOf(app, environment).filter(({ machine }) => machine.state === 'unhealthy')
    const incident = incidents.of(app, environment)
    const [first] = sick
    if (incident === null)
      return first === undefined
        ? null
        : () => act('incidents.open', { app, environment, check: first.plan.check })
    const further = sick.find((live) => !this.#isTold(incident, live))
    if (further !== undefined) return () => this.#tell(incident, further)
    return this.#resolution(incident) === null
      ? null
      : () => act('incidents.resolve', { number: incident.number })
  }

  #checksOf(app: string, environment: string | null): readonly LiveCheck[] {
    return this.#deps.checks().filter(({ plan }) => plan.app === app && plan.environment === environment)
  }

  #isTold(incident: StoredIncident, { plan }: LiveCheck): boolean {
    return incident.check === plan.check || this.#told.get(incident.number)?.has(plan.check) === true
  }

  /** One outage has one incident, which tells of all that it brought with it. */
  async #tell(incident: StoredIncident, live: LiveCheck): Promise<void> {
    const told = this.#told.get(incident.number) ?? new Set()
    told.add(live.plan.check)
    this.#told.set(incident.number, told)
    const { store, clock, incidents } = this.#deps
    const change = this.#change
    if (change === null) return
    await store.addNote(change, incident.number, {
      at: isoTime(clock.now()),
      by: 'daemon',
      text: `Also: ${this.#cause(live)}`,
    })
    await incidents.worsen(change, incident, live.plan.severity)
  }

  #cause({ plan, machine, wrong }: LiveCheck): string {
    const what = targetText(plan, this.#deps.app(plan.app)?.port ?? null)
    return causeOf(capital(what), wrong ?? 'failed', machine.against, plan.rule.failures)
  }

  /** By what an incident is over; null while it is not. */
  #resolution({ app, environment, check, number }: StoredIncident): string | null {
    const checks = this.#checksOf(app, environment || null)
    const opener = checks.find(({ plan }) => plan.check === check)
    const isIll = ({ machine }: LiveCheck): boolean => machine.state === 'unhealthy' || machine.doubted
    const told = this.#told.get(number)
    if (
      checks.some(
        (live) =>
          isIll(live) &&
          (live === opener || told?.has(live.plan.check) === true || live.machine.state === 'unhealthy'),
      )
    )
      return null
    // What cannot be read says nothing about what is to be checked.
    if (opener === undefined) return this.#deps.app(app)?.broken === true ? null : 'it is no longer checked'
    const { state } = opener.machine
    if (state !== 'healthy' && state !== 'degraded') return null
    const what = targetText(opener.plan, this.#deps.app(app)?.port ?? null)
    return `${capital(what)} is ${state} again`
  }
}

const placeOf = (app: string, environment: string | null): string => `${app}\n${environment ?? ''}`

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
