import { Aggregate } from '#base/aggregate.ts'
import type { StoredSubject } from './metrics-store.ts'
import { recordedOf, type MetricSubject, type RecordedName } from './recorded.ts'
import type { Rollups } from './rollups.ts'

/** More are not measured: whoever makes up names of checks must not fill the memory. */
const mostSubjects = 10_000

/** What was measured of a subject since this start. */
export class KnownSubject {
  readonly id: number
  readonly subject: MetricSubject
  /** Whether lines of a server ever told of a request of it. */
  serves: boolean
  readonly #latest = new Map<RecordedName, { readonly at: number; readonly value: number }>()
  readonly #totals = new Map<RecordedName, number>()
  readonly #spreads = new Map<RecordedName, Aggregate>()

  constructor(id: number, subject: MetricSubject, serves: boolean) {
    this.id = id
    this.subject = subject
    this.serves = serves
  }

  /** @param whole - how many grains. */
  note(name: RecordedName, at: number, whole: number, grain: number): void {
    const { kind } = recordedOf(name)
    if (kind === 'level') this.#latest.set(name, { at, value: Number((whole * grain).toPrecision(12)) })
    else if (kind === 'total') this.#totals.set(name, (this.#totals.get(name) ?? 0) + whole * grain)
    else this.spread(name).add(whole)
  }

  /** The last value; null where that was too long ago. */
  latest(name: RecordedName, isFresh: (at: number) => boolean): number | null {
    const found = this.#latest.get(name)
    return found !== undefined && isFresh(found.at) ? found.value : null
  }

  /** All that was added since this start; null when nothing ever was. */
  total(name: RecordedName): number | null {
    return this.#totals.get(name) ?? null
  }

  /** All values since this start. */
  spread(name: RecordedName): Aggregate {
    const known = this.#spreads.get(name)
    if (known !== undefined) return known
    const made = new Aggregate(true)
    this.#spreads.set(name, made)
    return made
  }

  get stored(): StoredSubject {
    const { app, check } = this.subject
    return { id: this.id, app: app ?? '', check: check ?? '', serves: Number(this.serves) }
  }
}

/** What numbers are of, each with the short number that it is kept under. */
export class Subjects {
  readonly #rollups: Rollups
  readonly #known = new Map<string, KnownSubject>()
  #lastId = 0

  constructor(rollups: Rollups) {
    this.#rollups = rollups
  }

  open(stored: readonly StoredSubject[]): void {
    for (const { id, app, check, serves } of stored) {
      const subject = { app: app === '' ? null : app, check: check === '' ? null : check }
      this.#known.set(keyOf(subject), new KnownSubject(id, subject, serves === 1))
      this.#lastId = Math.max(this.#lastId, id)
    }
  }

  get all(): Iterable<KnownSubject> {
    return this.#known.values()
  }

  find(subject: MetricSubject): KnownSubject | null {
    return this.#known.get(keyOf(subject)) ?? null
  }

  /** A subject, which is known from now on; null when there are too many. */
  of(subject: MetricSubject): KnownSubject | null {
    const known = this.find(subject)
    if (known !== null || this.#known.size >= mostSubjects) return known
    const made = new KnownSubject(++this.#lastId, subject, false)
    this.#known.set(keyOf(subject), made)
    this.#rollups.subject(made.stored)
    return made
  }

  /** Says that lines of a server tell of its requests. */
  serves(known: KnownSubject): void {
    if (known.serves) return
    known.serves = true
    this.#rollups.subject(known.stored)
  }
}

const keyOf = ({ app, check }: MetricSubject): string => `${app ?? ''}\n${check ?? ''}`
