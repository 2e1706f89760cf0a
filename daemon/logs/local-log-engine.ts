import { Emitter } from '#base/emitter.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { LogDetail, LogFilter, LogHistogram, LogLine, LogPage, LogSourceRow } from '#contract/logs.ts'
import { fieldsOf } from './format/fields.ts'
import type { LogEngine, LogInput, LogPattern, LogSearch, Retention } from './log-engine.ts'
import { Readers } from './readers.ts'
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
  readonly #readers: Readers
  #forms: readonly string[] = []
  #retention: Readonly<Record<string, Partial<Retention>>> = {}

  constructor(options: {
    readonly folder: string
    /** Unlike any other start's; the first part of every revision. */
    readonly instance: string
    readonly limits: StoreLimits
    readonly now: () => number
  }) {
    const { folder, instance, limits, now } = options
    this.#instance = instance
    this.#store = this.#lifetime.own(new LogStore(folder))
    this.#searcher = new LogSearcher(this.#store, (line, format) => fieldsOf(line, format).fields, now)
    this.#readers = this.#lifetime.own(
      new Readers(this.#store, { forms: () => this.#forms, now, kept: () => this.changed.emit() }),
    )
    this.#every(syncMs, () => this.#store.sync())
    this.#every(keepMs, () => this.#store.keep(limits, now(), this.#retention))
  }

  get revision(): string {
    return `${this.#instance}:${this.#store.next}`
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

  dispose(): Promise<void> {
    return this.#lifetime.dispose()
  }

  #every(ms: number, act: () => void): void {
    const timer = setInterval(act, ms)
    this.#lifetime.onDispose(() => clearInterval(timer))
  }
}

const ownedEmitter = (): Emitter<void> & Owned =>
  Object.assign(new Emitter<void>(), { dispose: () => undefined })
