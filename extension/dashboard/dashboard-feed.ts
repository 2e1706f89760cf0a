import type { AppRow } from '#contract/apps.ts'
import type { AuditEntry } from '#contract/audit.ts'
import type { QueryName, Params, Result } from '#contract/index.ts'
import type { Overview, Topic } from '#contract/system.ts'
import type { ErrorCode } from '#contract/errors.ts'
import type { IncidentRow } from '#contract/health.ts'
import type { AppNow } from '#contract/metrics.ts'
import type { User } from '#contract/users.ts'
import { asFailure, type Failure } from '#base/failure.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import { failureOf, type Model, type SnapshotTopic } from '../model.ts'
import type { Picture, Status } from '../../webviews/dashboard/messages.ts'
import { countedEnvironments, countedIncidents, countedRequests } from './health-cards.ts'
import { countedPorts, countedTests, pictureOf, type Counted, type Source, type Sources } from './picture.ts'

/** Where each topic stands is compared this often, in milliseconds: a lost change is made good within a second. */
const compareMs = 200
/** What was answered lately is known in stretches so long, in milliseconds: with each that ends it is another number. */
const stretchMs = 15_000
/** What no event tells is asked for this often: how busy the machine is, and how the daemon finds itself. */
const lookAgainMs = 5000
/** Changes that come together are drawn together, in milliseconds. */
const gatherMs = 40
/** The newest entries of the audit trail that are shown. */
const mostEntries = 100

const topics: readonly Topic[] = [
  'apps',
  'connectors',
  'jobs',
  'containers',
  'ports',
  'leases',
  'users',
  'audit',
  'health',
  'metrics',
]
/** The newest incidents that are asked for. */
const mostIncidents = 1000

/** A list that the model keeps no snapshot of. */
interface Kept<T> {
  rows: readonly T[] | null
  failure: Failure | null
  /** The connection that it is from. */
  connection: number
  /** Counts the times that it was told. */
  version: number
  stale: boolean
  asking: boolean
}
const nothing = <T>(): Kept<T> => ({
  rows: null,
  failure: null,
  connection: 0,
  version: 0,
  stale: true,
  asking: false,
})

/** What a daemon answers that does not know what it is asked. */
const olderCodes: ReadonlySet<ErrorCode> = new Set([
  'invalid-params',
  'unknown-method',
  'daemon-incompatible',
])

/** All that the dashboard shows, while somebody looks at it. */
export class DashboardFeed implements Owned {
  readonly #model: Model
  readonly #changed: () => void
  readonly #lifetime = new Lifetime()
  readonly #users = nothing<User>()
  readonly #activity = nothing<AuditEntry>()
  readonly #services = nothing<Counted['services']>()
  readonly #incidents = nothing<IncidentRow>()
  readonly #answers = nothing<AppNow>()
  /** What the daemon tells in a list of its own, and the topic by which it says that there is another. */
  readonly #kept = [
    [this.#users, 'users'],
    [this.#activity, 'audit'],
    [this.#incidents, 'health'],
    [this.#answers, 'metrics'],
    [this.#services, null],
  ] as const
  #cpuPercent: number | null = null
  #stretch = 0
  #machine: Overview['machine'] | null = null
  #sequence = 0
  #connection = 0
  #connected = false
  #older = false
  #looking: Owned | undefined
  #gathering: NodeJS.Timeout | undefined
  #status: Status
  /** The last that was known, for while there is no connection. */
  #last: Sources | null = null

  /** @param changed - told when there is something new to be drawn. */
  constructor(model: Model, changed: () => void) {
    this.#model = model
    this.#changed = changed
    this.#status = this.#statusNow(null)
    this.#lifetime.own(model.onState(() => this.#follow()))
    this.#lifetime.own(model.onChanged((topic) => this.#told(topic)))
    this.#lifetime.onDispose(() => this.look(false))
    this.#follow()
  }

  /** Begins to look, or stops: what nobody sees is not asked for. */
  look(visible: boolean): void {
    if (visible === (this.#looking !== undefined)) return
    void this.#looking?.dispose()
    this.#looking = undefined
    clearTimeout(this.#gathering)
    this.#gathering = undefined
    if (!visible) return
    this.#doubt()
    const interest = this.#model.want(topics)
    const comparing = setInterval(() => void this.#compare(), compareMs)
    const looking = setInterval(() => this.#lookAgain(), lookAgainMs)
    this.#looking = {
      dispose: () => {
        clearInterval(comparing)
        clearInterval(looking)
        void interest.dispose()
      },
    }
    this.#lookAgain()
    this.#ask()
  }

  get status(): Status {
    return this.#status
  }

  /** What is known now, or was known last; null when nothing ever was. */
  get sources(): Sources | null {
    const { state } = this.#model
    if (state.kind !== 'connected') return this.#last === null ? null : outdated(this.#last)
    const snapshot = <T extends SnapshotTopic>(topic: T) => this.#model.snapshot(topic)
    const of = <T>(topic: SnapshotTopic, rows: readonly T[] | undefined): Source<T> => ({
      revision: this.#model.snapshot(topic)?.revision ?? '',
      fresh: this.#model.isFresh(topic),
      problem: '',
      rows: rows ?? null,
    })
    const ports = snapshot('ports')?.rows
    const tests = snapshot('jobs')?.tests
    const containers = snapshot('containers')
    const cards: Sources['cards'] = {
      apps: of('apps', snapshot('apps')?.rows),
      connectors: of('connectors', snapshot('connectors')?.rows),
      environments: this.#environments(of('apps', snapshot('apps')?.rows)),
      users: this.#source(this.#users),
      ports: of('ports', ports && countedPorts(ports)),
      jobs: of('jobs', snapshot('jobs')?.jobs),
      tests: of('jobs', tests && countedTests(tests)),
      containers:
        containers === undefined || containers.engine.state === 'connected'
          ? of('containers', containers?.rows)
          : { ...of('containers', undefined), problem: containers.engine.reason ?? containers.engine.state },
      requests: counted(this.#source(this.#answers), countedRequests),
      health: of('health', snapshot('health')?.checks),
      incidents: counted(this.#source(this.#incidents), (rows) => countedIncidents(rows, Date.now())),
      leases: of('leases', snapshot('leases')?.rows),
      services: this.#source(this.#services),
      activity: this.#source(this.#activity),
    }
    this.#last = { cards, machine: this.#machine, cpuPercent: this.#cpuPercent }
    return this.#last
  }

  /** The next picture; null when nothing was ever known. */
  next(): Picture | null {
    const { sources } = this
    return sources === null ? null : pictureOf(sources, ++this.#sequence)
  }

  dispose(): Promise<void> {
    return this.#lifetime.dispose()
  }

  /** What is asked for again: of a topic, or everything. */
  #doubt(topic?: Topic): void {
    for (const [kept, of] of this.#kept) if (topic === undefined || topic === of) kept.stale = true
  }

  #source<T>({ rows, failure, connection, version, stale }: Kept<T>): Source<T> {
    return {
      revision: `${connection}.${version}`,
      fresh: connection === this.#connection && !(stale && failure !== null),
      problem: failure?.message ?? '',
      rows: failure === null ? rows : null,
    }
  }

  /** They are put together of two pictures, and true when both are. */
  #environments(apps: Source<AppRow>): Source<Counted['environments']> {
    const health = this.#model.snapshot('health')
    const rows =
      apps.rows === null || health === undefined ? null : countedEnvironments(apps.rows, health.checks)
    const revision = `${apps.revision} ${health?.revision ?? ''}`
    return { ...apps, revision, fresh: apps.fresh && this.#model.isFresh('health'), rows }
  }

  #follow(): void {
    const connected = this.#model.state.kind === 'connected'
    if (connected && !this.#connected) {
      this.#connection += 1
      this.#older = false
      this.#doubt()
    }
    this.#connected = connected
    this.#tell()
    if (connected && this.#looking !== undefined) {
      this.#ask()
      this.#lookAgain()
    }
  }

  #told(topic: Topic): void {
    this.#doubt(topic)
    this.#ask()
    this.#tell()
  }

  /** Draws soon, with what comes until then. */
  #tell(): void {
    const status = this.#statusNow(this.#status)
    const isNew = JSON.stringify(status) !== JSON.stringify(this.#status)
    this.#status = status
    // That numbers are old must be seen at once.
    if (isNew) return this.#changed()
    if (this.#looking === undefined) return
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined
      this.#changed()
    }, gatherMs)
  }

  async #compare(): Promise<void> {
    if (!this.#connected) return
    const stretch = Math.floor(Date.now() / stretchMs)
    if (stretch !== this.#stretch) this.#answers.stale = true
    this.#stretch = stretch
    const connection = this.#connection
    try {
      await this.#model.compare()
    } catch (error) {
      // A connection that is lost says so by its state.
      if (connection === this.#connection && olderCodes.has(asFailure(error).code)) {
        this.#older = true
        this.#tell()
      }
    }
    this.#ask()
  }

  /** Asks for what is not known. */
  #ask(): void {
    void this.#fetch(this.#users, 'users.list', {}, (users) => users)
    void this.#fetch(this.#activity, 'audit.list', { limit: mostEntries }, ({ entries }) => entries)
    void this.#fetch(this.#incidents, 'incidents.list', { limit: mostIncidents }, ({ rows }) => rows)
    void this.#fetch(this.#answers, 'metrics.now', {}, ({ machine, apps }) => {
      this.#cpuPercent = machine.cpuPercent
      return apps
    })
  }

  #lookAgain(): void {
    this.#services.stale = true
    // What was answered in the last five minutes is another thing as time goes on.
    this.#answers.stale = true
    this.#ask()
    void this.#fetch(this.#services, 'daemon.doctor', {}, (checks) => checks)
    void this.#look()
  }

  async #look(): Promise<void> {
    if (!this.#connected) return
    const connection = this.#connection
    const overview = await this.#model.query('overview.get', {}).catch(() => null)
    if (connection !== this.#connection || overview === null) return
    this.#machine = overview.machine
    this.#tell()
  }

  async #fetch<T, Q extends QueryName>(
    kept: Kept<T>,
    name: Q,
    params: Params<Q>,
    rowsIn: (result: Result<Q>) => readonly T[],
  ): Promise<void> {
    if (!kept.stale || kept.asking || !this.#connected || this.#looking === undefined) return
    const connection = this.#connection
    kept.stale = false
    kept.asking = true
    try {
      const result = await this.#model.query(name, params)
      if (connection !== this.#connection) return
      kept.rows = rowsIn(result)
      kept.failure = null
    } catch (error) {
      kept.failure = asFailure(error)
      // Who may not see it is not asked again and again.
      if (kept.failure.code !== 'forbidden') kept.stale = true
    } finally {
      kept.asking = false
      kept.connection = connection
      kept.version += 1
      this.#tell()
    }
    // What changed meanwhile.
    if (kept.stale && kept.failure === null) await this.#fetch(kept, name, params, rowsIn)
  }

  #statusNow(before: Status | null): Status {
    const { state } = this.#model
    const failure = failureOf(state)
    const word = this.#older ? 'older' : stateOf(state.kind, failure)
    return {
      state: word,
      since: before?.state === word ? before.since : new Date().toISOString(),
      message: failure?.message ?? '',
      version: state.kind === 'connected' ? state.daemon.version : '',
    }
  }
}

function stateOf(kind: Model['state']['kind'], failure: Failure | null): Status['state'] {
  if (kind === 'connected') return 'ok'
  if (failure?.code === 'untrusted') return 'untrusted'
  if (failure !== null && olderCodes.has(failure.code)) return 'older'
  if (kind === 'failed') return 'failed'
  return failure === null ? 'starting' : 'unreachable'
}

/** What was known, and is not sure to be so any more. */
const outdated = ({ cards, machine, cpuPercent }: Sources): Sources => ({
  // The members are the same ones.
  cards: Object.fromEntries(
    Object.entries(cards).map(([id, source]) => [id, { ...source, fresh: false }]),
  ) as unknown as Sources['cards'],
  machine,
  cpuPercent,
})

/** Those of its rows that a card counts. */
const counted = <T>(source: Source<T>, of: (rows: readonly T[]) => readonly T[]): Source<T> => ({
  ...source,
  rows: source.rows && of(source.rows),
})
