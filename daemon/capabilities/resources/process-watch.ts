import type { ProcessRow } from '#contract/resources.ts'
import type { Clock } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import type { Owned } from '#base/lifetime.ts'
import type { Host, HostProcess } from '../../adapters/host/host.ts'
import type { LookResult } from './pace.ts'
import { processRows, type ProcessPicture } from './process-rows.ts'
import { QuantumProcesses } from './quantum.ts'
import { Refresh } from './refresh.ts'
import { Versioned } from './versioned.ts'

export interface ProcessWatchDeps {
  readonly host: Host
  readonly clock: Clock
  readonly instance: string
  readonly interval: () => number
  readonly report: (error: unknown) => void
  readonly surroundings: () => Pick<ProcessPicture, 'sockets' | 'containers' | 'appOf' | 'appOfFolder'>
}

/** All processes as seen by one look. */
export interface ProcessLook {
  readonly processes: ReadonlyMap<number, HostProcess>
  /** Monotonic time at which it began. */
  readonly began: number
}

/** Keeps the list of processes as the machine has it. */
export class ProcessWatch implements Owned {
  /** The rows became others. */
  readonly changed = new Emitter<void>()
  /** All processes were looked at, whether or not a row changed. */
  readonly looked = new Emitter<ProcessLook>()
  readonly #deps: ProcessWatchDeps
  readonly #refresh: Refresh
  readonly #rows: Versioned<ProcessRow>
  readonly #quantum: QuantumProcesses
  #processes: readonly HostProcess[] = []
  #users: ReadonlyMap<number, string> = new Map()

  constructor(deps: ProcessWatchDeps) {
    this.#deps = deps
    this.#rows = new Versioned(deps.instance)
    this.#quantum = new QuantumProcesses(deps)
    const { clock, interval, report } = deps
    this.#refresh = new Refresh({ look: () => this.#look(), clock, interval, report })
  }

  get refresh(): Refresh {
    return this.#refresh
  }

  get rows(): Versioned<ProcessRow> {
    return this.#rows
  }

  /** A user's name, as known from any process of theirs. */
  userName(uid: number): string | null {
    return this.#users.get(uid) ?? null
  }

  /** Joins the known processes again with surroundings that have changed. */
  rejoin(): void {
    this.#join(this.#deps.clock.now())
  }

  async dispose(): Promise<void> {
    await this.#refresh.dispose()
  }

  async #look(): Promise<LookResult> {
    const takenAt = this.#deps.clock.now()
    const began = this.#deps.clock.monotonic()
    const { processes, cost } = await this.#deps.host.processes()
    await this.#quantum.look(processes)
    this.#processes = processes
    this.#users = new Map(
      processes.flatMap(({ uid, user }) => (uid === null || user === null ? [] : [[uid, user] as const])),
    )
    this.#join(takenAt)
    this.looked.emit({ processes: new Map(processes.map((process) => [process.pid, process])), began })
    return { costMs: cost.cpuMs, changed: true }
  }

  #join(takenAt: number): void {
    const rows = processRows({
      ...this.#deps.surroundings(),
      processes: this.#processes,
      isQuantum: (process) => this.#quantum.is(process),
    })
    if (this.#rows.set(rows, takenAt)) this.changed.emit()
  }
}
