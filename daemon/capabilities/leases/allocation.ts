import type { Lease, LeaseKind } from '#contract/leases.ts'
import type { PortRow } from '#contract/resources.ts'
import { Failure } from '#base/failure.ts'

/** What was asked for. */
export interface LeaseRequest {
  readonly name: string
  readonly kind?: LeaseKind | undefined
  readonly port?: number | undefined
}

export type PortRange = readonly [number, number]

/** What a choice is made from: all of it as it was after the request came. */
export interface Situation {
  readonly leases: ReadonlyMap<string, Lease>
  readonly ports: ReadonlyMap<number, PortRow>
  readonly range: (kind: LeaseKind) => PortRange
  /** Tries to bind a port on every family. */
  readonly probe: (port: number) => Promise<'in-use' | 'denied' | null>
  /** Where ranges are set, for messages. */
  readonly settingsPath: string
}

const defaultKind: LeaseKind = 'app'

/** @throws Failure `conflict` when the name has a lease of another kind or port. */
export function existingLease(leases: ReadonlyMap<string, Lease>, asked: LeaseRequest): Lease | null {
  const existing = leases.get(asked.name)
  if (!existing) return null
  const { name, kind, port } = existing
  if (asked.kind !== undefined && asked.kind !== kind)
    throw new Failure('conflict', `The lease ${name} is of the kind ${kind}, not ${asked.kind}`, {
      hint: `Run \`quantum-admin ports release ${name}\` first, or choose another name.`,
    })
  if (asked.port !== undefined && asked.port !== port)
    throw new Failure('conflict', `The lease ${name} has port ${port}, not ${asked.port}`, {
      hint: `Run \`quantum-admin ports release ${name}\` first, or choose another name.`,
    })
  return existing
}

/**
 * Chooses a port that is leased to nobody and free on every family and in the container engine.
 * @throws Failure `conflict`, `port-in-use`, `permission-denied`, `range-full`.
 */
export async function choosePort(
  situation: Situation,
  asked: LeaseRequest,
): Promise<{ readonly kind: LeaseKind; readonly port: number }> {
  const kind = asked.kind ?? defaultKind
  const owners = new Map([...situation.leases.values()].map((lease) => [lease.port, lease.name]))
  if (asked.port !== undefined) return { kind, port: await fixedPort(situation, owners, asked.port) }
  const [first, last] = situation.range(kind)
  let leased = 0
  for (let port = first; port <= last; port++) {
    if (owners.has(port)) leased++
    else if (!situation.ports.has(port) && (await situation.probe(port)) === null) return { kind, port }
  }
  const used = last - first + 1 - leased
  throw new Failure(
    'range-full',
    `All ports of the range ${kind} (${first}-${last}) are taken: ${leased} leased, ${used} in use`,
    {
      hint: `Release a lease, or widen "leases": { "ranges": { "${kind}": [${first}, ${last}] } } in ${situation.settingsPath}.`,
    },
  )
}

async function fixedPort(
  { ports, probe }: Situation,
  owners: ReadonlyMap<number, string>,
  port: number,
): Promise<number> {
  const owner = owners.get(port)
  if (owner !== undefined) throw new Failure('conflict', `Port ${port} is leased to ${owner}`)
  const row = ports.get(port)
  if (row) throw new Failure('port-in-use', `Port ${port} is in use by ${holderOf(row)}`)
  const refusal = await probe(port)
  if (refusal === 'denied')
    throw new Failure('permission-denied', `Port ${port} may not be bound by this user`, {
      hint: 'Choose a port of 1024 or above.',
    })
  if (refusal === 'in-use')
    throw new Failure(
      'port-in-use',
      `Port ${port} is in use by a socket that has no listener, or one just gone`,
    )
  return port
}

/** Names who holds a port, for a message. */
function holderOf({ pid, process, user, container, cwd }: PortRow): string {
  if (container) return `container ${container.name.slice(0, 100)}`
  if (pid === null) return `a process of ${user ?? 'another user'} that we may not see`
  const folder = cwd === null ? '' : `, in ${cwd.slice(0, 200)}`
  return `${(process ?? 'a process').slice(0, 100)} (pid ${pid}${folder})`
}
