import { Emitter } from '#base/emitter.ts'
import { Failure } from '#base/failure.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { ParsedParams } from '#contract/index.ts'
import type {
  LogDetail,
  LogForwardRow,
  LogErrors,
  LogErrorsRow,
  LogFilter,
  LogHistogram,
  LogLine,
  LogPage,
  LogSourceRow,
} from '#contract/logs.ts'
import type { Hiding } from '../../adapters/process/programs.ts'
import type { ForwardConfig } from '../../config/forward-config.ts'
import type { LogEngine, LogInput, LogPattern, RequestCounts, Retention } from '../../logs/log-engine.ts'
import { forwardTargets } from './forward-targets.ts'

export interface LogsDeps {
  readonly engine: LogEngine
  /** What of each app is read, as it is now. */
  readonly inputs: () => Promise<readonly LogInput[]>
  /** Files that configurations name, as they are now. */
  readonly patterns: () => readonly LogPattern[]
  /** The containers of apps, which are told of as they start. */
  readonly containers: {
    /** How many run now. */
    readonly running: number
    /** Reads those that are there now. */
    refresh(): void
  }
  /** What configurations say of how much is kept. */
  readonly retention: () => Readonly<Record<string, Partial<Retention>>>
  /** Where configurations send logs, null for nowhere; without those that cannot be understood. */
  readonly forwards: () => Readonly<Record<string, ForwardConfig | null>>
  /** What a secret holds; null when there is none. @throws Failure `secrets-unavailable`. */
  readonly secret: (name: string) => Promise<string | null>
  /** Tell when {@link inputs} or the names of apps may be others. */
  readonly inputsChanged: readonly Emitter<void>[]
  readonly report: (error: unknown) => void
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly apps: () => readonly string[]
  /** Keeps secrets out of what is answered, also those that were not yet known when it was written. */
  readonly hiding: Hiding
}

/** After so long it is looked again whether a secret that is missing is there. */
const problemMs = 60_000
const hourMs = 60 * 60 * 1000
/** Of a message that is shown beside others, in UTF-16 units. */
const longestMessage = 300

/** The logs of apps: what is read, and what is asked of it. */
export class LogsService implements Owned {
  readonly changed = new Emitter<void>()
  readonly #deps: LogsDeps
  readonly #life = new Lifetime()
  /** What was named last, as JSON. */
  #read = '[[],[],{},{}]'
  #asked = false
  #later: NodeJS.Timeout | undefined
  #refreshing: Promise<void> | null = null

  constructor(deps: LogsDeps) {
    this.#deps = deps
    for (const changed of deps.inputsChanged) this.#life.own(changed.on(() => this.refresh()))
    this.#life.own(deps.engine.changed.on(() => this.changed.emit()))
  }

  get revision(): string {
    return this.#deps.engine.revision
  }

  /**
   * Files that are read whether an app runs or not, containers that may be removed, and apps whose logs are forwarded: a
   * daemon that ends would miss what goes with them, and sends nothing.
   */
  get managed(): number {
    return this.#deps.patterns().length + this.#deps.containers.running + this.#forwarded
  }

  /** Reads what is to be read now, and no longer what is not. It never rejects; asked while it goes on, it looks once more. */
  refresh(): void {
    this.#asked = true
    this.#deps.containers.refresh()
    this.#refreshing ??= this.#refresh()
      .catch(this.#deps.report)
      .finally(() => {
        this.#refreshing = null
        if (this.#asked) this.refresh()
      })
  }

  async #refresh(): Promise<void> {
    this.#asked = false
    const [inputs, patterns] = [await this.#deps.inputs(), this.#deps.patterns()]
    const retention = this.#deps.retention()
    const targets = await forwardTargets(this.#deps.forwards(), this.#deps.secret)
    clearTimeout(this.#later)
    // Nobody tells when a keychain can be read again.
    if (Object.values(targets).some((target) => target !== null && target.problem !== null))
      this.#later = setTimeout(() => this.refresh(), problemMs).unref()
    const read = JSON.stringify([inputs, patterns, retention, targets])
    if (read === this.#read) return
    // What is to be hidden is known to the engine before it reads.
    await this.#deps.hiding.needed()
    if (this.#life.disposed) return
    this.#read = read
    this.#deps.engine.keep(retention)
    // First: what is read from now on is sent.
    this.#deps.engine.forward(targets)
    this.#deps.engine.read(inputs, patterns)
  }

  /** @throws Failure `not-found` for an app that neither is one nor has logs, `log-query-invalid`, `cancelled`. */
  async search(params: ParsedParams<'logs.search'>, signal: AbortSignal): Promise<LogPage> {
    await this.#requireApps(params.apps)
    const page = await this.#deps.engine.search(params, signal)
    return { ...page, lines: page.lines.map((line) => this.#hidden(line)) }
  }

  /** @throws Failure `not-found`. */
  async around({ id, before, after }: ParsedParams<'logs.around'>): Promise<readonly LogLine[]> {
    const lines = await this.#deps.engine.around(id, before, after)
    return lines.map((line) => this.#hidden(line))
  }

  /** @throws Failure `not-found`. */
  async show({ id }: ParsedParams<'logs.show'>): Promise<LogDetail> {
    const { fields, ...line } = await this.#deps.engine.show(id)
    const { hide } = this.#deps.hiding
    const hidden = Object.entries(fields).map(([name, value]) => [hide(name), hide(value)])
    return { ...this.#hidden(line), fields: Object.fromEntries(hidden) as LogDetail['fields'] }
  }

  /** @throws Failure `not-found`, `log-query-invalid`, `cancelled`. */
  async histogram(
    { buckets, ...filter }: ParsedParams<'logs.histogram'>,
    signal: AbortSignal,
  ): Promise<LogHistogram> {
    await this.#requireApps(filter.apps)
    return this.#deps.engine.histogram(filter, buckets, signal)
  }

  /** Errors of each app since a moment. @throws Failure `not-found`, `cancelled`. */
  async errors(
    { apps, since = new Date(this.#deps.now() - hourMs).toISOString() }: ParsedParams<'logs.errors'>,
    signal: AbortSignal,
  ): Promise<LogErrors> {
    await this.#requireApps(apps)
    const rows = await Promise.all(
      (apps ?? this.#deps.apps()).map((app) => this.#errorsOf(app, since, signal)),
    )
    return { since, rows: rows.filter((row) => row !== null) }
  }

  async #errorsOf(app: string, since: string, signal: AbortSignal): Promise<LogErrorsRow | null> {
    const filter: LogFilter = { apps: [app], levels: ['error', 'fatal'], since }
    const { total } = await this.#deps.engine.histogram(filter, 1, signal)
    if (total === 0) return null
    const [newest] = (await this.#deps.engine.search({ ...filter, limit: 1 }, signal)).lines
    if (newest === undefined) return { app, errors: total, newest: null }
    const { time, text, messageAt } = this.#hidden(newest)
    const [message = ''] = text.slice(messageAt).split('\n')
    return { app, errors: total, newest: { time, message: message.slice(0, longestMessage) } }
  }

  /** @throws Failure `not-found`. */
  async sources({
    apps,
  }: ParsedParams<'logs.sources'>): Promise<{ revision: string; rows: readonly LogSourceRow[] }> {
    await this.#requireApps(apps)
    return { revision: this.revision, rows: await this.#deps.engine.sources(apps) }
  }

  /** @throws Failure `not-found`. */
  async forwarding({ apps }: ParsedParams<'logs.forwarding'>): Promise<readonly LogForwardRow[]> {
    await this.#requireApps(apps)
    const { hide } = this.#deps.hiding
    const rows = await this.#deps.engine.forwarding(apps)
    return rows.map(({ error, ...row }) => ({
      ...row,
      error: error === null ? null : { at: error.at, message: hide(error.message) },
    }))
  }

  /** The requests that lines of servers tell of, of the records after one number; see the engine's. */
  requests(after: number): Promise<RequestCounts | null> {
    return this.#deps.engine.requests(after)
  }

  async dispose(): Promise<void> {
    await this.#life.dispose()
    this.#asked = false
    await this.#refreshing
    clearTimeout(this.#later)
  }

  get #forwarded(): number {
    return Object.values(this.#deps.forwards()).filter((forward) => forward !== null).length
  }

  #hidden<L extends LogLine>(line: L): L {
    const text = this.#deps.hiding.hide(line.text)
    return text === line.text ? line : { ...line, text, messageAt: Math.min(line.messageAt, text.length) }
  }

  async #requireApps(apps: readonly string[] | undefined): Promise<void> {
    const known = new Set(this.#deps.apps())
    const unknown = (apps ?? []).filter((app) => !known.has(app))
    if (unknown.length === 0) return
    // Of an app that was removed its logs are still there.
    const kept = new Set((await this.#deps.engine.sources(unknown)).map(({ app }) => app))
    const name = unknown.find((app) => !kept.has(app))
    if (name === undefined) return
    throw new Failure('not-found', `There is no app ${name}, and no logs of one of that name`, {
      hint: '`quantum-admin apps list` shows the apps; `quantum-admin logs sources` shows what logs there are.',
    })
  }
}
