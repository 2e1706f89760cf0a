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
import type { ContainerOutput, EngineEndpoint } from '../adapters/docker/container-output.ts'
import { ContainerReaders } from './containers/container-readers.ts'
import type { LogContainers } from './containers/log-container.ts'
import { Forwarders, usualRhythm } from './forwarding/forwarders.ts'
import type { Post } from '#base/posting.ts'
import type {
  ForwardTarget,
  LogAside,
  LogEngine,
  LogInput,
  LogPattern,
  LogSearch,
  Retention,
} from './log-engine.ts'
import { RequestMeter, type RequestCounts } from './metering.ts'
import { Readers } from './readers.ts'
import { LineSieve } from './scan/line-sieve.ts'
import { LogSearcher } from './search/log-search.ts'
import type { Scans } from './search/scan-work.ts'
import { LogStore, type StoreLimits } from './segments/log-store.ts'
import type { SegmentWork } from './segments/segment-work.ts'
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
  readonly #containers: ContainerReaders
  readonly #aside: LogAside | null
  readonly #sieve = new LineSieve()
  readonly #meter: RequestMeter
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
    readonly aside?: LogAside
    /** Speaks with an engine of containers. */
    readonly output: (endpoint: EngineEndpoint) => ContainerOutput
    /** Who does what takes long; else that is done in this thread. */
    readonly work?: SegmentWork & Owned
    readonly scans?: Scans & Owned
  }) {
    const { folder, instance, limits, now, post, told, output, aside, work, scans } = options
    for (const owned of [work, scans]) if (owned !== undefined) this.#lifetime.own(owned)
    this.#aside = aside ?? null
    this.#instance = instance
    this.#store = this.#lifetime.own(new LogStore(folder, work === undefined ? {} : { work }))
    this.#meter = new RequestMeter(this.#store.next, now)
    this.#store.onKept = (app, frame) => this.#meter.count(app, frame)
    this.#searcher = new LogSearcher(this.#store, (line, format) => fieldsOf(line, format).fields, now, scans)
    const reading = { sieve: this.#sieve, now, kept: () => this.#kept() }
    this.#readers = this.#lifetime.own(new Readers(this.#store, reading))
    this.#containers = this.#lifetime.own(new ContainerReaders(this.#store, reading, output))
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

  follow(containers: LogContainers): void {
    this.#containers.read(containers)
  }

  keep(retention: Readonly<Record<string, Partial<Retention>>>): void {
    this.#retention = retention
  }

  hide(forms: readonly string[]): void {
    this.#sieve.use(forms)
  }

  forward(targets: Readonly<Record<string, ForwardTarget | null>>): void {
    this.#forwarders.forward(targets)
  }

  search(search: LogSearch, signal: AbortSignal): Promise<LogPage> {
    return this.#searcher.search(this.#withoutAside(search), signal)
  }

  around(id: string, before: number, after: number): Promise<readonly LogLine[]> {
    return this.#searcher.around(id, before, after)
  }

  show(id: string): Promise<LogDetail> {
    return this.#searcher.show(id)
  }

  histogram(filter: LogFilter, buckets: number, signal: AbortSignal): Promise<LogHistogram> {
    return this.#searcher.histogram(this.#withoutAside(filter), buckets, signal)
  }

  sources(apps: readonly string[] | undefined): Promise<readonly LogSourceRow[]> {
    return Promise.resolve(sourceRows(this.#store, this.#readers, this.#containers.rows, apps))
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

  #withoutAside<F extends LogFilter>(filter: F): F {
    const aside = this.#aside
    if (aside === null || filter.apps !== undefined || filter.sources?.includes(aside.source) === true)
      return filter
    return { ...filter, apps: this.#store.apps.filter((app) => app !== aside.app) }
  }

  #every(ms: number, act: () => void): void {
    const timer = setInterval(act, ms)
    this.#lifetime.onDispose(() => clearInterval(timer))
  }
}

const ownedEmitter = (): Emitter<void> & Owned =>
  Object.assign(new Emitter<void>(), { dispose: () => undefined })
