import type { CallOptions, Client, ConnectionState, DaemonIdentity } from '#client/client.ts'
import type { CommandName, Params, QueryName, Result } from '#contract/index.ts'
import type { Topic } from '#contract/system.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure, messageOf } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'

/** How it stands with the daemon, for views to show. */
export type ModelState =
  /** `failure` is why the attempt before this one failed, if there was one since the last connection. */
  | { readonly kind: 'starting'; readonly waitingFor: string; readonly failure: Failure | null }
  | { readonly kind: 'connected'; readonly daemon: DaemonIdentity }
  /** Tries again by itself at `retryAt`, milliseconds since the epoch. */
  | { readonly kind: 'waiting'; readonly failure: Failure; readonly retryAt: number }
  /** A person has to act. */
  | { readonly kind: 'failed'; readonly failure: Failure }

/** The topics of which the model keeps the newest snapshot. */
export interface Snapshots {
  readonly ports: Result<'ports.list'>
  readonly processes: Result<'processes.list'>
  readonly containers: Result<'containers.list'>
  readonly leases: Result<'leases.list'>
  readonly apps: Result<'apps.list'>
  readonly connectors: Result<'connectors.list'>
  readonly jobs: JobsSnapshot
  readonly health: HealthSnapshot
}

/** Jobs and tests of all apps. */
export interface JobsSnapshot {
  readonly revision: string
  readonly jobs: Result<'jobs.list'>['rows']
  readonly tests: Result<'tests.list'>['rows']
}

/** Checks of all apps, and the incidents that are open. */
export interface HealthSnapshot {
  readonly revision: string
  readonly checks: Result<'health.list'>['rows']
  readonly incidents: Result<'incidents.list'>['rows']
}
export type SnapshotTopic = keyof Snapshots

const fetchers: { readonly [T in SnapshotTopic]: (client: Client) => Promise<Snapshots[T]> } = {
  ports: (client) => client.call('ports.list', {}),
  processes: (client) => client.call('processes.list', {}),
  containers: (client) => client.call('containers.list', {}),
  leases: (client) => client.call('leases.list', {}),
  apps: (client) => client.call('apps.list', {}),
  connectors: (client) => client.call('connectors.list', {}),
  jobs: async (client) => {
    const [jobs, tests] = await Promise.all([client.call('jobs.list', {}), client.call('tests.list', {})])
    return { revision: `${jobs.revision} ${tests.revision}`, jobs: jobs.rows, tests: tests.rows }
  },
  health: async (client) => {
    const [checks, incidents] = await Promise.all([
      client.call('health.list', {}),
      client.call('incidents.list', { open: true }),
    ])
    const revision = `${checks.revision} ${incidents.revision}`
    return { revision, checks: checks.rows, incidents: incidents.rows }
  },
}

const isSnapshotTopic = (topic: Topic): topic is SnapshotTopic => Object.hasOwn(fetchers, topic)

/** Sends one command; only the place that asks for confirmation is given this. */
export type SendCommand = <M extends CommandName>(
  name: M,
  params: Params<M>,
  options?: CallOptions,
) => Promise<Result<M>>

export interface ModelDeps {
  /** Opens the connection. @throws Failure when a person has to act first. */
  readonly open: () => Promise<Client>
  readonly log: (message: string) => void
}

/**
 * How long a view that opens waits for a start before it says that the daemon is starting. VS Code may miss a change
 * that a tree reports just after it answered, so a view answers nothing that is out of date a moment later.
 */
export const startPatienceMs = 1000
/** At most one fetch of a topic in this time, however often it changes. */
const fetchPauseMs = 250
/** How long the last picture stays while a lost connection comes back, for instance at a hand-over. */
const keepPictureMs = 2000

/** Everything the views show: one connection, its state, and the newest snapshot of each topic somebody looks at. */
export class Model implements Owned {
  readonly #deps: ModelDeps
  readonly #stateChanged = new Emitter<ModelState>()
  readonly #changed = new Emitter<Topic>()
  readonly #interests = new Set<readonly Topic[]>()
  readonly #snapshots: { -readonly [T in SnapshotTopic]?: Snapshots[T] } = {}
  readonly #fetching = new Set<SnapshotTopic>()
  readonly #stale = new Set<SnapshotTopic>()
  /** On which connection each snapshot was last seen to be true. */
  readonly #seenOn = new Map<SnapshotTopic, number>()
  #connection = 0
  #state: ModelState = { kind: 'starting', waitingFor: 'the daemon', failure: null }
  #client: Client | undefined
  #ofClient: Owned[] = []
  #watch: Owned | undefined
  #generation = 0
  #forget: NodeJS.Timeout | undefined

  constructor(deps: ModelDeps) {
    this.#deps = deps
  }

  get state(): ModelState {
    return this.#state
  }

  onState(listener: (state: ModelState) => void): Owned {
    return this.#stateChanged.on(listener)
  }

  /** Reports a topic with a new snapshot, or with none any more; for other topics, that something changed. */
  onChanged(listener: (topic: Topic) => void): Owned {
    return this.#changed.on(listener)
  }

  /** The newest picture, or undefined while there is none that is true. */
  snapshot<T extends SnapshotTopic>(topic: T): Snapshots[T] | undefined {
    return this.#snapshots[topic]
  }

  /** Whether the newest picture is of this connection, and not one that stays while a lost one comes back. */
  isFresh(topic: SnapshotTopic): boolean {
    return this.#state.kind === 'connected' && this.#seenOn.get(topic) === this.#connection
  }

  /** Keeps topics fresh until disposed. What nobody looks at is neither fetched nor kept. */
  want(topics: readonly Topic[]): Owned {
    // A copy, because two views may want the same list.
    const interest = [...topics]
    this.#interests.add(interest)
    this.#follow()
    return {
      dispose: () => {
        if (this.#interests.delete(interest)) this.#follow()
      },
    }
  }

  /** Opens the connection anew, for instance with changed settings. */
  async start(): Promise<void> {
    const generation = ++this.#generation
    this.#close()
    this.#setState({ kind: 'starting', waitingFor: 'the daemon', failure: null })
    try {
      const client = await this.#deps.open()
      if (generation !== this.#generation) {
        await client.dispose()
        return
      }
      this.#client = client
      this.#ofClient.push(client.onState((state) => this.#follows(state)))
      this.#follows(client.state)
    } catch (error) {
      if (generation === this.#generation) this.#setState({ kind: 'failed', failure: asFailure(error) })
    }
  }

  /** Tries again now. */
  retry(): void {
    if (this.#state.kind === 'waiting') this.#client?.reconnect()
    else if (this.#state.kind === 'failed') void this.start()
  }

  /** Settles as soon as a start has led somewhere, or after so many milliseconds. */
  settled(limitMs: number): Promise<void> {
    if (this.#state.kind !== 'starting') return Promise.resolve()
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        void watch.dispose()
        resolve()
      }
      const timer = setTimeout(end, limitMs)
      const watch = this.#stateChanged.on(({ kind }) => kind === 'starting' || end())
    })
  }

  /** Asks the daemon. Waits while it starts. @throws Failure at once when it cannot be reached. */
  async query<M extends QueryName>(name: M, params: Params<M>, options?: CallOptions): Promise<Result<M>> {
    return (await this.#ready(options?.signal)).call(name, params, options)
  }

  /** As {@link query}, for commands. Handed out as a {@link SendCommand} once, by the composition root. */
  static sender(model: Model): SendCommand {
    return async (name, params, options) => (await model.#ready(options?.signal)).call(name, params, options)
  }

  /** Looks at some of what is shown again, or at everything. */
  refresh(topics: readonly Topic[] = this.#wanted()): void {
    for (const topic of topics) this.#touch(topic)
  }

  /**
   * Asks where all that is wanted stands, and fetches what is not there: makes good what was lost between the daemon and
   * here, however that came. @throws Failure `daemon-unreachable`, and `invalid-params` of a daemon that is older.
   */
  async compare(): Promise<void> {
    const client = this.#client
    if (client === undefined || this.#state.kind !== 'connected') return
    const revisions = await client.revisions()
    if (client !== this.#client) return
    for (const topic of this.#wanted()) {
      const revision = revisions[topic]
      // What the model keeps no snapshot of, the client has reported.
      if (!isSnapshotTopic(topic) || revision === undefined) continue
      const parts = this.#snapshots[topic]?.revision.split(' ') ?? ['']
      if (parts.some((part) => part !== revision)) this.#touch(topic)
    }
  }

  dispose(): void {
    this.#generation += 1
    this.#close()
  }

  #ready(signal?: AbortSignal): Promise<Client> {
    return new Promise((resolve, reject) => {
      const look = (state: ModelState): boolean => {
        if (state.kind === 'starting') return false
        if (state.kind === 'connected' && this.#client !== undefined) resolve(this.#client)
        else if (state.kind !== 'connected') reject(state.failure)
        return true
      }
      if (look(this.#state)) return
      const watch = this.#stateChanged.on((state) => {
        if (look(state)) void watch.dispose()
      })
      signal?.addEventListener(
        'abort',
        () => {
          void watch.dispose()
          reject(new Failure('cancelled', 'The call was cancelled'))
        },
        { once: true },
      )
    })
  }

  #follows(state: ConnectionState): void {
    if (state.state === 'connecting') {
      const failure = failureOf(this.#state)
      this.#setState({ kind: 'starting', waitingFor: state.waitingFor, failure })
    } else if (state.state === 'connected') {
      this.#connection += 1
      this.#setState({ kind: 'connected', daemon: state.daemon })
      this.#follow()
      this.refresh()
    } else if (state.state === 'waiting')
      this.#setState({ kind: 'waiting', failure: state.failure, retryAt: state.retryAt })
    else if (state.failure !== null) this.#setState({ kind: 'failed', failure: state.failure })
  }

  #setState(state: ModelState): void {
    this.#state = state
    clearTimeout(this.#forget)
    if (state.kind === 'failed') this.#drop(Object.keys(this.#snapshots) as SnapshotTopic[])
    else if (state.kind !== 'connected')
      this.#forget = setTimeout(
        () => this.#drop(Object.keys(this.#snapshots) as SnapshotTopic[]),
        keepPictureMs,
      )
    this.#stateChanged.emit(state)
  }

  #wanted(): readonly Topic[] {
    return [...new Set([...this.#interests].flat())]
  }

  /** Watches exactly what is wanted now. */
  #follow(): void {
    const wanted = this.#wanted()
    this.#drop((Object.keys(this.#snapshots) as SnapshotTopic[]).filter((topic) => !wanted.includes(topic)))
    if (this.#client === undefined) return
    const before = this.#watch
    this.#watch =
      wanted.length === 0 ? undefined : this.#client.watch(wanted, ({ topic }) => this.#touch(topic))
    void before?.dispose()
    for (const topic of wanted)
      if (isSnapshotTopic(topic) && this.#snapshots[topic] === undefined) this.#touch(topic)
  }

  #touch(topic: Topic): void {
    if (!isSnapshotTopic(topic)) this.#changed.emit(topic)
    else if (this.#fetching.has(topic)) this.#stale.add(topic)
    else if (this.#state.kind === 'connected') void this.#fetch(topic)
  }

  async #fetch(topic: SnapshotTopic): Promise<void> {
    const client = this.#client
    if (client === undefined) return
    const connection = this.#connection
    this.#fetching.add(topic)
    try {
      const snapshot = await fetchers[topic](client)
      if (client === this.#client && this.#wanted().includes(topic)) {
        this.#seenOn.set(topic, connection)
        this.#keep(topic, snapshot)
      }
    } catch (error) {
      // It may be out of date from now on.
      this.#seenOn.delete(topic)
      this.#deps.log(`${topic}: ${messageOf(error)}`)
    }
    await new Promise((resolve) => setTimeout(resolve, fetchPauseMs))
    this.#fetching.delete(topic)
    if (this.#stale.delete(topic)) this.#touch(topic)
  }

  #keep(topic: SnapshotTopic, snapshot: Snapshots[SnapshotTopic]): void {
    if (this.#snapshots[topic]?.revision === snapshot.revision) return
    // TypeScript cannot follow that the key and the value belong together.
    ;(this.#snapshots as Record<SnapshotTopic, unknown>)[topic] = snapshot
    this.#changed.emit(topic)
  }

  #drop(topics: readonly SnapshotTopic[]): void {
    for (const topic of topics) {
      if (this.#snapshots[topic] === undefined) continue
      delete this.#snapshots[topic]
      this.#seenOn.delete(topic)
      this.#changed.emit(topic)
    }
  }

  #close(): void {
    clearTimeout(this.#forget)
    for (const owned of this.#ofClient.splice(0)) void owned.dispose()
    void this.#watch?.dispose()
    this.#watch = undefined
    void this.#client?.dispose()
    this.#client = undefined
  }
}

/** Why there is no connection, or null. */
export const failureOf = (state: ModelState): Failure | null =>
  state.kind === 'connected' ? null : state.failure

const asFailure = (error: unknown): Failure =>
  error instanceof Failure ? error : new Failure('internal', messageOf(error), { cause: error })
