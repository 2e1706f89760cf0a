import { availableParallelism, freemem, hostname, loadavg, totalmem, uptime } from 'node:os'
import { readFile, statfs } from 'node:fs/promises'
import type { AppRow } from '#contract/apps.ts'
import type { AuditEntry } from '#contract/audit.ts'
import type { CheckRow, CheckState, IncidentRow } from '#contract/health.ts'
import type { ContainerRow, EngineStatus, PortRow, ProcessRow, Snapshot } from '#contract/resources.ts'
import type { Overview } from '#contract/system.ts'

export interface OverviewDeps {
  /** The state folder. */
  readonly home: string
  readonly apps: () => Promise<{ readonly rows: readonly AppRow[] }>
  readonly ports: () => Promise<Snapshot<PortRow>>
  readonly processes: () => Promise<Snapshot<ProcessRow>>
  readonly containers: () => Promise<Snapshot<ContainerRow> & { readonly engine: EngineStatus }>
  readonly leases: () => number
  readonly checks: () => Promise<{ readonly rows: readonly CheckRow[] }>
  /** Those that are open, newest first. */
  readonly incidents: () => Promise<{ readonly rows: readonly IncidentRow[] }>
  /** The newest audit entries. */
  readonly activity: () => Promise<readonly AuditEntry[]>
}

/** The machine, what runs on it and what was done last, at a glance. */
export async function overview(deps: OverviewDeps): Promise<Overview> {
  const [apps, ports, processes, containers, checks, incidents, activity, memory, disk] = await Promise.all([
    deps.apps(),
    deps.ports(),
    deps.processes(),
    deps.containers(),
    deps.checks(),
    deps.incidents(),
    deps.activity(),
    memoryOfMachine(),
    diskOf(deps.home),
  ])
  const running = containers.rows.filter(({ state }) => state === 'running').length
  const { state, reason } = containers.engine
  return {
    machine: {
      hostname: hostname(),
      platform: process.platform,
      cpus: availableParallelism(),
      load: loadavg()[0] ?? 0,
      memory,
      disk,
      uptimeSeconds: Math.floor(uptime()),
    },
    counts: {
      apps: countApps(apps.rows),
      ports: ports.rows.length,
      processes: processes.rows.length,
      containers: { running, stopped: containers.rows.length - running },
      leases: deps.leases(),
      checks: countChecks(checks.rows),
    },
    incidents: incidents.rows,
    engine: { state, reason },
    activity,
  }
}

function countApps(rows: readonly AppRow[]): Overview['counts']['apps'] {
  const count = (state: AppRow['state']) => rows.filter((row) => row.state === state).length
  const [failed, stopped] = [count('failed'), count('stopped')]
  return { running: rows.length - failed - stopped, failed, stopped }
}

function countChecks(rows: readonly CheckRow[]): NonNullable<Overview['counts']['checks']> {
  const count = (state: CheckState) => rows.filter((row) => row.state === state).length
  return {
    healthy: count('healthy'),
    degraded: count('degraded'),
    unhealthy: count('unhealthy'),
    unknown: count('unknown'),
    paused: count('paused'),
  }
}

/** Used is what cannot be had without swapping: Linux counts caches as available, not as free. */
async function memoryOfMachine(): Promise<Overview['machine']['memory']> {
  const totalBytes = totalmem()
  const available = process.platform === 'linux' ? await memoryAvailable() : undefined
  return { totalBytes, usedBytes: totalBytes - (available ?? freemem()) }
}

async function memoryAvailable(): Promise<number | undefined> {
  const text = await readFile('/proc/meminfo', 'latin1')
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1]
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
}

/** Used is what is not there for us to write: what the file system keeps for root is used too. */
async function diskOf(folder: string): Promise<NonNullable<Overview['machine']['disk']> | null> {
  try {
    const { blocks, bavail, bsize } = await statfs(folder)
    return { totalBytes: blocks * bsize, usedBytes: (blocks - bavail) * bsize }
  } catch {
    // A disk that is gone is the doctor's to explain.
    return null
  }
}
