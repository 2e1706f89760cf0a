import * as z from 'zod/mini'
import { command, query, type } from './method.ts'

/** Names a container wherever something else refers to one. */
export interface ContainerRef {
  readonly id: string
  readonly name: string
}

/**
 * One socket, as `ss -tulnp` counts them: TCP listening, UDP bound and unconnected. A published container
 * port without a listener on the host is a row with `pid` null.
 */
export interface PortRow {
  readonly protocol: 'tcp' | 'udp'
  readonly family: 'ipv4' | 'ipv6'
  readonly address: string
  readonly port: number
  /** An IPv6 `::` socket that takes IPv4 as well. */
  readonly dualStack: boolean
  /** The holder that started first; null when we may not see it. */
  readonly pid: number | null
  readonly pids: readonly number[]
  readonly process: string | null
  readonly command: string | null
  readonly cwd: string | null
  readonly user: string | null
  /** ISO 8601 UTC with milliseconds. */
  readonly startedAt: string | null
  readonly container: ContainerRef | null
  readonly app: string | null
  /** The name of the lease on this port. */
  readonly lease: string | null
}

/** `quantum` is a process of the Quantum framework. */
export type ProcessKind = 'quantum' | 'container' | 'other'

export interface ProcessRow {
  readonly pid: number
  readonly ppid: number
  readonly name: string
  readonly command: string | null
  readonly cwd: string | null
  readonly user: string | null
  readonly startedAt: string | null
  /** 100 = one core; null until two samples exist. */
  readonly cpuPercent: number | null
  /** Resident set size. */
  readonly memoryBytes: number | null
  readonly ports: readonly number[]
  readonly container: ContainerRef | null
  readonly app: string | null
  readonly kind: ProcessKind
}

export interface ContainerPort {
  readonly address: string
  readonly hostPort: number
  readonly containerPort: number
  readonly protocol: 'tcp' | 'udp' | 'sctp'
}

export type ContainerState =
  | 'created'
  | 'running'
  | 'paused'
  | 'restarting'
  | 'removing'
  | 'exited'
  | 'dead'
  | 'stopping'

export interface ContainerRow {
  readonly id: string
  readonly name: string
  readonly image: string
  readonly state: ContainerState
  /** The engine's own words, such as `Up 3 minutes`. */
  readonly status: string
  readonly health: 'healthy' | 'unhealthy' | 'starting' | null
  readonly createdAt: string
  /** Published ports only. */
  readonly ports: readonly ContainerPort[]
  readonly labels: Readonly<Record<string, string>>
  readonly app: string | null
}

/** One container with what only costs when asked for. */
export interface ContainerDetail extends ContainerRow {
  readonly command: string | null
  readonly pid: number | null
  readonly exitCode: number | null
  readonly startedAt: string | null
  /** 100 = one core; null when it does not run. */
  readonly cpuPercent: number | null
  readonly memoryBytes: number | null
}

/** What a running container uses now. */
export interface ContainerUsage {
  readonly id: string
  readonly cpuPercent: number | null
  readonly memoryBytes: number | null
}

/** `absent`: no engine was found. `denied`: one was, but we may not speak to it. `unreachable`: it was there. */
export interface EngineStatus {
  readonly state: 'connected' | 'absent' | 'denied' | 'unreachable'
  readonly reason: string | null
  /** The socket or address that is used or was tried first. */
  readonly endpoint: string | null
  readonly version: string | null
}

/** Rows with the revision of the snapshot they are from; `takenAt` is when the machine was looked at. */
export interface Snapshot<Row> {
  readonly revision: string
  readonly takenAt: string
  readonly rows: readonly Row[]
}

export interface PortHolder {
  readonly pid: number
  readonly name: string
  readonly command: string | null
}

export interface PortWho {
  readonly port: number
  readonly rows: readonly PortRow[]
  /** From the holder's parent up to pid 1. */
  readonly ancestors: readonly PortHolder[]
  readonly worktree: {
    readonly path: string
    readonly branch: string | null
    readonly repository: string
  } | null
  /** The audit entry that started the holder, where we did. */
  readonly audit: {
    readonly sequence: number
    readonly action: string
    readonly actor: string
    readonly timestamp: string
  } | null
}

/** What became of one process that was asked to stop. */
export interface StopResult {
  readonly pid: number
  readonly name: string
  /** The last signal that was needed; null when it had already ended. */
  readonly signal: 'SIGTERM' | 'SIGKILL' | null
}

export const portNumber = z.int().check(z.gte(1), z.lte(65_535))
const processId = z.int().check(z.gte(1), z.lte(2 ** 31 - 1))
const startedAt = z.iso.datetime({ precision: 3 })
const containerId = z
  .string()
  .check(z.regex(/^[0-9a-f]{12,64}$/, 'expected a container id of 12 to 64 hex digits'))
const none = z.strictObject({})
const containerTarget = z.strictObject({
  id: containerId,
  name: z.string().check(z.minLength(1), z.maxLength(300)),
})

const containerAudit =
  (action: 'start' | 'stop' | 'restart') =>
  ({ id, name }: z.output<typeof containerTarget>) => ({ action, resource: { type: 'container', id, name } })

export const resourcesMethods = {
  'ports.list': query({ params: none, result: type<Snapshot<PortRow>>(), role: 'viewer' }),
  'ports.who': query({
    params: z.strictObject({ port: portNumber }),
    result: type<PortWho>(),
    role: 'viewer',
  }),
  /** Stops exactly the holders the person was shown; another holder by now is `process-changed`. */
  'ports.free': command({
    params: z.strictObject({
      port: portNumber,
      holders: z.array(z.strictObject({ pid: processId, startedAt })).check(z.minLength(1), z.maxLength(64)),
    }),
    result: type<{ readonly stopped: readonly StopResult[] }>(),
    role: 'operator',
    danger: 'confirm',
    audit: ({ port, holders }) => ({
      action: 'stop',
      resource: { type: 'port', id: String(port), name: String(port) },
      details: { holders },
    }),
  }),
  'processes.list': query({ params: none, result: type<Snapshot<ProcessRow>>(), role: 'viewer' }),
  'processes.show': query({
    params: z.strictObject({ pid: processId }),
    result: type<ProcessRow>(),
    role: 'viewer',
  }),
  'processes.stop': command({
    params: z.strictObject({
      pid: processId,
      startedAt,
      name: z.string().check(z.maxLength(300)),
      force: z._default(z.boolean(), false),
    }),
    result: type<StopResult>(),
    role: 'operator',
    danger: 'confirm',
    audit: ({ pid, startedAt, name, force }) => ({
      action: 'stop',
      resource: { type: 'process', id: String(pid), name },
      details: { startedAt, force },
    }),
  }),
  'containers.list': query({
    params: none,
    result: type<Snapshot<ContainerRow> & { readonly engine: EngineStatus }>(),
    role: 'viewer',
  }),
  'containers.show': query({
    params: z.strictObject({ id: containerId }),
    result: type<ContainerDetail>(),
    role: 'viewer',
  }),
  'containers.usage': query({ params: none, result: type<readonly ContainerUsage[]>(), role: 'viewer' }),
  /** Streams `{ lines: string[] }` batches; with `follow` until it is cancelled or the container stops. */
  'containers.logs': query({
    params: z.strictObject({
      id: containerId,
      tail: z._default(z.int().check(z.gte(0), z.lte(100_000)), 200),
      follow: z._default(z.boolean(), false),
    }),
    result: type<null>(),
    role: 'viewer',
  }),
  'containers.start': command({
    params: containerTarget,
    result: type<null>(),
    role: 'operator',
    danger: 'none',
    audit: containerAudit('start'),
  }),
  'containers.stop': command({
    params: containerTarget,
    result: type<null>(),
    role: 'operator',
    danger: 'confirm',
    audit: containerAudit('stop'),
  }),
  'containers.restart': command({
    params: containerTarget,
    result: type<null>(),
    role: 'operator',
    danger: 'confirm',
    audit: containerAudit('restart'),
  }),
}
