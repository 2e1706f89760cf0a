import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { messageOf as errorText } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import type { LogForwardRow } from '#contract/logs.ts'
import type { ForwardTarget } from '../log-engine.ts'
import type { KeptRecord } from '../segments/frame.ts'
import type { LogStore } from '../segments/log-store.ts'
import { countBehind, nextBatch } from './batch.ts'
import { messageOf } from './messages.ts'
import type { Place, Places } from './place.ts'
import type { Post } from '#base/posting.ts'
import { verdictOn, type Verdict } from './verdict.ts'

const compress = promisify(gzip)

/** Milliseconds. */
export interface Rhythm {
  /** So long more is waited for, before a batch that is not full is sent. */
  readonly lingerMs: number
  /** The pause after a first failure; each that follows is about twice as long. */
  readonly firstMs: number
  readonly longestMs: number
  /** The pause where only a person can help. */
  readonly rarelyMs: number
  /** Of one request. */
  readonly timeoutMs: number
}

const tellMs = 60_000
/** Requests that are made to find what of one batch a target does not take. */
const mostParts = 200

export interface ForwarderOptions {
  readonly app: string
  readonly store: LogStore
  readonly places: Places
  readonly post: Post
  readonly now: () => number
  /** From 0 to 1. */
  readonly random: () => number
  readonly rhythm: Rhythm
  /** Tells whoever reads the daemon's log. */
  readonly told: (message: string) => void
  /** Called when {@link Forwarder.row} is another. */
  readonly changed: () => void
}

/** Why nothing is sent for a while. */
interface Pause {
  readonly state: 'retrying' | 'stopped'
  readonly message: string
  readonly ms: number
}

/**
 * Sends the records of one app, in the order of their arrival and each at least once. The segments are the queue: of a
 * batch that waits nothing is held, it is taken anew when it is tried again.
 */
export class Forwarder implements Owned {
  readonly #options: ForwarderOptions
  #target: ForwardTarget
  /** Ends the request that is under way. */
  #request = new AbortController()
  #disposed = false
  #timer: NodeJS.Timeout | undefined
  #busy: Promise<void> | null = null
  #asked = true
  #pause: Pause | null = null
  #nextAt = 0
  #failures = 0
  #error: LogForwardRow['error'] = null
  /** It is not noted how far was sent, and nothing is sent before it is. */
  #unsaved = true
  /** Requests for the batch that is being sent. */
  #parts = 0
  #toldRefused: number
  #toldAt = Number.NEGATIVE_INFINITY
  /** Of the last batch nothing was taken. */
  #refusesAll = false

  constructor(target: ForwardTarget, options: ForwarderOptions) {
    this.#target = target
    this.#options = options
    this.#toldRefused = this.#place.refused
    this.#after(0)
  }

  /** Says that there may be more to send. */
  wake(): void {
    this.#asked = true
    if (this.#timer === undefined && this.#busy === null) this.#after(this.#options.rhythm.lingerMs)
  }

  /** From now on this is where records go; what was not taken by another is sent here. */
  aim(target: ForwardTarget): void {
    if (JSON.stringify(target) === JSON.stringify(this.#target)) return
    if (target.url !== this.#target.url) this.#tell(`they are forwarded to ${target.url} from now on`)
    this.#target = target
    this.#request.abort()
    this.#failures = 0
    this.#refusesAll = false
    this.#error = null
    this.#pause = null
    this.#asked = true
    if (this.#busy === null) this.#after(0)
  }

  get behind(): number {
    const { store, app } = this.#options
    return countBehind(store, app, this.#place.done, this.#target.level)
  }

  /** Counts records that are gone before they were sent, or at least before we knew that they were. */
  lose(count: number): void {
    if (count === 0) return
    this.#tell(`${count} records were removed before they could be sent`)
    try {
      this.#settle({ lost: this.#place.lost + count })
    } catch (error) {
      // It is noted before anything more is sent.
      this.#fail(errorText(error))
    }
  }

  get row(): LogForwardRow {
    const { app } = this.#options
    const { kind, url } = this.#target
    const { sent, refused, lost, sentTo } = this.#place
    const behind = this.behind
    const pause = this.#pause
    return {
      app,
      kind,
      url,
      state: pause?.state ?? (behind === 0 ? 'current' : 'sending'),
      behind,
      sent,
      refused,
      lost,
      sentTo: sentTo === null ? null : new Date(sentTo).toISOString(),
      error: this.#error,
      nextAt: pause === null ? null : new Date(this.#nextAt).toISOString(),
    }
  }

  async dispose(): Promise<void> {
    this.#disposed = true
    this.#request.abort()
    clearTimeout(this.#timer)
    await this.#busy
  }

  get #place(): Place {
    return this.#options.places.of(this.#options.app)
  }

  #after(ms: number): void {
    if (this.#disposed) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#busy = this.#turn()
        .catch((error: unknown) => this.#pausing('retrying', errorText(error), this.#backoff()))
        .then((ms) => {
          this.#busy = null
          if (ms !== null) this.#after(ms)
          else if (this.#asked) this.wake()
        })
    }, ms)
  }

  /** Sends what is to be sent next. @returns after how long to go on; null: when there is more. */
  async #turn(): Promise<number | null> {
    this.#asked = false
    const { store, app, rhythm } = this.#options
    const target = this.#target
    if (this.#unsaved) this.#settle({})
    if (target.problem !== null) return this.#pausing('stopped', target.problem, rhythm.rarelyMs)
    const { records, to, damaged, full } = nextBatch(store, app, this.#place.done, target.level)
    this.#parts = 0
    const pause = records.length === 0 ? null : await this.#send(records)
    this.#tellRefused()
    if (this.#disposed) return null
    // Whoever was aimed elsewhere meanwhile begins there at once.
    if (target !== this.#target) return 0
    if (pause !== null) return this.#pausing(pause.state, pause.message, pause.ms)
    this.#pause = null
    this.#failures = 0
    if (to > this.#place.done) this.#settle({ done: to, lost: this.#place.lost + damaged })
    if (damaged > 0) this.#tell(`${damaged} records are damaged and cannot be sent`)
    return full ? 0 : records.length > 0 ? rhythm.lingerMs : null
  }

  /** Sends records, or the parts of them that are taken. @returns why it goes no further; null when all is done with. */
  async #send(records: readonly KeptRecord[]): Promise<Pause | null> {
    const verdict = await this.#ask(records)
    if (this.#disposed) return null
    if (verdict.kind === 'accepted') {
      this.#refusesAll = false
      if (verdict.message !== null) this.#fail(verdict.message)
      this.#taken(records, Math.min(verdict.refused, records.length))
      return null
    }
    if (verdict.kind === 'refused') return this.#refused(records, verdict.message)
    const { firstMs, rarelyMs } = this.#options.rhythm
    if (verdict.kind === 'stopped') return { state: 'stopped', message: verdict.message, ms: rarelyMs }
    // All who were asked to wait so long must not come back together.
    const asked = verdict.afterMs === 0 ? 0 : verdict.afterMs + firstMs * this.#options.random()
    return { state: 'retrying', message: verdict.message, ms: Math.max(this.#backoff(), asked) }
  }

  /**
   * Finds by halves which of them are not taken, so that one bad record holds up no other. What is left after many requests
   * is given up as it is: Loki has taken what was good of it.
   */
  async #refused(records: readonly KeptRecord[], message: string): Promise<Pause | null> {
    const isWhole = this.#parts === 1
    const [last] = records.slice(-1)
    const isSpent = this.#parts >= mostParts
    if (records.length === 1 || isSpent || last === undefined) return this.#giveUp(records, message)
    // A target that takes nothing, such as of last week, is not asked record by record: the newest tells.
    if (isWhole && this.#refusesAll) {
      const verdict = await this.#ask([last])
      if (verdict.kind === 'refused') return this.#giveUp(records, message)
    }
    const before = this.#place.sent
    const middle = records.length >> 1
    const pause = (await this.#send(records.slice(0, middle))) ?? (await this.#send(records.slice(middle)))
    if (isWhole && pause === null) this.#refusesAll = this.#place.sent === before
    return pause
  }

  #giveUp(records: readonly KeptRecord[], message: string): null {
    const { refused } = this.#place
    this.#fail(message)
    this.#settle({ done: lastOf(records), refused: refused + records.length })
    return null
  }

  #taken(records: readonly KeptRecord[], without: number): void {
    const { sent, refused, sentTo } = this.#place
    const newest = records.reduce((most, { time }) => Math.max(most, time), sentTo ?? 0)
    this.#settle({
      done: lastOf(records),
      sent: sent + records.length - without,
      refused: refused + without,
      ...(without === records.length ? {} : { sentTo: newest }),
    })
  }

  async #ask(records: readonly KeptRecord[]): Promise<Verdict> {
    const { app, post, now, rhythm } = this.#options
    const target = this.#target
    const { signal } = (this.#request = new AbortController())
    this.#parts += 1
    const body = await compress(messageOf(target, app, records))
    const headers = { ...target.headers, 'content-type': 'application/json', 'content-encoding': 'gzip' }
    const answer = await post({ url: target.url, headers, body, timeoutMs: rhythm.timeoutMs, signal })
    return verdictOn(target, answer, now())
  }

  /** Notes what became of records, before anything more is sent. */
  #settle(more: Partial<Place>): void {
    this.#unsaved = true
    this.#options.places.set(this.#options.app, { ...this.#place, ...more })
    this.#unsaved = false
    this.#options.changed()
  }

  #pausing(state: Pause['state'], message: string, ms: number): number {
    // Said once for an outage, however long it is.
    if (this.#pause?.message !== message) this.#tell(`they are not sent: ${message}`)
    this.#pause = { state, message, ms }
    this.#nextAt = this.#options.now() + ms
    this.#fail(message)
    this.#options.changed()
    return ms
  }

  #fail(message: string): void {
    this.#error = { at: new Date(this.#options.now()).toISOString(), message }
  }

  /** Not more often than somebody reads it. */
  #tellRefused(): void {
    const { refused } = this.#place
    const now = this.#options.now()
    if (refused <= this.#toldRefused || now < this.#toldAt + tellMs) return
    this.#tell(`${refused - this.#toldRefused} records were not taken: ${this.#error?.message ?? ''}`)
    this.#toldRefused = refused
    this.#toldAt = now
  }

  #tell(message: string): void {
    this.#options.told(`Logs of ${this.#options.app} to ${this.#target.url}: ${message}`)
  }

  /** Twice as long each time, and never quite as long as somebody else's. */
  #backoff(): number {
    const { firstMs, longestMs } = this.#options.rhythm
    const most = Math.min(longestMs, firstMs * 2 ** Math.min(this.#failures, 20))
    this.#failures += 1
    return most * (0.5 + this.#options.random() / 2)
  }
}

const lastOf = (records: readonly KeptRecord[]): number => records.at(-1)?.sequence ?? 0
