import { Emitter } from '#base/emitter.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type {
  LogDetail,
  LogFilter,
  LogForwardRow,
  LogHistogram,
  LogLine,
  LogPage,
  LogSourceRow,
} from '#contract/logs.ts'
import { fieldsOf } from './format/fields.ts'
import { Forwarders, usualRhythm } from './forwarding/forwarders.ts'
import type { Post } from './forwarding/post.ts'
import type { ForwardTarget, LogEngine, LogInput, LogPattern, LogSearch, Retention } from './log-engine.ts'
import { RequestMeter, type RequestCounts } from './metering.ts'
import { Readers } from './readers.ts'
import { LogSearcher } from './search/log-search.ts'
import { LogStore, type StoreLimits } from './segments/log-store.ts'
import { sourceRows } from './source-rows.ts'
import * as path from 'node:path'

const syncMs = 1000
const keepMs = 10 * 60 * 1000
/** Beside the folders of apps, whose names cannot be this. */
const placesFolder = '+forwarding'

/** Reads logs, keeps them and finds what is in them, in this very thread. */
export class LocalLogEngine implements LogEngine {
  readonly #lifetime = new Lifetime()
  readonly changed = this.#lifetime.own(ownedEmitter())
  readonly #store: LogStore
  readonly #searcher: LogSearcher
  readonly #instance: string
  readonly #readers: Readers
  readonly #forwarders: Forwarders
  /** How often something was forwarded, or could not be. */
  #forwardings = 0
  readonly #meter: RequestMeter
  #forms: readonly string[] = []
  #retention: Readonly<Record<string, Partial<Retention>>> = {}

  constructor(options: {
    readonly folder: string
    /** Unlike any other start's; the first part of every revision. */
    readonly instance: string
    readonly limits: StoreLimits
    readonly now: () => number
    /** How what is forwarded is sent. */
    readonly post: Post
    /** Tells whoever reads the daemon's log. */
    readonly told: (message: string) => void
  }) {
    const { folder, instance, limits, now, post, told } = options
    this.#instance = instance
    this.#store = this.#lifetime.own(new LogStore(folder))
    this.#meter = new RequestMeter(this.#store.next, now)
    this.#store.onKept = (app, records) => this.#meter.count(app, records)
    this.#searcher = new LogSearcher(this.#store, (line, format) => fieldsOf(line, format).fields, now)
    this.#readers = this.#lifetime.own(
      new Readers(this.#store, { forms: () => this.#forms, now, kept: () => this.#kept() }),
    )
    this.#forwarders = this.#lifetime.own(
      new Forwarders(path.join(folder, placesFolder), {
        store: this.#store,
        post,
        now,
        random: Math.random,
        rhythm: usualRhythm,
        told,
        changed: () => {
          this.#forwardings += 1
          this.changed.emit()
        },
      }),
    )
    this.#every(syncMs, () => this.#store.sync())
    this.#every(keepMs, () =>
      this.#forwarders.removing(() => this.#store.keep(limits, now(), this.#retention)),
    )
  }

  get revision(): string {
    return `${this.#instance}:${this.#store.next}.${this.#forwardings}`
  }

  read(inputs: readonly LogInput[], patterns: readonly LogPattern[]): void {
    this.#readers.read(inputs, patterns)
  }

  keep(retention: Readonly<Record<string, Partial<Retention>>>): void {
    this.#retention = retention
  }

  hide(forms: readonly string[]): void {
    this.#forms = forms
  }

  forward(targets: Readonly<Record<string, ForwardTarget | null>>): void {
    this.#forwarders.forward(targets)
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
    return Promise.resolve(sourceRows(this.#store, this.#readers, apps))
  }

  forwarding(apps: readonly string[] | undefined): Promise<readonly LogForwardRow[]> {
    return Promise.resolve(this.#forwarders.rows(apps))
  }

  requests(after: number): Promise<RequestCounts> {
    return this.#meter.since(after, this.#store)
  }

  dispose(): Promise<void> {
    return this.#lifetime.dispose()
  }

  #kept(): void {
    this.#forwarders.wake()
    this.changed.emit()
  }

  #every(ms: number, act: () => void): void {
    const timer = setInterval(act, ms)
    this.#lifetime.onDispose(() => clearInterval(timer))
  }
}

const ownedEmitter = (): Emitter<void> & Owned =>
  Object.assign(new Emitter<void>(), { dispose: () => undefined })
