import { messageOf } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import type { LogForwardRow } from '#contract/logs.ts'
import type { ForwardTarget } from '../log-engine.ts'
import { Forwarder, type ForwarderOptions } from './forwarder.ts'
import { Places } from './place.ts'

export const usualRhythm: ForwarderOptions['rhythm'] = {
  lingerMs: 1000,
  firstMs: 1000,
  longestMs: 60_000,
  rarelyMs: 5 * 60_000,
  timeoutMs: 30_000,
}

/** Sends the records of those apps that say where to. */
export class Forwarders implements Owned {
  readonly #options: Omit<ForwarderOptions, 'app' | 'places'>
  readonly #places: Places
  readonly #forwarders = new Map<string, Forwarder>()
  /** Those that are wanted no more and have not ended yet. */
  readonly #ending = new Set<Promise<void>>()

  /** @param folder - where it is kept how far each was sent. Nothing was appended to the store in this start yet. */
  constructor(folder: string, options: Omit<ForwarderOptions, 'app' | 'places'>) {
    this.#options = options
    this.#places = new Places(folder, options.store.next - 1)
    const { problem } = this.#places
    if (problem !== null) options.told(`How far logs were forwarded cannot be told: ${problem}`)
  }

  /**
   * From now on records go there, beginning with the next one where nothing was forwarded before. Of an app with null
   * that is over; one that is not named goes on another time from where it was.
   */
  forward(targets: Readonly<Record<string, ForwardTarget | null>>): void {
    for (const [app, forwarder] of this.#forwarders)
      if ((targets[app] ?? null) === null) {
        this.#forwarders.delete(app)
        // From here on it notes nothing more.
        const ended = forwarder.dispose()
        this.#ending.add(ended)
        void ended.then(() => this.#ending.delete(ended))
      }
    for (const [app, target] of Object.entries(targets)) {
      if (target === null) this.#forget(app)
      else if (this.#forwarders.has(app)) this.#forwarders.get(app)?.aim(target)
      else this.#begin(app, target)
    }
  }

  /** Says that records were added. */
  wake(): void {
    for (const forwarder of this.#forwarders.values()) forwarder.wake()
  }

  /** Counts what goes unsent while something removes records. */
  removing(remove: () => void): void {
    const before = [...this.#forwarders.values()].map((forwarder) => [forwarder, forwarder.behind] as const)
    remove()
    for (const [forwarder, behind] of before) forwarder.lose(behind - forwarder.behind)
  }

  rows(apps: readonly string[] | undefined): readonly LogForwardRow[] {
    const found = [...this.#forwarders].filter(([app]) => apps === undefined || apps.includes(app))
    return found.map(([, { row }]) => row).toSorted((a, b) => (a.app < b.app ? -1 : 1))
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#ending, ...[...this.#forwarders.values()].map((one) => one.dispose())])
  }

  #begin(app: string, target: ForwardTarget): void {
    const { store, told } = this.#options
    if (!this.#places.has(app)) told(`Logs of ${app} are forwarded to ${target.url} from now on`)
    // Where that fails it is noted before anything is sent.
    this.#noting(app, () => this.#places.begin(app, store.next - 1))
    this.#forwarders.set(app, new Forwarder(target, { ...this.#options, app, places: this.#places }))
  }

  #forget(app: string): void {
    if (!this.#places.has(app)) return
    this.#options.told(`Logs of ${app} are forwarded no more`)
    this.#noting(app, () => this.#places.forget(app))
  }

  /** Whatever is wrong with the folder, logs are read and kept. */
  #noting(app: string, note: () => void): void {
    try {
      note()
    } catch (error) {
      this.#options.told(`How far the logs of ${app} are forwarded cannot be noted: ${messageOf(error)}`)
    }
  }
}
