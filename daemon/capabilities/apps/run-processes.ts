import type { Host, HostProcess } from '../../adapters/host/host.ts'

/** The variable by which a process says which run it belongs to. Children inherit it, wherever they move to. */
export const runVariable = 'QUANTUM_ADMIN_RUN'

export interface RunProcessesDeps {
  readonly host: Host
  /** The named variables a process was started with; null where that cannot be known. */
  readonly environmentOf: (
    pid: number,
    names: readonly string[],
  ) => Promise<Readonly<Record<string, string>> | null>
}

/**
 * Finds the processes of runs. Where environments can be read (Linux) they tell the run, so that a process which left
 * its group, or whose parent died, is found as well and no stranger is taken for one; elsewhere the tree below the
 * leader has to do.
 */
export class RunProcesses {
  readonly #deps: RunProcessesDeps

  constructor(deps: RunProcessesDeps) {
    this.#deps = deps
  }

  /** The processes of each run, the one that started first in front; runs without one are left out. */
  async of(runs: ReadonlyMap<string, number | null>): Promise<ReadonlyMap<string, readonly HostProcess[]>> {
    const { processes } = await this.#deps.host.processes()
    const found = process.platform === 'linux' ? this.#byName(runs, processes) : byTree(runs, processes)
    const members = await found
    for (const run of members.values())
      run.sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0) || a.pid - b.pid)
    return members
  }

  /** Whether a process belongs to a run; where that cannot be known, it is taken for it. */
  async belongs(pid: number, run: string): Promise<boolean> {
    const environment = await this.#deps.environmentOf(pid, [runVariable])
    return environment === null ? process.platform !== 'linux' : environment[runVariable] === run
  }

  async #byName(
    runs: ReadonlyMap<string, number | null>,
    processes: readonly HostProcess[],
  ): Promise<Map<string, HostProcess[]>> {
    const members = new Map<string, HostProcess[]>()
    for (const one of processes) {
      const environment = await this.#deps.environmentOf(one.pid, [runVariable])
      const run = environment?.[runVariable]
      if (run !== undefined && runs.has(run)) members.set(run, [...(members.get(run) ?? []), one])
    }
    return members
  }
}

/** The leaders and all that descend from them. */
function byTree(
  runs: ReadonlyMap<string, number | null>,
  processes: readonly HostProcess[],
): Promise<Map<string, HostProcess[]>> {
  const members = new Map<string, HostProcess[]>()
  for (const [run, leader] of runs) {
    if (leader === null) continue
    const pids = descendants(leader, processes)
    const found = processes.filter(({ pid }) => pids.has(pid))
    if (found.length > 0) members.set(run, found)
  }
  return Promise.resolve(members)
}

/** A process and all that descend from it. */
export function descendants(
  leader: number,
  processes: readonly { readonly pid: number; readonly ppid: number }[],
): ReadonlySet<number> {
  const children = Map.groupBy(processes, ({ ppid }) => ppid)
  const found = new Set([leader])
  for (const pid of found) for (const child of children.get(pid) ?? []) found.add(child.pid)
  return found
}
