import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { systemCode } from '#base/failure.ts'

/** Why a port cannot be had now: somebody is bound to it, or the system does not let us. */
export type BindRefusal = 'in-use' | 'denied'

/**
 * Every address that a listener may be in the way on. Where the address of one interface wins over the wildcard
 * (macOS, Windows), binding the wildcard alone would succeed beside a listener on loopback.
 */
const addresses = ['0.0.0.0', '::', '127.0.0.1', '::1'] as const

/**
 * Binds a port on every family and lets go of it at once.
 * @returns null when all of TCP and UDP over IPv4 and IPv6 could be bound.
 */
export async function probePort(port: number): Promise<BindRefusal | null> {
  // One after the other: our own sockets would be in each other's way.
  for (const address of addresses) {
    const refusal = (await bindTcp(address, port)) ?? (await bindUdp(address, port))
    if (refusal !== null) return refusal
  }
  return null
}

function bindTcp(host: string, port: number): Promise<BindRefusal | null> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error) => settle(error, resolve, reject))
    // Whoever connects in this moment is turned away, as if nobody listened.
    server.on('connection', (socket) => socket.destroy())
    server.listen({ host, port, ipv6Only: true, exclusive: true }, () => server.close(() => resolve(null)))
  })
}

function bindUdp(address: string, port: number): Promise<BindRefusal | null> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.includes(':') ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' })
    socket.once('error', (error) => {
      socket.close()
      settle(error, resolve, reject)
    })
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(null)))
  })
}

function settle(
  error: Error,
  resolve: (refusal: BindRefusal | null) => void,
  reject: (error: Error) => void,
): void {
  const code = systemCode(error)
  if (code === 'EADDRINUSE') resolve('in-use')
  else if (code === 'EACCES' || code === 'EPERM') resolve('denied')
  // A machine without IPv6, or without IPv4, has nobody listening there.
  else if (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL' || code === 'EINVAL') resolve(null)
  else reject(error)
}
