import { topics as allTopics, type ChangedEvent, type Topic } from '#contract/protocol.ts'
import type { Owned } from '#base/lifetime.ts'

interface Watch {
  readonly topics: readonly Topic[]
  readonly listener: (event: ChangedEvent) => void
}

/** Who watches what, and the last revision each topic was seen at, across connections. */
export class Subscriptions {
  readonly #watches = new Set<Watch>()
  readonly #seen = new Map<Topic, string>()
  /** The topics the daemon was last asked for on this connection, or undefined on a new one. */
  #asked: string | undefined

  add(topics: readonly Topic[], listener: (event: ChangedEvent) => void): Owned {
    const watch = { topics, listener }
    this.#watches.add(watch)
    return { dispose: () => void this.#watches.delete(watch) }
  }

  topics(): Topic[] {
    return allTopics.filter((topic) => [...this.#watches].some((watch) => watch.topics.includes(topic)))
  }

  /** Whether the daemon must be asked again; marks it as asked. */
  take(): boolean {
    const wanted = this.topics().join(' ')
    if (this.#asked === wanted || (this.#asked === undefined && wanted === '')) return false
    this.#asked = wanted
    return true
  }

  /** A new connection starts with no subscriptions. */
  forget(): void {
    this.#asked = undefined
  }

  /** Reports the topics whose revision is not the one last seen. */
  answered(revisions: Readonly<Partial<Record<Topic, string>>>): void {
    for (const topic of allTopics) {
      const revision = revisions[topic]
      if (revision !== undefined) this.changed({ topic, revision })
    }
  }

  changed(event: ChangedEvent): void {
    if (this.#seen.get(event.topic) === event.revision) return
    this.#seen.set(event.topic, event.revision)
    for (const watch of this.#watches) if (watch.topics.includes(event.topic)) watch.listener(event)
  }
}
