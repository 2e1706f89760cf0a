import { Seek, type ContainerPlace } from './container-place.ts'
import type { EngineMessage } from './engine-messages.ts'

/** An engine that rotates fast may have left lines out without a word; of fewer than these it did not rotate. */
export const mostSure = 100

/** What was sent of a log that rotates, once the log itself is gone: all that is left of it. */
export class LastWords {
  readonly #place: ContainerPlace | null
  readonly #seek: Seek | null
  #goesOn: boolean
  #sure = true
  #taken = 0
  /** Of what was sent before, those that are behind the place. */
  #rest: readonly EngineMessage[]

  /** @param before - sent right before, and read; the place may be in there. */
  constructor(place: ContainerPlace | null, before: readonly EngineMessage[]) {
    this.#place = place
    this.#seek = place === null ? null : new Seek(place, false)
    this.#rest = this.#seek?.after(before) ?? before
    this.#goesOn = this.#seek?.found ?? true
  }

  /** Whether nothing is missing between the place and what was taken, nor within. */
  get areSure(): boolean {
    return this.#sure && this.#taken <= mostSure
  }

  /** Those that were not read before. */
  take(messages: readonly EngineMessage[]): readonly EngineMessage[] {
    const fresh = [...this.#rest, ...this.#behind(messages)]
    this.#rest = []
    this.#taken += fresh.length
    return fresh
  }

  #behind(messages: readonly EngineMessage[]): readonly EngineMessage[] {
    if (this.#goesOn || this.#seek === null) return messages
    const fresh = this.#seek.after(messages)
    this.#goesOn = this.#seek.found
    if (this.#goesOn) return fresh
    // The place was left out, and perhaps more.
    const later = messages.findIndex(({ time }) => time > (this.#place?.time ?? ''))
    if (later === -1) return []
    this.#goesOn = true
    this.#sure = false
    return messages.slice(later)
  }
}
