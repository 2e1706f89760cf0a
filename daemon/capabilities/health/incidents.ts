import type { IncidentDetail, IncidentRow } from '#contract/health.ts'
import { isoTime, type Clock } from '#base/clock.ts'
import { Failure } from '#base/failure.ts'
import type { Change } from '../../kernel/execute.ts'
import type { HealthStore, StoredIncident } from './health-store.ts'

/** What an incident is opened for. */
export interface Onset {
  readonly app: string
  readonly environment: string | null
  readonly check: string
  readonly severity: IncidentRow['severity']
  readonly cause: string
  /** When the first failure was that it is opened for. */
  readonly startedAt: string
}

/** More than these nobody reads, and they are in one answer. */
const mostNotes = 500

/** Incidents: at most one that is open for each app and environment. */
export class Incidents {
  readonly #store: HealthStore
  readonly #clock: Clock
  readonly #open = new Map<string, StoredIncident>()

  constructor(store: HealthStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Takes up those that an earlier daemon has left open. */
  async load(): Promise<void> {
    for (const incident of await this.#store.openIncidents())
      this.#open.set(placeOf(incident.app, incident.environment), incident)
  }

  get open(): readonly StoredIncident[] {
    return [...this.#open.values()]
  }

  of(app: string, environment: string | null): StoredIncident | null {
    return this.#open.get(placeOf(app, environment ?? '')) ?? null
  }

  async list(app: string | undefined, open: boolean, limit: number): Promise<readonly IncidentRow[]> {
    return (await this.#store.incidents(app, open, limit)).map((one) => this.#row(one))
  }

  /** @throws Failure `not-found`. */
  async show(number: number): Promise<IncidentDetail> {
    const incident = await this.#find(number)
    return { ...this.#row(incident), notes: await this.#store.notes(number, mostNotes) }
  }

  /** @throws Failure `conflict` when one of that app is open. */
  async begin(change: Change, onset: Onset): Promise<IncidentRow> {
    const { app, environment, check, severity, cause, startedAt } = onset
    const place = placeOf(app, environment ?? '')
    const other = this.#open.get(place)
    if (other !== undefined)
      throw new Failure('conflict', `Incident ${other.number} of ${app} is open already`)
    const fresh = { app, environment: environment ?? '', check, severity, cause, startedAt }
    const number = await this.#store.openIncident(change, fresh)
    const incident: StoredIncident = {
      number,
      ...fresh,
      acknowledgedAt: null,
      acknowledgedBy: null,
      resolvedAt: null,
      resolution: null,
    }
    this.#open.set(place, incident)
    change.note({ number, cause, severity })
    return this.#row(incident)
  }

  /** @throws Failure `not-found`, `conflict` when it is resolved already. */
  async resolve(change: Change, number: number, resolution: string): Promise<IncidentRow> {
    const before = await this.#unresolved(number)
    change.note({ app: before.app, check: before.check, resolution })
    return this.#save(change, { ...before, resolvedAt: this.#now(), resolution })
  }

  /** @throws Failure `not-found`, `conflict` when it was acknowledged or is resolved. */
  async acknowledge(change: Change, number: number): Promise<IncidentRow> {
    const before = await this.#unresolved(number)
    if (before.acknowledgedAt !== null)
      throw new Failure(
        'conflict',
        `Incident ${number} was acknowledged by ${before.acknowledgedBy ?? 'somebody'} already`,
      )
    change.note({ app: before.app, check: before.check })
    return this.#save(change, { ...before, acknowledgedAt: this.#now(), acknowledgedBy: change.actor.name })
  }

  /** @throws Failure `not-found`, `conflict` when there are too many. */
  async note(change: Change, number: number, text: string): Promise<IncidentDetail> {
    await this.#find(number)
    if ((await this.#store.notes(number, mostNotes)).length >= mostNotes)
      throw new Failure('conflict', `Incident ${number} has ${mostNotes} notes already`)
    await this.#store.addNote(change, number, { at: this.#now(), by: change.actor.name, text })
    return this.show(number)
  }

  /** As bad as the worst of its checks. */
  async worsen(change: Change, incident: StoredIncident, severity: IncidentRow['severity']): Promise<void> {
    if (severity === 'critical' && incident.severity !== 'critical')
      await this.#save(change, { ...incident, severity })
  }

  async #save(change: Change, incident: StoredIncident): Promise<IncidentRow> {
    await this.#store.saveIncident(change, incident)
    const place = placeOf(incident.app, incident.environment)
    if (incident.resolvedAt === null) this.#open.set(place, incident)
    else this.#open.delete(place)
    return this.#row(incident)
  }

  async #find(number: number): Promise<StoredIncident> {
    const found = this.open.find((one) => one.number === number) ?? (await this.#store.incident(number))
    if (found === null)
      throw new Failure('not-found', `There is no incident ${number}`, {
        hint: '`quantum-admin incidents` shows them all.',
      })
    return found
  }

  async #unresolved(number: number): Promise<StoredIncident> {
    const found = await this.#find(number)
    if (found.resolvedAt !== null) throw new Failure('conflict', `Incident ${number} is resolved already`)
    return found
  }

  #now(): string {
    return isoTime(this.#clock.now())
  }

  #row({ environment, ...incident }: StoredIncident): IncidentRow {
    const end = incident.resolvedAt === null ? this.#clock.now() : Date.parse(incident.resolvedAt)
    // Clocks may have been put back meanwhile.
    const durationMs = Math.max(0, end - Date.parse(incident.startedAt))
    return { ...incident, environment: environment === '' ? null : environment, durationMs }
  }
}

const placeOf = (app: string, environment: string): string => `${app}\n${environment}`
