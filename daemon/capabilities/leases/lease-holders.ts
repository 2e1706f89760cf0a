import type { Lease, LeaseStatus } from '#contract/leases.ts'
import type { ContainerRow, PortRow } from '#contract/resources.ts'

/** The variables by which a process says that it runs on a lease. */
const leaseVariables = ['QUANTUM_ADMIN_LEASE', 'PORT'] as const

/** The label by which a container says so. */
const leaseLabel = 'quantum.lease'

export interface HolderDeps {
  /** The named variables a process was started with; null where that cannot be known. */
  readonly environmentOf: (
    pid: number,
    names: readonly string[],
  ) => Promise<Readonly<Record<string, string>> | null>
  readonly containers: () => readonly ContainerRow[]
  /** The user this daemon runs as, as rows name it. */
  readonly user: string | null
}

/**
 * Tells a lease's own holder from a stranger. A holder is the lease's own when it says so: by the environment
 * it was started with (`QUANTUM_ADMIN_LEASE` names the lease, or `PORT` its port), or, a container, by its
 * label `quantum.lease` or by an app or compose project of the lease's name. Everybody else is a stranger. Of
 * our own user's process whose environment cannot be read (macOS, Windows) nothing bad is known: it counts as
 * the lease's own.
 */
export class LeaseHolders {
  readonly #deps: HolderDeps
  /** By pid and start time; an environment never changes after the start. */
  #environments = new Map<string, Promise<Readonly<Record<string, string>> | null>>()

  constructor(deps: HolderDeps) {
    this.#deps = deps
  }

  /** The state of each lease as these rows show it. */
  async judge(leases: readonly Lease[], ports: readonly PortRow[]): Promise<readonly LeaseStatus[]> {
    const environments = new Map<string, Promise<Readonly<Record<string, string>> | null>>()
    const leased = new Set(leases.map(({ port }) => port))
    for (const row of ports) {
      if (row.pid === null || !leased.has(row.port)) continue
      const key = keyOf(row)
      environments.set(key, this.#environments.get(key) ?? this.#deps.environmentOf(row.pid, leaseVariables))
    }
    this.#environments = environments
    return Promise.all(leases.map((lease) => this.#status(lease, ports)))
  }

  async #status(lease: Lease, ports: readonly PortRow[]): Promise<LeaseStatus> {
    const holders = ports.filter(({ port }) => port === lease.port)
    const own = await Promise.all(holders.map((row) => this.#isOwn(lease, row)))
    const shown = holders[own.indexOf(false)] ?? holders[0]
    const taken = own.includes(false) ? 'stranger' : 'held'
    return {
      ...lease,
      state: shown ? taken : 'free',
      pid: shown?.pid ?? null,
      process: shown?.process ?? shown?.container?.name ?? null,
    }
  }

  async #isOwn(lease: Lease, row: PortRow): Promise<boolean> {
    if (row.container) return this.#isOwnContainer(lease, row.container.id, row.app)
    if (row.pid === null) return false
    const environment = await this.#environments.get(keyOf(row))
    if (!environment) return process.platform !== 'linux' && row.user === this.#deps.user
    return environment['QUANTUM_ADMIN_LEASE'] === lease.name || environment['PORT'] === String(lease.port)
  }

  #isOwnContainer(lease: Lease, id: string, app: string | null): boolean {
    const container = this.#deps.containers().find((candidate) => candidate.id === id)
    if (container?.labels[leaseLabel] === lease.name || app === lease.name) return true
    // An app with several ports has a lease for each, called after the app and the variable.
    return app !== null && lease.name.startsWith(`${app}/`)
  }
}

const keyOf = ({ pid, startedAt }: PortRow): string => `${pid} ${startedAt}`
