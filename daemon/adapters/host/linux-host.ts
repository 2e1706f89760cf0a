import type { Clock } from '#base/clock.ts'
import { Failure } from '#base/failure.ts'
import type { Change } from '../../kernel/execute.ts'
import type { Host, HostSocket, ProcessIdentity, Thoroughness } from './host.ts'
import { readKernelFacts } from './kernel-facts.ts'
import { latest } from './latest.ts'
import type { SocketRow } from './proc-net.ts'
import { ProcessCensus } from './process-census.ts'
import { executableOf, readProcess } from './process-details.ts'
import { ProcessTable } from './process-table.ts'
import { sendSignal } from './send-signal.ts'
import { Slices } from './slices.ts'
import { findSs, SocketDetails } from './socket-details.ts'
import { SocketOwners } from './socket-owners.ts'
import { SocketTables } from './socket-tables.ts'
import { Users } from './users.ts'

/** Sockets and processes can be born while they are searched; so often is looked again for the holders of one. */
const maxAttempts = 3

/** Reads /proc. Lists the sockets of the daemon's own network namespace and the processes of its pid namespace. */
export class LinuxHost implements Host {
  readonly #tables: SocketTables
  readonly #owners = new SocketOwners()
  readonly #census: ProcessCensus
  readonly #details: SocketDetails
  readonly #processes: ProcessTable

  readonly #lookAtSockets = latest((asked: readonly Thoroughness[]) =>
    this.#scanSockets(asked.includes('closely')),
  )
  readonly processes = latest(() => this.#scanProcesses())

  /** @param deps.ss - where the `ss` program is; null to do without. Found by itself when left out. */
  constructor(deps: { readonly clock: Clock; readonly ss?: string | null }) {
    const { clock, ss = findSs() } = deps
    this.#tables = new SocketTables(clock)
    this.#census = new ProcessCensus(clock)
    this.#details = new SocketDetails({ ss, clock })
    this.#processes = new ProcessTable({ clock, facts: readKernelFacts(clock), users: new Users() })
  }

  sockets(how: Thoroughness = 'closely'): ReturnType<Host['sockets']> {
    return this.#lookAtSockets(how)
  }

  socketsStirred(): boolean {
    return this.#tables.stirred()
  }

  process(pid: number): ReturnType<Host['process']> {
    return Promise.resolve(this.#processes.one(pid))
  }

  alive(target: ProcessIdentity): Promise<boolean> {
    return Promise.resolve(readProcess(target.pid)?.startTicks === target.startKey)
  }

  /**
   * Between the verification and the signal lie some microseconds in which the process could end and its pid be given
   * to another: Node has no pidfd_send_signal(2). The kernel gives pids out in turn, so that would take a whole round.
   */
  signal(_change: Change, target: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): Promise<boolean> {
    return Promise.resolve().then(() => {
      const expected = this.#processes.executable(target)
      const stat = readProcess(target.pid)
      if (stat === null) return false
      if (stat.startTicks !== target.startKey)
        throw new Failure('process-changed', `Process ${target.pid} is another one by now`)
      if (expected !== undefined && executableOf(target.pid) !== expected)
        throw new Failure('process-changed', `Process ${target.pid} runs another program by now`)
      return sendSignal(target.pid, signal)
    })
  }

  async #scanSockets(closely: boolean): ReturnType<Host['sockets']> {
    const slices = new Slices()
    const confirmed = this.#owners.confirm()
    let rows = this.#tables.read(confirmed)
    let learned = this.#details.learn(rows, slices)
    for (let attempt = 1; ; attempt++) {
      // The processes are counted after the sockets: a holder that starts in between is not overlooked.
      const census = this.#census.look()
      const { pids } = this.#census
      const unheld = await this.#owners.update(inodesOf(rows), { census, pids, slices, closely })
      if (unheld.size === 0) break
      if (attempt === maxAttempts) {
        this.#owners.giveUp(unheld)
        break
      }
      // Whoever closed a socket meanwhile is not to be shown with a socket without a holder.
      rows = this.#tables.read(confirmed)
      await slices.outside(learned)
      learned = this.#details.learn(rows, slices)
    }
    await slices.outside(learned)
    return { sockets: rows.map((row) => this.#socket(row, rows)), cost: slices.cost() }
  }

  async #scanProcesses(): ReturnType<Host['processes']> {
    const slices = new Slices()
    const processes = await this.#processes.list(slices)
    return { processes, cost: slices.cost() }
  }

  #socket(row: SocketRow, rows: readonly SocketRow[]): HostSocket {
    const device = this.#details.device(row)
    return {
      protocol: row.protocol,
      family: row.family,
      address: device === null ? row.address : `${row.address}%${device}`,
      port: row.port,
      dualStack: this.#details.dualStack(row, rows),
      pids: this.#owners.pids(row.inode),
      uid: row.uid,
    }
  }
}

const inodesOf = (rows: readonly SocketRow[]): Set<number> =>
  new Set(rows.map((row) => row.inode).filter((inode) => inode !== 0))
