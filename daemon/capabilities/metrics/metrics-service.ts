import type { ParsedParams } from '#contract/index.ts'
import { metricNames, type MetricSeries, type MetricsNow } from '#contract/metrics.ts'
import type { Aggregate } from '#base/aggregate.ts'
import { isoTime, type Clock } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import type { MachineMeter } from '../../adapters/host/machine.ts'
import type { RequestCounts } from '../../logs/log-engine.ts'
import { addRequests } from './app-requests.ts'
import type { Exposed } from './exposition.ts'
import { MachineSamples } from './machine-samples.ts'
import type { MetricsStore } from './metrics-store.ts'
import { answeredMs, appNow, machineNow, type MeasuredNow } from './now.ts'
import { aggregateIn, mergeInto, type Packed } from './packing.ts'
import { recordedOf, theMachine, type MetricSample, type MetricSubject } from './recorded.ts'
import { forgetOldest } from './retention.ts'
import { Rollups } from './rollups.ts'
import { gridOf, lineOf } from './series.ts'
import { Subjects, type KnownSubject } from './subjects.ts'

/** What the processes and containers of an app use now. */
export interface AppUsage {
  readonly app: string
  /** 100 = one core. */
  readonly cpuPercent: number | null
  readonly memoryBytes: number | null
}

export interface MetricsDeps {
  readonly store: MetricsStore
  readonly clock: Clock
  /** Unlike any other start's; the first part of every revision. */
  readonly instance: string
  readonly machine: MachineMeter
  /** What each app that runs uses, as last seen; null where the last look was too long ago to say. */
  readonly usage: () => readonly AppUsage[] | null
  /** What lines of servers tell of, beyond one record: LogEngine.requests. */
  readonly requests: (after: number) => Promise<RequestCounts | null>
  /** The names of all apps. */
  readonly apps: () => readonly string[]
  /** Bytes of the past that may be kept. */
  readonly mostBytes: number
  /** Milliseconds between two looks. */
  readonly intervalMs: number
  readonly report: (error: unknown) => void
}

const writeMs = 60_000
const keepMs = 10 * 60_000
/** What was measured longer ago is not told as what is now. */
const freshMs = 45_000
/** The source of the cursor up to which records of logs were counted. */
const logCursor = 'logs'

/** What the machine, apps and checks use and how they answer: measured, kept, rolled up and asked for. */
export class MetricsService implements Owned {
  readonly changed = new Emitter<void>()
  readonly subjects: Subjects
  readonly #deps: MetricsDeps
  readonly #rollups: Rollups
  readonly #machine = new MachineSamples()
  /** Up to which record of logs requests were counted. */
  #counted = 0
  #version = 0
  #keptBytes = 0
  #lookedAt: number | null = null
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | null = null
  #measuring: Promise<void> = Promise.resolve()
  #keeping: Promise<void> = Promise.resolve()
  #wroteAt = 0
  #forgotAt = Number.NEGATIVE_INFINITY
  #disposed = false

  constructor(deps: MetricsDeps) {
    this.#deps = deps
    this.#rollups = new Rollups(deps.store, () => deps.clock.now())
    this.subjects = new Subjects(this.#rollups)
    this.#wroteAt = deps.clock.monotonic()
  }

  /** Learns what was measured before this start. */
  async open(): Promise<void> {
    this.subjects.open(await this.#deps.store.subjects())
    this.#counted = await this.#deps.store.cursor(logCursor)
  }

  /** Begins to look by itself. */
  start(): void {
    // From the first look on there is something to compare the next one with.
    this.#lookNow()
    this.#lookLater()
  }

  get revision(): string {
    return `${this.#deps.instance}.${this.#version}`
  }

  /**
   * Takes one number in: for whoever measures something of the machine, an app or a check of one. It is cheap, never
   * throws, and what is too old to be kept is passed over.
   */
  record({ subject, metric, at, value, coveredMs }: MetricSample): void {
    const { code, grain, kind } = recordedOf(metric)
    const whole = Math.round(value / grain)
    if (!(whole >= 0 && whole <= Number.MAX_SAFE_INTEGER)) return
    const known = this.subjects.of(subject)
    const packed = known === null ? null : this.#rollups.at(known.id, at)
    if (known === null || packed === null) return
    const weight = kind === 'total' ? Math.round(coveredMs ?? 0) : 1
    aggregateIn(packed, code)?.add(whole, weight)
    known.note(metric, at, whole, grain)
  }

  /** Looks once at everything that is measured here, and keeps it. */
  async look(): Promise<void> {
    await (this.#measuring = this.#measure())
    try {
      // After a crash this may take long: what it lacks is counted again.
      const counts = await this.#deps.requests(this.#counted)
      if (this.#disposed) return
      if (counts !== null) this.#take(counts)
      await (this.#keeping = this.#keep())
    } finally {
      this.#tell()
    }
  }

  async #measure(): Promise<void> {
    const { clock, machine, usage } = this.#deps
    const looked = await machine.look()
    const [at, monotonic] = [clock.now(), clock.monotonic()]
    for (const sample of this.#machine.of({ usage: looked, at, monotonic })) this.record(sample)
    for (const one of usage() ?? []) this.#recordApp(one, at)
    this.#lookedAt = at
  }

  #tell(): void {
    this.#version++
    this.changed.emit()
  }

  /** @throws Failure `not-found`, `invalid-params`. */
  async series(params: ParsedParams<'metrics.series'>): Promise<MetricSeries> {
    const { app = null, check = null, metrics = metricNames, points, leastStepMs = 0 } = params
    const now = this.#deps.clock.now()
    const until = params.until === undefined ? now : Date.parse(params.until)
    const since = params.since === undefined ? until - 3_600_000 : Date.parse(params.since)
    if (since >= Math.min(until, now))
      throw new Failure('invalid-params', 'since must be before until, and before now')
    const { level, stepMs, from, to } = gridOf(since, until, { points, leastStepMs, now })
    const packed = await this.#read(this.#known(app, check), level, stepMs, from, to)
    // Of the step that goes on only what has passed of it, and never next to nothing.
    const passed = (step: number): number =>
      Math.max(this.#deps.intervalMs, Math.min(stepMs, now - (from + step * stepMs)))
    const all = metrics.map((metric) => lineOf(metric, packed, passed))
    const isThere = params.metrics !== undefined
    return {
      revision: this.revision,
      app,
      check,
      from: isoTime(from),
      to: isoTime(to),
      stepMs,
      lines: all.filter(({ values }) => isThere || values.some((value) => value !== null)),
    }
  }

  /** What a Prometheus is told of: everything that was measured since this start. */
  get exposed(): Exposed {
    const now = this.#deps.clock.now()
    return {
      subjects: [...this.subjects.all],
      isFresh: (at, withinMs = freshMs) => Math.abs(now - at) <= withinMs,
      keptBytes: this.#keptBytes,
    }
  }

  async now(): Promise<MetricsNow> {
    const { clock, apps, mostBytes } = this.#deps
    const now = clock.now()
    const recent = new Map<number, Packed>()
    await this.#rollups.recent(now - answeredMs, (subject, packed) => {
      const into = recent.get(subject) ?? new Map<number, Aggregate>()
      mergeInto(into, packed)
      recent.set(subject, into)
    })
    const isFresh = (at: number): boolean => Math.abs(now - at) <= freshMs
    const of = (subject: MetricSubject): MeasuredNow => {
      const known = this.subjects.find(subject)
      return { known, packed: known === null ? undefined : recent.get(known.id), isFresh }
    }
    return {
      revision: this.revision,
      at: this.#lookedAt === null ? null : isoTime(this.#lookedAt),
      machine: machineNow(of(theMachine)),
      apps: apps().map((app) => appNow(app, of({ app, check: null }))),
      kept: { bytes: this.#keptBytes, mostBytes },
    }
  }

  async dispose(): Promise<void> {
    this.#disposed = true
    clearTimeout(this.#timer)
    await Promise.allSettled([this.#measuring, this.#keeping])
    await this.#rollups.write().catch(this.#deps.report)
  }

  /** Whoever was never measured has no past, unless nobody knows them. @throws Failure `not-found`. */
  #known(app: string | null, check: string | null): KnownSubject | null {
    const known = this.subjects.find({ app, check })
    if (known !== null || (check === null && (app === null || this.#deps.apps().includes(app)))) return known
    const what = check === null ? `app ${app}` : `check ${check} of ${app ?? 'the machine'}`
    throw new Failure('not-found', `There is no ${what}, and nothing was measured of one of that name`, {
      hint: '`quantum-admin apps list` shows the apps.',
    })
  }

  async #read(
    subject: KnownSubject | null,
    level: number,
    stepMs: number,
    from: number,
    to: number,
  ): Promise<readonly (Packed | undefined)[]> {
    const found: (Packed | undefined)[] = Array.from({ length: (to - from) / stepMs }, () => undefined)
    if (subject === null) return found
    await this.#rollups.read(subject.id, level, from, to, (at, packed) => {
      const step = Math.floor((at - from) / stepMs)
      const into = (found[step] ??= new Map())
      mergeInto(into, packed)
    })
    return found
  }

  #recordApp({ app, cpuPercent, memoryBytes }: AppUsage, at: number): void {
    const subject = { app, check: null }
    if (cpuPercent === null && memoryBytes === null) return
    if (cpuPercent !== null) this.record({ subject, metric: 'cpu', at, value: cpuPercent })
    if (memoryBytes !== null) this.record({ subject, metric: 'memory', at, value: memoryBytes })
    // An app that tells of its requests tells of none while it runs and there are none.
    if (this.subjects.find(subject)?.serves === true)
      this.record({ subject, metric: 'requests', at, value: 0, coveredMs: this.#deps.intervalMs })
  }

  #take({ through, counts }: RequestCounts): void {
    for (const count of counts) {
      const known = this.subjects.of({ app: count.app, check: null })
      if (known === null) continue
      this.subjects.serves(known)
      addRequests(this.#rollups.in(known.id, count.level, count.at), known, count)
    }
    if (through === this.#counted) return
    this.#counted = through
    this.#rollups.through(logCursor, through)
  }

  async #keep(): Promise<void> {
    const { clock, store, mostBytes } = this.#deps
    const now = clock.monotonic()
    if (now - this.#wroteAt >= writeMs) {
      this.#wroteAt = now
      await this.#rollups.write()
    }
    if (now - this.#forgotAt < keepMs) return
    this.#forgotAt = now
    this.#keptBytes = await forgetOldest(store, clock.now(), mostBytes)
  }

  /** While requests are still counted, only what passes is measured. */
  #lookNow(): void {
    const { report } = this.#deps
    if (this.#looking !== null) {
      this.#measuring = this.#measure()
        .then(() => this.#tell())
        .catch(report)
      return
    }
    this.#looking = this.look()
      .catch(report)
      .finally(() => (this.#looking = null))
  }

  /** In the middle of a stretch of the finest level, so that each has its look also when timers are late. */
  #lookLater(): void {
    if (this.#disposed) return
    const { clock, intervalMs } = this.#deps
    const until = intervalMs - ((clock.now() + intervalMs / 2) % intervalMs)
    this.#timer = setTimeout(
      () => {
        this.#lookNow()
        this.#lookLater()
      },
      until < intervalMs / 4 ? until + intervalMs : until,
    )
    this.#timer.unref()
  }
}
