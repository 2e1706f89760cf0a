import type { ContainerPort, ContainerRef, PortRow } from '#contract/resources.ts'
import { isoTime } from '#base/clock.ts'
import type { EngineContainer } from '../../adapters/docker/engine.ts'
import type { HostProcess, HostSocket } from '../../adapters/host/host.ts'
import { appOfContainer, containerRef, type AppOfFolder } from './container-rows.ts'
import { bounded, boundedOrNull, commandLine } from './display.ts'
import { isForwarder } from './forwarder.ts'

/** Everything a row is joined from, all of one moment. */
export interface PortPicture {
  readonly sockets: readonly HostSocket[]
  readonly process: (pid: number) => HostProcess | undefined
  readonly userName: (uid: number) => string | null
  readonly containers: readonly EngineContainer[]
  readonly leaseOf: (port: number) => string | null
  readonly appOf: (pid: number) => string | null
  readonly appOfFolder: AppOfFolder
}

/** A published port and the container that publishes it. */
interface Publication {
  readonly container: EngineContainer
  readonly port: ContainerPort & { readonly protocol: 'tcp' | 'udp' }
}

/** One row per socket, and one for each published container port that no listener on the host stands for. */
export function portRows(picture: PortPicture): PortRow[] {
  const published = publications(picture.containers)
  const rows = picture.sockets.map((socket) => socketRow(picture, socket, published))
  for (const publication of published.values()) rows.push(publicationRow(picture, publication))
  return rows.sort(byPort)
}

/** Takes the publications that a socket stands for out of `published`. */
function socketRow(picture: PortPicture, socket: HostSocket, published: Map<string, Publication>): PortRow {
  const pid = socket.pids[0] ?? null
  const holder = pid === null ? undefined : picture.process(pid)
  const forwarded = takeForwarded(socket, holder, published)
  const container: ContainerRef | null = forwarded
    ? { id: forwarded.id, name: bounded(forwarded.name) }
    : containerRef(picture.containers, holder?.containerId ?? null)
  const user = holder?.user ?? (socket.uid === null ? null : picture.userName(socket.uid))
  const startedAt = holder?.startedAt ?? null
  return {
    protocol: socket.protocol,
    family: socket.family,
    address: socket.address,
    port: socket.port,
    dualStack: socket.dualStack,
    pid,
    pids: socket.pids,
    process: boundedOrNull(holder?.name ?? null),
    command: commandLine(holder?.argv ?? null),
    cwd: boundedOrNull(holder?.cwd ?? null),
    user: boundedOrNull(user),
    startedAt: startedAt === null ? null : isoTime(startedAt),
    container,
    app: appOf(picture, pid, container),
    lease: picture.leaseOf(socket.port),
  }
}

function publicationRow(picture: PortPicture, { container, port }: Publication): PortRow {
  return {
    protocol: port.protocol,
    family: port.address.includes(':') ? 'ipv6' : 'ipv4',
    address: port.address,
    port: port.hostPort,
    dualStack: false,
    pid: null,
    pids: [],
    process: null,
    command: null,
    cwd: null,
    user: null,
    startedAt: null,
    container: { id: container.id, name: bounded(container.name) },
    app: appOfContainer(container, picture.appOfFolder),
    lease: picture.leaseOf(port.hostPort),
  }
}

const keyOf = (protocol: string, address: string, port: number) => `${protocol} ${address} ${port}`

function publications(containers: readonly EngineContainer[]): Map<string, Publication> {
  const published = new Map<string, Publication>()
  for (const container of containers) {
    for (const port of container.ports) {
      const { protocol } = port
      // A host has no SCTP listeners that could be listed beside it.
      if (protocol === 'sctp') continue
      published.set(keyOf(protocol, port.address, port.hostPort), { container, port: { ...port, protocol } })
    }
  }
  return published
}

/** The container whose published port this socket is the host's end of. */
function takeForwarded(
  socket: HostSocket,
  holder: HostProcess | undefined,
  published: Map<string, Publication>,
): EngineContainer | null {
  if (published.size === 0) return null
  // A holder we may not see, on exactly the published address, is the engine's: it alone could bind there.
  if (holder ? !isForwarder(holder) : socket.pids.length > 0) return null
  const addresses = socket.dualStack ? [socket.address, '0.0.0.0'] : [socket.address]
  let container: EngineContainer | null = null
  for (const address of addresses) {
    const key = keyOf(socket.protocol, address, socket.port)
    container ??= published.get(key)?.container ?? null
    published.delete(key)
  }
  return container
}

function appOf(picture: PortPicture, pid: number | null, container: ContainerRef | null): string | null {
  const app = pid === null ? null : picture.appOf(pid)
  if (app !== null || container === null) return app
  const owner = picture.containers.find(({ id }) => id === container.id)
  return owner ? appOfContainer(owner, picture.appOfFolder) : null
}

const byPort = (a: PortRow, b: PortRow): number =>
  a.port - b.port ||
  a.protocol.localeCompare(b.protocol) ||
  a.family.localeCompare(b.family) ||
  (a.address < b.address ? -1 : Number(a.address > b.address)) ||
  (a.pid ?? 0) - (b.pid ?? 0)
