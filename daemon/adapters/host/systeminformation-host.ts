import { cpus } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import type { Systeminformation } from 'systeminformation'
import type { Clock } from '#base/clock.ts'
import { Failure, systemCode } from '#base/failure.ts'
import type { Change } from '../../kernel/execute.ts'
import { socketsOf } from './connection-rows.ts'
import type { Host, HostProcess, ProcessIdentity } from './host.ts'
import { latest } from './latest.ts'
import { sendSignal } from './send-signal.ts'

/** systeminformation answers from memory when asked again sooner than 500 ms after its last answer. */
const memoryMs = 510
/** When it answered last, on the monotonic clock. Its memory is one for the whole program, so this is too. */
let answeredAt = Number.NEGATIVE_INFINITY
/** It derives start times from elapsed seconds, which come out a second more or less each time. */
const startToleranceMs = 2000

/** One process as this daemon has come to know it. */
interface Known {
  /** Null where the system did not tell. */
  readonly startedAt: number | null
  /** As given, to see that it still runs the same program. */
  readonly program: string
}

/**
 * macOS and Windows. Every look starts the system's own programs (`ps`, `netstat`, PowerShell), so it costs far more
 * than on Linux; it tells one holder per socket, no working folders and no containers.
 */
export class SystemInformationHost implements Host {
  readonly #clock: Clock
  #known = new Map<number, Known>()

  readonly #lookAtSockets = latest(() => this.#scanSockets())
  readonly processes = latest(() => this.#scanProcesses())

  constructor(deps: { readonly clock: Clock }) {
    this.#clock = deps.clock
  }

  async process(pid: number): Promise<HostProcess | null> {
    const { processes } = await this.processes()
    return processes.find((process) => process.pid === pid) ?? null
  }

  async alive(target: ProcessIdentity): Promise<boolean> {
    if (!exists(target.pid)) return false
    return (await this.process(target.pid))?.startKey === target.startKey
  }

  /** The process could end and its pid be reused between the look and the signal, which takes a whole round of pids. */
  async signal(_change: Change, target: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): Promise<boolean> {
    const before = this.#known.get(target.pid)
    const now = await this.process(target.pid)
    if (now === null) return false
    if (now.startKey !== target.startKey)
      throw new Failure('process-changed', `Process ${target.pid} is another one by now`)
    if (before !== undefined && before.program !== this.#known.get(target.pid)?.program)
      throw new Failure('process-changed', `Process ${target.pid} runs another program by now`)
    return sendSignal(target.pid, signal)
  }

  /** Every look here is a close one. */
  sockets(): ReturnType<Host['sockets']> {
    return this.#lookAtSockets()
  }

  /** These systems are asked by running programs: nothing there is cheap enough for a glance. */
  socketsStirred(): boolean {
    return false
  }

  async #scanSockets(): ReturnType<Host['sockets']> {
    const { networkConnections } = await import('systeminformation')
    const started = this.#clock.monotonic()
    const connections = await networkConnections()
    const sockets = socketsOf(connections, process.platform)
    return { sockets, cost: { cpuMs: this.#clock.monotonic() - started } }
  }

  async #scanProcesses(): ReturnType<Host['processes']> {
    const { processes } = await import('systeminformation')
    await wait(Math.max(0, answeredAt + memoryMs - this.#clock.monotonic()))
    const started = this.#clock.monotonic()
    const { list } = await processes()
    answeredAt = this.#clock.monotonic()
    const known = new Map<number, Known>()
    const rows = list.flatMap((row) => {
      const process = this.#process(row, known)
      return process === null ? [] : [process]
    })
    this.#known = known
    return { processes: rows, cost: { cpuMs: answeredAt - started } }
  }

  #process(row: Systeminformation.ProcessesProcessData, known: Map<number, Known>): HostProcess | null {
    if (row.state === 'zombie' || !(row.pid > 0)) return null
    const startedAt = this.#startOf(row)
    known.set(row.pid, { startedAt, program: `${row.path}/${row.command}` })
    const program = row.path ? `${row.path}/${row.command}` : row.command
    return {
      pid: row.pid,
      startKey: String(startedAt),
      ppid: row.parentPid,
      group: null,
      name: row.name,
      // The arguments come joined by spaces; where one held a space is lost.
      argv: program === '' ? null : [program, ...row.params.split(' ').filter((word) => word !== '')],
      cwd: null,
      uid: null,
      user: row.user === '' ? null : row.user,
      startedAt,
      // Of a process it has not seen before it tells the use since its start.
      cpuPercent: !this.#known.has(row.pid)
        ? null
        : row.cpu * (process.platform === 'darwin' ? 1 : cpus().length),
      memoryBytes: row.memRss * 1024,
      containerId: null,
    }
  }

  /** The start as it was first seen, so that it stays the same however the seconds are rounded. */
  #startOf({ pid, started }: Systeminformation.ProcessesProcessData): number | null {
    const startedAt = new Date(started.replace(' ', 'T')).getTime()
    if (Number.isNaN(startedAt)) return null
    const before = this.#known.get(pid)?.startedAt ?? Number.NaN
    return Math.abs(before - startedAt) <= startToleranceMs ? before : startedAt
  }
}

/** Whether some process has that pid. */
function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}
