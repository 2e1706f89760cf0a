import { beginOf, levelAt, metricLevels } from '#base/metric-levels.ts'
import type { MetricsStore, Rollup, StoredSubject } from './metrics-store.ts'
import { mergeInto, pack, unpack, type Packed } from './packing.ts'

/** Stretches that wait to be written. When writing fails for long, no more than these are kept. */
const mostPending = 50_000
/** Rows are handed on in portions, between which others get their turn. */
const stretchesAtOnce = 500

interface Pending {
  readonly level: number
  /** Stretches of its level since the epoch. */
  readonly at: number
  readonly subject: number
  readonly packed: Packed
}

const stepOf = (level: number): number => metricLevels[level]?.stepMs ?? 0

/**
 * What was measured, kept finely for hours and ever more coarsely for months. A number goes into all levels at once, also
 * one that comes late; each row is exactly what all numbers in its stretch make.
 */
export class Rollups {
  readonly #store: MetricsStore
  readonly #now: () => number
  /** By the level of the finest row that it goes into. */
  #pending = new Map<string, Pending>()
  #cursors = new Map<string, number>()
  #subjects: StoredSubject[] = []
  /** What is read and written never meets half of the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(store: MetricsStore, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** The numbers of a subject at a time, to be added to; null where that is too long ago to be kept. */
  at(subject: number, at: number): Packed | null {
    const level = levelAt(at, this.#now())
    return level === null ? null : this.in(subject, level, at)
  }

  /** The same for a level that the time is known to belong to. */
  in(subject: number, level: number, time: number): Packed {
    const at = beginOf(level, time) / stepOf(level)
    const key = `${level} ${at} ${subject}`
    let pending = this.#pending.get(key)
    if (pending === undefined) {
      pending = { level, at, subject, packed: new Map() }
      this.#pending.set(key, pending)
      this.#dropOldest()
    }
    return pending.packed
  }

  /** Says up to where something was counted; written together with what was. */
  through(source: string, number: number): void {
    this.#cursors.set(source, number)
  }

  /** A subject that is new, or another than it was. */
  subject(subject: StoredSubject): void {
    this.#subjects.push(subject)
  }

  /** Writes what is pending, all of it or nothing: then it is written with the next. @throws what the store does. */
  write(): Promise<void> {
    return this.#inTurn(async () => {
      const [pending, cursors, subjects] = [this.#pending, this.#cursors, this.#subjects]
      if (pending.size + cursors.size + subjects.length === 0) return
      // What comes meanwhile is written with the next.
      ;[this.#pending, this.#cursors, this.#subjects] = [new Map(), new Map(), []]
      try {
        const rollups = await this.#rolledUp(pending.values())
        await this.#store.write({ subjects, rollups, cursors: [...cursors] })
      } catch (error) {
        this.#putBack(pending, cursors, subjects)
        throw error
      }
    })
  }

  /** The numbers of a subject in each stretch of a level, from one time to another, with the time where it begins. */
  async read(
    subject: number,
    level: number,
    from: number,
    to: number,
    take: (at: number, packed: Packed) => void,
  ): Promise<void> {
    const step = stepOf(level)
    await this.#inTurn(async () => {
      const last = Math.ceil(to / step) - 1
      for (let first = Math.floor(from / step); first <= last; first += stretchesAtOnce) {
        const rows = await this.#store.of(level, subject, first, Math.min(last, first + stretchesAtOnce - 1))
        for (const { at, data } of rows) take(at * step, unpack(data))
      }
      for (const one of this.#pending.values()) {
        const at = one.at * stepOf(one.level)
        if (one.subject === subject && one.level <= level && at >= from && at < to)
          take(beginOf(level, at), one.packed)
      }
    })
  }

  /** The finest rows of all subjects from a time on. */
  async recent(since: number, take: (subject: number, packed: Packed) => void): Promise<void> {
    const first = Math.floor(since / stepOf(0))
    await this.#inTurn(async () => {
      for (const { subject, data } of await this.#store.since(0, first)) take(subject, unpack(data))
      for (const { level, at, subject, packed } of this.#pending.values())
        if (level === 0 && at >= first) take(subject, packed)
    })
  }

  /** Each level's rows with what is pending, as they are to be. */
  async #rolledUp(pending: Iterable<Pending>): Promise<readonly Rollup[]> {
    const wanted = metricLevels.map(() => new Map<string, Pending>())
    for (const one of pending)
      for (const [level, rows] of wanted.entries()) {
        if (level < one.level) continue
        const at = Math.floor((one.at * stepOf(one.level)) / stepOf(level))
        const key = `${at} ${one.subject}`
        let row = rows.get(key)
        if (row === undefined) rows.set(key, (row = { level, at, subject: one.subject, packed: new Map() }))
        mergeInto(row.packed, one.packed)
      }
    for (const [level, rows] of wanted.entries()) await this.#addStored(level, rows)
    return wanted.flatMap((rows) =>
      [...rows.values()].map(({ packed, ...row }) => ({ ...row, data: pack(packed) })),
    )
  }

  async #addStored(level: number, rows: ReadonlyMap<string, Pending>): Promise<void> {
    const stretches = [...new Set([...rows.values()].map(({ at }) => at))]
    for (let from = 0; from < stretches.length; from += stretchesAtOnce)
      for (const row of await this.#store.at(level, stretches.slice(from, from + stretchesAtOnce))) {
        const wanted = rows.get(`${row.at} ${row.subject}`)
        if (wanted !== undefined) mergeInto(wanted.packed, unpack(row.data))
      }
  }

  #putBack(
    pending: Map<string, Pending>,
    cursors: ReadonlyMap<string, number>,
    subjects: readonly StoredSubject[],
  ): void {
    for (const [key, one] of this.#pending) {
      const before = pending.get(key)
      if (before === undefined) pending.set(key, one)
      else mergeInto(before.packed, one.packed)
    }
    this.#pending = pending
    this.#cursors = new Map([...cursors, ...this.#cursors])
    this.#subjects = [...subjects, ...this.#subjects]
  }

  #dropOldest(): void {
    if (this.#pending.size <= mostPending) return
    const [oldest] = this.#pending.keys()
    if (oldest !== undefined) this.#pending.delete(oldest)
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act)
    this.#turn = done.catch(() => undefined)
    return done
  }
}
