import type { PortRow } from '#contract/resources.ts'
import type { Clock } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import type { Owned } from '#base/lifetime.ts'
import type { Host, HostProcess, HostSocket } from '../../adapters/host/host.ts'
import { Pace, type LookResult } from './pace.ts'
import { portRows, type PortPicture } from './port-rows.ts'
import { Refresh, type LookReason } from './refresh.ts'
import { Versioned } from './versioned.ts'

export interface PortWatchDeps {
  readonly host: Host
  readonly clock: Clock
  readonly instance: string
  readonly interval: () => number
  /** Milliseconds between two glances at whether sockets came or went; infinite while nobody watches. */
  readonly glanceInterval: () => number
  readonly report: (error: unknown) => void
  /** What sockets are joined with, as known now. */
  readonly surroundings: () => Omit<PortPicture, 'sockets' | 'process'>
  /** Asks for the surroundings anew; part of every answer to a question. */
  readonly refreshSurroundings: () => Promise<void>
}

/**
 * Watching ports may cost one percent of a core. The rest of that is for glances and for what a look's own measure
 * leaves out: the runtime's timers, promises and collection, and the other looks that go on all the time.
 */
const shareOfCore = 0.0025

/** Keeps the list of ports as the machine has it. */
export class PortWatch implements Owned {
  /** The rows became others. */
  readonly changed = new Emitter<void>()
  readonly #deps: PortWatchDeps
  readonly #refresh: Refresh
  readonly #rows: Versioned<PortRow>
  #sockets: readonly HostSocket[] = []
  #holders: ReadonlyMap<number, HostProcess> = new Map()
  #holdersRead = Number.NEGATIVE_INFINITY

  constructor(deps: PortWatchDeps) {
    this.#deps = deps
    this.#rows = new Versioned(deps.instance)
    const { clock, interval, report } = deps
    this.#refresh = new Refresh({
      look: (reason) => this.#look(reason),
      pace: new Pace(shareOfCore),
      sign: { interval: deps.glanceInterval, given: () => deps.host.socketsStirred() },
      clock,
      interval,
      report,
    })
  }

  get refresh(): Refresh {
    return this.#refresh
  }

  get sockets(): readonly HostSocket[] {
    return this.#sockets
  }

  get rows(): Versioned<PortRow> {
    return this.#rows
  }

  /** Joins the known sockets again with surroundings that have changed. */
  rejoin(): void {
    this.#join(this.#deps.clock.now())
  }

  /** Takes over what a look at all processes, begun at that monotonic time, has told of the holders. */
  adopt(processes: ReadonlyMap<number, HostProcess>, began: number): void {
    if (began < this.#holdersRead) return
    const holders = new Map<number, HostProcess>()
    for (const [pid, holder] of this.#holders) holders.set(pid, processes.get(pid) ?? holder)
    this.#holders = holders
    this.rejoin()
  }

  async dispose(): Promise<void> {
    await this.#refresh.dispose()
  }

  async #look(reason: LookReason): Promise<LookResult> {
    const takenAt = this.#deps.clock.now()
    const [{ sockets, cost }] = await Promise.all([
      this.#deps.host.sockets(reason === 'question' ? 'closely' : 'quickly'),
      reason === 'question' ? this.#deps.refreshSurroundings() : undefined,
    ])
    const same = sameSockets(sockets, this.#sockets)
    if (same && reason !== 'question') {
      this.#rows.confirm(takenAt)
      return { costMs: cost.cpuMs, changed: false }
    }
    this.#holdersRead = this.#deps.clock.monotonic()
    this.#holders = await this.#readHolders(sockets, reason)
    this.#sockets = sockets
    const began = this.#deps.clock.monotonic()
    this.#join(takenAt)
    return { costMs: cost.cpuMs + this.#deps.clock.monotonic() - began, changed: !same }
  }

  /**
   * The processes behind the sockets. A question reads all of them anew, since a pid may have been reused or
   * the process may have become another program; the timer reads those it did not know.
   */
  async #readHolders(
    sockets: readonly HostSocket[],
    reason: LookReason,
  ): Promise<ReadonlyMap<number, HostProcess>> {
    const pids = [...new Set(sockets.flatMap(({ pids }) => pids))]
    const read = await Promise.all(
      pids.map(async (pid) => {
        const known = reason === 'question' ? undefined : this.#holders.get(pid)
        return known ?? this.#deps.host.process(pid)
      }),
    )
    return new Map(read.flatMap((process) => (process ? [[process.pid, process] as const] : [])))
  }

  #join(takenAt: number): void {
    const rows = portRows({
      ...this.#deps.surroundings(),
      sockets: this.#sockets,
      process: (pid) => this.#holders.get(pid),
    })
    if (this.#rows.set(rows, takenAt)) this.changed.emit()
  }
}

/** Most looks find nothing new; telling so costs less than joining. */
function sameSockets(a: readonly HostSocket[], b: readonly HostSocket[]): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  return a.every((socket, index) => {
    const other = b[index]
    return (
      other !== undefined &&
      (socket === other ||
        (socket.port === other.port &&
          socket.protocol === other.protocol &&
          socket.family === other.family &&
          socket.address === other.address &&
          socket.dualStack === other.dualStack &&
          socket.uid === other.uid &&
          socket.pids.length === other.pids.length &&
          socket.pids.every((pid, at) => pid === other.pids[at])))
    )
  })
}
