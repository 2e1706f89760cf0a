import type { Change } from '../../kernel/execute.ts'

/** One socket as the kernel knows it: TCP in LISTEN, or UDP bound and unconnected. */
export interface HostSocket {
  readonly protocol: 'tcp' | 'udp'
  readonly family: 'ipv4' | 'ipv6'
  /** Textual address in its shortest form (RFC 5952), with `%interface` where it is scoped. */
  readonly address: string
  readonly port: number
  readonly dualStack: boolean
  /** Every process that holds it, the one that started first in front; empty when we may not see any. */
  readonly pids: readonly number[]
  /** Owner of the socket, known even when the process is not. */
  readonly uid: number | null
}

/** Names one process for good: a pid alone is reused. */
export interface ProcessIdentity {
  readonly pid: number
  /** Start time as the kernel counts it: clock ticks since boot on Linux, milliseconds elsewhere. */
  readonly startKey: string
}

export interface HostProcess extends ProcessIdentity {
  readonly ppid: number
  /** Its process group, named by the pid of who led it first; null where that is not told. */
  readonly group: number | null
  readonly name: string
  /** Arguments as given; null where we may not read them or it is a kernel thread. */
  readonly argv: readonly string[] | null
  readonly cwd: string | null
  readonly uid: number | null
  readonly user: string | null
  /** Milliseconds since the epoch; the same for one process for as long as the daemon lives. */
  readonly startedAt: number | null
  /** 100 = one core, between the last two scans; null after the first. */
  readonly cpuPercent: number | null
  readonly memoryBytes: number | null
  /** The container's full id from its cgroup, where it is in one. */
  readonly containerId: string | null
}

/** What one look at the machine cost, so that the caller can pace itself. */
export interface ScanCost {
  readonly cpuMs: number
}

/**
 * How well a look at the sockets notices a copy that was handed to a process which ran before: `quickly` by the number
 * of its open files, `closely` also where that is what it was, because the process closed another file meanwhile.
 */
export type Thoroughness = 'quickly' | 'closely'

/** The machine this daemon runs on. Implementations: Linux (/proc) and systeminformation (macOS, Windows). */
export interface Host {
  /** All sockets at one moment. @param how - left out: closely. */
  sockets(how?: Thoroughness): Promise<{ readonly sockets: readonly HostSocket[]; readonly cost: ScanCost }>
  /**
   * Whether sockets most likely came or went since the last look at them: a glance that costs next to nothing, true
   * for connections as well, and blind to one that came as another went. Never an answer, only a reason to look.
   */
  socketsStirred(): boolean
  /** All processes at one moment. */
  processes(): Promise<{ readonly processes: readonly HostProcess[]; readonly cost: ScanCost }>
  /** One process now, or null when it has ended. Fresh, never from a snapshot. */
  process(pid: number): Promise<HostProcess | null>
  /**
   * Sends a signal after verifying pid, start key and executable.
   * @throws Failure `process-changed` when the pid is another process by now, `permission-denied` when the
   * owner is somebody else. A process that has ended already is `false`.
   */
  signal(change: Change, target: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): Promise<boolean>
  /** Whether that very process still runs (a zombie does not). */
  alive(target: ProcessIdentity): Promise<boolean>
}
