import { topics, type ChangedEvent, type Topic } from '#contract/protocol.ts'
import { Emitter } from '#base/emitter.ts'
import { notifications } from '#base/wire.ts'

/** One connection as the events see it. */
export interface Subscriber {
  readonly id: string
  /** Sends a text frame; answers false when the peer is slow and this event should wait for the next one. */
  sendEvent(frame: string): boolean
}

/**
 * Who wants to know of which topic. A notification carries a bare revision, so one that a slow reader misses
 * is made good by the next; nothing queues up behind it.
 */
export class Events {
  readonly #revisions = new Map<Topic, () => string>()
  readonly #subscriptions = new Map<Subscriber, Map<Topic, string | null>>()
  readonly #connections = new Map<string, Subscriber>()
  readonly #watchers = new Map<Topic, number>()
  readonly #dirty = new Set<Topic>()
  #scheduled = false

  /** A topic gained its first subscriber or lost its last. */
  readonly watchedChanged = new Emitter<Topic>()

  /** Says where a topic's revision comes from. */
  source(topic: Topic, revision: () => string): void {
    this.#revisions.set(topic, revision)
  }

  connect(subscriber: Subscriber): void {
    this.#connections.set(subscriber.id, subscriber)
  }

  disconnect(subscriber: Subscriber): void {
    this.#connections.delete(subscriber.id)
    this.#replace(subscriber, new Map())
    this.#subscriptions.delete(subscriber)
  }

  /** Replaces a connection's topics and answers their revisions. */
  subscribe(connection: string, wanted: readonly Topic[]): Partial<Record<Topic, string>> {
    const subscriber = this.#connections.get(connection)
    if (subscriber === undefined) return {}
    const next = new Map<Topic, string | null>()
    const answer: Partial<Record<Topic, string>> = {}
    for (const topic of wanted) {
      const revision = this.#revisions.get(topic)?.() ?? ''
      next.set(topic, revision)
      answer[topic] = revision
    }
    this.#replace(subscriber, next)
    return answer
  }

  watched(topic: Topic): boolean {
    return (this.#watchers.get(topic) ?? 0) > 0
  }

  /** Tells the topic's subscribers, once per turn of the event loop however often it is called. */
  changed(topic: Topic): void {
    this.#dirty.add(topic)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#flush())
  }

  /** Sends what a reader that was slow has missed. */
  drained(subscriber: Subscriber): void {
    const wanted = this.#subscriptions.get(subscriber)
    if (wanted === undefined) return
    for (const [topic, known] of wanted) if (known === null) tell(subscriber, wanted, this.#event(topic))
  }

  #flush(): void {
    this.#scheduled = false
    const events = [...this.#dirty].map((topic) => this.#event(topic))
    this.#dirty.clear()
    for (const [subscriber, wanted] of this.#subscriptions) {
      for (const event of events) if (wanted.has(event.topic)) tell(subscriber, wanted, event)
    }
  }

  /** The frame is the same for all who read it, so it is made once. */
  #event(topic: Topic): Event {
    const revision = this.#revisions.get(topic)?.() ?? ''
    const params: ChangedEvent = { topic, revision }
    const frame = JSON.stringify({ jsonrpc: '2.0', method: notifications.changed, params })
    return { topic, revision, frame }
  }

  #replace(subscriber: Subscriber, next: Map<Topic, string | null>): void {
    const before = this.#subscriptions.get(subscriber)
    this.#subscriptions.set(subscriber, next)
    for (const topic of topics) {
      const change = Number(next.has(topic)) - Number(before?.has(topic) ?? false)
      if (change === 0) continue
      const watched = this.watched(topic)
      this.#watchers.set(topic, (this.#watchers.get(topic) ?? 0) + change)
      if (watched !== this.watched(topic)) this.watchedChanged.emit(topic)
    }
  }
}

interface Event extends ChangedEvent {
  readonly frame: string
}

/** Tells one reader, unless it knows the revision already. */
function tell(subscriber: Subscriber, wanted: Map<Topic, string | null>, event: Event): void {
  if (wanted.get(event.topic) === event.revision) return
  wanted.set(event.topic, subscriber.sendEvent(event.frame) ? event.revision : null)
}
