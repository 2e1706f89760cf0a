import { isDeepStrictEqual } from 'node:util'
import type { Snapshot } from '#contract/resources.ts'
import { isoTime } from '#base/clock.ts'

/** Rows with a revision that is a new one exactly when the rows are others. */
export class Versioned<Row> {
  readonly #instance: string
  #version = 0
  #rows: readonly Row[] = []
  #takenAt = 0
  #before = 0

  /** @param instance - unlike any other start's, so that a revision means the same rows across reconnects. */
  constructor(instance: string) {
    this.#instance = instance
  }

  /**
   * Takes over what was seen at `takenAt` (milliseconds since the epoch).
   * @returns whether the rows differ from the ones before.
   */
  set(rows: readonly Row[], takenAt: number): boolean {
    const last = this.#takenAt
    this.#takenAt = takenAt
    if (this.#version > 0 && isDeepStrictEqual(rows, this.#rows)) return false
    this.#before = last
    this.#rows = rows
    this.#version++
    return true
  }

  /** Gives the same rows a new revision, when something shown beside them has changed. */
  renew(): void {
    this.#version++
  }

  /** Says that the rows stood as they are at a later time too. */
  confirm(takenAt: number): void {
    this.#takenAt = takenAt
  }

  /** When the rows before these were last seen, and when these were, in milliseconds since the epoch. */
  get span(): { readonly before: number; readonly now: number } {
    return { before: this.#before, now: this.#takenAt }
  }

  get rows(): readonly Row[] {
    return this.#rows
  }

  get revision(): string {
    return `${this.#instance}.${this.#version}`
  }

  get snapshot(): Snapshot<Row> {
    return { revision: this.revision, takenAt: isoTime(this.#takenAt), rows: this.#rows }
  }
}
