import { Emitter } from '#base/emitter.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { LogDetail, LogFilter, LogHistogram, LogLine, LogPage, LogSourceRow } from '#contract/logs.ts'
import { fieldsOf } from './format/fields.ts'
import { FollowRoom } from './intake/follow-room.ts'
import { InputReader, isDone, markKey, runSign } from './input-reader.ts'
import type { LogEngine, LogInput, LogSearch } from './log-engine.ts'
import { LogSearcher } from './search/log-search.ts'
import { LogStore, type StoreLimits } from './segments/log-store.ts'
import { sourceRows } from './source-rows.ts'

const syncMs = 1000
const keepMs = 10 * 60 * 1000

/** Reads logs, keeps them and finds what is in them, in this very thread. */
export class LocalLogEngine implements LogEngine {
  readonly #lifetime = new Lifetime()
  readonly changed = this.#lifetime.own(ownedEmitter())
  readonly #store: LogStore
  readonly #searcher: LogSearcher
  readonly #instance: string
  readonly #now: () => number
  readonly #readers = new Map<string, InputReader>()
  readonly #room = this.#lifetime.own(new FollowRoom())
  #forms: readonly string[] = []
  /** Settles when those are read that were named last. */
  #reading: Promise<void> = Promise.resolve()

  constructor(options: {
    readonly folder: string
    /** Unlike any other start's; the first part of every revision. */
    readonly instance: string
    readonly limits: StoreLimits
    readonly now: () => number
  }) {
    const { folder, instance, limits, now } = options
    this.#instance = instance
    this.#now = now
    this.#store = this.#lifetime.own(new LogStore(folder))
    this.#searcher = new LogSearcher(this.#store, (line, format) => fieldsOf(line, format).fields, now)
    this.#every(syncMs, () => this.#store.sync())
    this.#every(keepMs, () => this.#store.keep(limits, now()))
  }

  get revision(): string {
    return `${this.#instance}:${this.#store.next}`
  }

  read(inputs: readonly LogInput[]): void {
    this.#reading = this.#reading.then(() => this.#read(inputs))
  }

  hide(forms: readonly string[]): void {
    this.#forms = forms
  }

  search(search: LogSearch, signal: AbortSignal): Promise<LogPage> {
    return this.#searcher.search(search, signal)
  }

  around(id: string, before: number, after: number): Promise<readonly LogLine[]> {
    return this.#searcher.around(id, before, after)
  }

  show(id: string): Promise<LogDetail> {
    return this.#searcher.show(id)
  }

  histogram(filter: LogFilter, buckets: number, signal: AbortSignal): Promise<LogHistogram> {
    return this.#searcher.histogram(filter, buckets, signal)
  }

  sources(apps: readonly string[] | undefined): Promise<readonly LogSourceRow[]> {
    return Promise.resolve(sourceRows(this.#store, [...this.#readers.values()], apps))
  }

  async dispose(): Promise<void> {
    await this.#reading
    await Promise.all([...this.#readers.values()].map((reader) => reader.dispose()))
    await this.#lifetime.dispose()
  }

  /** One that takes the place of another begins where that has ended. */
  async #read(inputs: readonly LogInput[]): Promise<void> {
    const wanted = new Map(inputs.map((input) => [keyOf(input), input]))
    const gone = [...this.#readers].filter(([key]) => !wanted.has(key))
    for (const [key] of gone) this.#readers.delete(key)
    await Promise.all(gone.map(([, reader]) => reader.dispose()))
    for (const app of new Set(inputs.map((input) => input.app))) {
      const named = new Set(inputs.filter((input) => input.app === app).map(markKey))
      this.#store.forgetMarks(app, (key) => !key.startsWith(runSign) || named.has(key))
    }
    for (const [key, input] of wanted) {
      if (!input.live && isDone(this.#store, input)) {
        await this.#readers.get(key)?.dispose()
        this.#readers.delete(key)
        continue
      }
      const reader = this.#readers.get(key) ?? this.#readerOf(input)
      this.#readers.set(key, reader)
      reader.live(input.live)
    }
  }

  #readerOf(input: LogInput): InputReader {
    return new InputReader(input, this.#store, {
      forms: () => this.#forms,
      now: this.#now,
      kept: () => this.changed.emit(),
      room: this.#room,
    })
  }

  #every(ms: number, act: () => void): void {
    const timer = setInterval(act, ms)
    this.#lifetime.onDispose(() => clearInterval(timer))
  }
}

/** A file of an app under one name is read by one reader for as long as both stay what they are. */
const keyOf = ({ app, source, kind, file, run }: LogInput): string =>
  JSON.stringify([app, source, kind, file, run])

const ownedEmitter = (): Emitter<void> & Owned =>
  Object.assign(new Emitter<void>(), { dispose: () => undefined })
