import type { Systeminformation } from 'systeminformation'
import type { HostSocket } from './host.ts'

/**
 * The listening and unconnected sockets among what `netstat` or `ss` printed. These programs name one holder of each
 * socket and no owner. Windows lists a dual-stack socket once for each family and does not say that the two are one.
 */
export function socketsOf(
  connections: readonly Systeminformation.NetworkConnectionsData[],
  platform: NodeJS.Platform,
): HostSocket[] {
  return connections.flatMap((connection) => {
    const protocol = connection.protocol.startsWith('udp') ? 'udp' : 'tcp'
    const port = Number(connection.localPort)
    if (!Number.isInteger(port) || port <= 0 || port > 65_535) return []
    if (protocol === 'tcp' ? connection.state !== 'LISTEN' : hasPeer(connection)) return []
    const { family, address, dualStack } = localEnd(connection, platform)
    const pids = connection.pid > 0 ? [connection.pid] : []
    return [{ protocol, family, address, port, dualStack, pids, uid: null }]
  })
}

/** A connected UDP socket has a peer with a port. */
const hasPeer = ({ peerPort }: Systeminformation.NetworkConnectionsData): boolean =>
  /^[1-9]\d*$/.test(peerPort)

/**
 * `*` stands for any address: on Linux (`ss`) it is a dual-stack socket, on macOS the protocol says of which family
 * (`tcp4`, `tcp6`, and `tcp46` for dual-stack).
 */
function localEnd(
  { protocol, localAddress }: Systeminformation.NetworkConnectionsData,
  platform: NodeJS.Platform,
): Pick<HostSocket, 'family' | 'address' | 'dualStack'> {
  const text = localAddress.replace(/^\[(.*)\](%.*)?$/, '$1$2')
  const any = text === '*'
  const six = text.includes(':') || protocol.endsWith('6') || (any && platform === 'linux')
  if (!six) return { family: 'ipv4', address: any ? '0.0.0.0' : text, dualStack: false }
  const dualStack = any && (platform === 'linux' || protocol.endsWith('46'))
  return { family: 'ipv6', address: any ? '::' : text, dualStack }
}
