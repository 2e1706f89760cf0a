import type {
  ContainerDetail,
  ContainerRow,
  ContainerUsage,
  EngineStatus,
  PortRow,
  PortWho,
  ProcessRow,
  Snapshot,
  StopResult,
} from '#contract/resources.ts'
import type { Topic } from '#contract/system.ts'
import type { Clock } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure } from '#base/failure.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { ContainerEngine } from '../../adapters/docker/engine.ts'
import type { Git } from '../../adapters/git/git.ts'
import type { Host } from '../../adapters/host/host.ts'
import type { Change } from '../../kernel/execute.ts'
import { containerDetail, containerRows, type AppOfFolder } from './container-rows.ts'
import type { LookResult } from './pace.ts'
import { PortWatch } from './port-watch.ts'
import { ProcessWatch } from './process-watch.ts'
import { Refresh } from './refresh.ts'
import { freePort, stopProcess, type Holder } from './stop.ts'
import { Versioned } from './versioned.ts'
import { whoHolds } from './who.ts'

export interface ResourcesDeps {
  readonly host: Host
  readonly engine: ContainerEngine
  readonly git: Git
  readonly clock: Clock
  /** Unlike any other start's; the first part of every revision. */
  readonly instance: string
  readonly leaseOf: (port: number) => string | null
  readonly appOf: (pid: number) => string | null
  readonly appOfFolder: AppOfFolder
  /** The audit entry by which we started a process or container, where we did. */
  readonly startedBy: (holder: {
    readonly pid: number | null
    readonly startedAt: string | null
    readonly containerId: string | null
  }) => Promise<PortWho['audit']>
  /** Whether anybody is subscribed to a topic, and when that changes. */
  readonly watched: (topic: Topic) => boolean
  readonly watchedChanged: Pick<Emitter<Topic>, 'on'>
  /** Told of looks of the timer's own that failed. */
  readonly report: (error: unknown) => void
}

const watchedPortsMs = 200
const glanceMs = 150
const watchedOthersMs = 2000
const unwatchedMs = 15_000
/** A question accepts a picture of this age while the topic is watched: whoever was told of a change fetches it. */
const acceptedAgeMs = 200
/** An engine that does not answer must not hold up the list of ports. */
const enginePatienceMs = 1000

/** What runs on this machine: ports, processes and containers, joined and kept fresh. */
export class ResourcesService implements Owned {
  /** Rows of that topic became others. */
  readonly changed = new Emitter<Topic>()
  readonly #deps: ResourcesDeps
  readonly #life = new Lifetime()
  readonly #ports: PortWatch
  readonly #processes: ProcessWatch
  readonly #containers: Versioned<ContainerRow>
  readonly #containerRefresh: Refresh
  #engineStatus = ''

  constructor(deps: ResourcesDeps) {
    this.#deps = deps
    const { host, clock, instance, report } = deps
    const common = { host, clock, instance, report }
    const pace = (topic: Topic) => () => (deps.watched(topic) ? watchedOthersMs : unwatchedMs)
    const { appOf, appOfFolder, leaseOf } = deps
    this.#containers = new Versioned(instance)
    this.#containerRefresh = this.#life.own(
      new Refresh({
        look: () => this.#lookAtContainers(),
        interval: pace('containers'),
        clock,
        report,
      }),
    )
    this.#processes = this.#life.own(
      new ProcessWatch({
        ...common,
        interval: pace('processes'),
        surroundings: () => ({
          sockets: this.#ports.sockets,
          containers: deps.engine.containers(),
          appOf,
          appOfFolder,
        }),
      }),
    )
    // A lease is flagged by the same look: who watches leases watches ports.
    const portsWatched = () => deps.watched('ports') || deps.watched('leases')
    this.#ports = this.#life.own(
      new PortWatch({
        ...common,
        interval: () => (portsWatched() ? watchedPortsMs : unwatchedMs),
        glanceInterval: () => (portsWatched() ? glanceMs : Number.POSITIVE_INFINITY),
        surroundings: () => ({
          containers: deps.engine.containers(),
          userName: (uid) => this.#processes.userName(uid),
          appOf,
          appOfFolder,
          leaseOf,
        }),
        refreshSurroundings: () => this.#refreshSurroundings(),
      }),
    )
    this.#connect()
  }

  /** Begins to look by itself. */
  start(): void {
    for (const refresh of this.#refreshes) refresh.start()
  }

  revision(topic: 'ports' | 'processes' | 'containers'): string {
    if (topic === 'ports') return this.#ports.rows.revision
    return topic === 'processes' ? this.#processes.rows.revision : this.#containers.revision
  }

  /** Sockets are cheap to look at, so every question gets a look that began after it. */
  async ports(): Promise<Snapshot<PortRow>> {
    await this.#ports.refresh.fresh(0)
    return this.#ports.rows.snapshot
  }

  /** The ports as last seen, without looking. */
  get lastPorts(): readonly PortRow[] {
    return this.#ports.rows.rows
  }

  /** When ports and containers were last other than they are now, and when they were last looked at. */
  get spans() {
    return { ports: this.#ports.rows.span, containers: this.#containers.span }
  }

  /** The processes as last seen, without looking. */
  get lastProcesses(): readonly ProcessRow[] {
    return this.#processes.rows.rows
  }

  /** When the processes were last seen, ISO 8601. */
  get processesTakenAt(): string {
    return this.#processes.rows.snapshot.takenAt
  }

  /** The containers as last seen, without asking the engine. */
  get lastContainers(): readonly ContainerRow[] {
    return this.#containers.rows
  }

  async processes(): Promise<Snapshot<ProcessRow>> {
    const age = this.#acceptedAge('processes')
    await Promise.all([this.#ports.refresh.fresh(age), this.#containerRefresh.fresh(age)])
    await this.#processes.refresh.fresh(age)
    return this.#processes.rows.snapshot
  }

  /** @throws Failure `not-found`. */
  async process(pid: number): Promise<ProcessRow> {
    const { rows } = await this.processes()
    const row = rows.find((process) => process.pid === pid)
    if (row && (await this.#deps.host.process(pid)) !== null) return row
    throw new Failure('not-found', `There is no process ${pid}`)
  }

  async containers(): Promise<Snapshot<ContainerRow> & { readonly engine: EngineStatus }> {
    await this.#containerRefresh.fresh(this.#acceptedAge('containers'))
    return { ...this.#containers.snapshot, engine: this.#deps.engine.status() }
  }

  async container(id: string, signal: AbortSignal): Promise<ContainerDetail> {
    return containerDetail(await this.#deps.engine.inspect(id, signal), this.#deps.appOfFolder)
  }

  containerUsage(signal: AbortSignal): Promise<readonly ContainerUsage[]> {
    return this.#deps.engine.usage(signal)
  }

  containerLogs: ContainerEngine['logs'] = (id, options, emit) => this.#deps.engine.logs(id, options, emit)

  /**
   * Starts, stops or restarts a container.
   * @throws Failure `conflict` when the id has another name by now, so that the audit trail cannot be made to
   * name a container that was not touched; and what the engine throws.
   */
  async changeContainer(
    change: Change,
    action: 'start' | 'stop' | 'restart',
    target: { readonly id: string; readonly name: string },
  ): Promise<void> {
    const { engine } = this.#deps
    await this.#containerRefresh.fresh(0)
    const known = engine.containers().find(({ id }) => id.startsWith(target.id))
    if (known && known.name !== target.name)
      throw new Failure(
        'conflict',
        `Container ${known.id.slice(0, 12)} is named ${known.name}, not ${target.name}`,
      )
    await engine[action](change, known?.id ?? target.id)
  }

  /** Who holds a port, and where that came from. */
  async who(port: number): Promise<PortWho> {
    const { rows } = await this.ports()
    return whoHolds(this.#deps, port, rows)
  }

  async free(change: Change, port: number, holders: readonly Holder[]): Promise<readonly StopResult[]> {
    const { rows } = await this.ports()
    const held = rows.filter((row) => row.port === port)
    return freePort(this.#deps, change, { port, rows: held, shown: holders })
  }

  stop(change: Change, target: Holder, force: boolean): Promise<StopResult> {
    return stopProcess(this.#deps, change, target, force)
  }

  /** Joins again, after leases or apps have changed. */
  rejoin(): void {
    const { engine, clock, appOfFolder } = this.#deps
    const rows = containerRows(engine.containers(), appOfFolder)
    if (rows.length > 0 && this.#containers.set(rows, clock.now())) this.changed.emit('containers')
    this.#ports.rejoin()
    this.#processes.rejoin()
  }

  async dispose(): Promise<void> {
    await this.#life.dispose()
  }

  get #refreshes(): readonly Refresh[] {
    return [this.#ports.refresh, this.#processes.refresh, this.#containerRefresh]
  }

  #connect(): void {
    const { engine, watchedChanged } = this.#deps
    this.#life.own(
      watchedChanged.on(() => {
        for (const refresh of this.#refreshes) refresh.reschedule()
      }),
    )
    this.#life.own(engine.onChanged(() => this.#takeContainers()))
    this.#life.own(
      this.#ports.changed.on(() => {
        this.changed.emit('ports')
        this.#processes.rejoin()
      }),
    )
    this.#life.own(this.#processes.changed.on(() => this.changed.emit('processes')))
    this.#life.own(this.#processes.looked.on(({ processes, began }) => this.#ports.adopt(processes, began)))
  }

  #acceptedAge(topic: Topic): number {
    return this.#deps.watched(topic) ? acceptedAgeMs : 0
  }

  async #refreshSurroundings(): Promise<void> {
    // One look at all processes, ever, tells the names of users whose processes we may not see.
    await Promise.all([this.#containerRefresh.fresh(0), this.#processes.refresh.fresh(Number.MAX_VALUE)])
  }

  async #lookAtContainers(): Promise<LookResult> {
    await patiently(this.#deps.engine.refresh(), enginePatienceMs)
    this.#takeContainers()
    return { costMs: 0, changed: true }
  }

  #takeContainers(): void {
    const { engine, clock, appOfFolder } = this.#deps
    const status = JSON.stringify(engine.status())
    const changed = this.#containers.set(containerRows(engine.containers(), appOfFolder), clock.now())
    if (!changed && status === this.#engineStatus) return
    // Whether there is an engine is part of what is shown, so it needs a new revision as rows do.
    if (!changed) this.#containers.renew()
    this.#engineStatus = status
    this.rejoin()
    this.changed.emit('containers')
  }
}

/** Waits for work, but not longer than that; the work goes on. */
async function patiently(work: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  try {
    await Promise.race([work, enough])
  } finally {
    clearTimeout(timer)
  }
}
