import * as z from 'zod/mini'
import type { ContainerPort, ContainerRow, ContainerState } from '#contract/resources.ts'
import { isoTime } from '#base/clock.ts'

/** A container as the engine lists it, without what belongs to the daemon or costs an inspection. */
export interface ListedContainer {
  readonly row: Omit<ContainerRow, 'app'>
  /** As a person would type it. */
  readonly command: string | null
}

const states = [
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
  'stopping',
] as const

const port = z.object({
  IP: z.optional(z.string()),
  PrivatePort: z.int(),
  PublicPort: z.optional(z.int()),
  Type: z.enum(['tcp', 'udp', 'sctp']),
})

/** Docker's and Podman's answers differ in what they leave out, so only the id must be there. */
const listed = z.object({
  Id: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  Names: z.catch(z.nullish(z.array(z.string())), null),
  Image: z.catch(z.string(), ''),
  Command: z.catch(z.nullish(z.string()), null),
  Created: z.catch(z.number(), 0),
  State: z.catch(z.string(), ''),
  Status: z.catch(z.string(), ''),
  Ports: z.catch(z.nullish(z.array(z.catch(z.nullable(port), null))), null),
  Labels: z.catch(z.nullish(z.record(z.string(), z.string())), null),
})

/** Reads the engine's answer to a list. @throws ZodError when it is no list of containers at all. */
export function readList(answer: unknown): readonly ListedContainer[] {
  return z
    .array(listed)
    .parse(answer ?? [])
    .map(readListed)
}

function readListed(container: z.output<typeof listed>): ListedContainer {
  return { row: rowOf(container), command: container.Command ?? null }
}

function rowOf(container: z.output<typeof listed>): ListedContainer['row'] {
  return {
    id: container.Id,
    name: nameOf(container.Names ?? [], container.Id),
    image: container.Image,
    state: stateOf(container.State, container.Status),
    status: container.Status,
    health: healthOf(container.Status),
    createdAt: isoTime(container.Created * 1000),
    ports: publishedPorts(container.Ports ?? []),
    labels: container.Labels ?? {},
  }
}

/** `/name`; links add `/other/alias`. A container that is being made or removed may have none. */
function nameOf(names: readonly string[], id: string): string {
  const own = names.find((name) => !name.slice(1).includes('/')) ?? names[0]
  return own === undefined || own === '' ? id.slice(0, 12) : own.replace(/^\//, '')
}

function stateOf(state: string, status: string): ContainerState {
  const known = states.find((name) => name === state.toLowerCase())
  if (known !== undefined) return known
  // Podman's own words for what Docker calls created and exited.
  if (/^(configured|initialized)$/i.test(state)) return 'created'
  return status.startsWith('Up') ? 'running' : 'exited'
}

/** Engines put the health in brackets at the status's end; Docker writes `(health: starting)`, Podman `(starting)`. */
function healthOf(status: string): ContainerRow['health'] {
  if (status.endsWith('(healthy)')) return 'healthy'
  if (status.endsWith('(unhealthy)')) return 'unhealthy'
  return /\((?:health: )?starting\)$/.test(status) ? 'starting' : null
}

/** Published ports in an order that does not change between two lists. */
function publishedPorts(ports: readonly (z.output<typeof port> | null)[]): readonly ContainerPort[] {
  return ports
    .flatMap((entry) =>
      entry?.PublicPort
        ? [
            {
              address: entry.IP || '0.0.0.0',
              hostPort: entry.PublicPort,
              containerPort: entry.PrivatePort,
              protocol: entry.Type,
            },
          ]
        : [],
    )
    .sort((a, b) => (order(a) < order(b) ? -1 : 1))
}

const order = ({ address, hostPort, containerPort, protocol }: ContainerPort): string =>
  [String(containerPort).padStart(5, '0'), protocol, address, String(hostPort).padStart(5, '0')].join(' ')

const inspected = z.object({
  Id: z.string(),
  Name: z.catch(z.string(), ''),
  State: z.object({
    Status: z.catch(z.string(), ''),
    Pid: z.catch(z.int(), 0),
    ExitCode: z.catch(z.int(), 0),
    StartedAt: z.catch(z.string(), ''),
  }),
  Config: z.object({
    Tty: z.catch(z.boolean(), false),
    /** Seconds the engine waits between SIGTERM and SIGKILL; 10 where it is not set. */
    StopTimeout: z.catch(z.nullish(z.int()), null),
  }),
})

/** What only an inspection tells. */
export interface InspectedContainer {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly pid: number | null
  readonly exitCode: number | null
  readonly startedAt: string | null
  readonly tty: boolean
  readonly stopTimeoutSeconds: number
}

/** Reads the engine's answer to an inspection. @throws ZodError when it is none. */
export function readInspection(answer: unknown): InspectedContainer {
  const { Id, Name, State, Config } = inspected.parse(answer)
  const started = Date.parse(State.StartedAt)
  const ended = /^(exited|dead|stopped)$/.test(State.Status)
  return {
    id: Id,
    name: Name.replace(/^\//, ''),
    state: State.Status,
    pid: State.Pid > 0 ? State.Pid : null,
    exitCode: ended ? State.ExitCode : null,
    // Go's zero time, the year 1, stands for never.
    startedAt: started > 0 ? isoTime(started) : null,
    tty: Config.Tty,
    stopTimeoutSeconds: Config.StopTimeout ?? 10,
  }
}
