import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { Failure, messageOf } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import type { HandshakePolicy } from './kernel/handshake.ts'
import { createListener, type Accepted } from './kernel/listener.ts'
import type { PageAt } from './kernel/page.ts'
import { acceptedHosts, bindAddress } from './kernel/public-address.ts'
import type { ListenOptions } from './run.ts'

/**
 * Opens the door for teams: TLS only, users with tokens only.
 * @returns where it listens, as `wss://host:port`.
 * @throws Failure `wrong-use` naming the option that cannot be used, `port-in-use`, `permission-denied`.
 */
export async function openNetworkDoor(
  options: ListenOptions,
  logins: Pick<HandshakePolicy, 'authenticate' | 'authenticateAgain'>,
  onAccepted: (accepted: Accepted) => void,
  page: PageAt,
): Promise<Owned & { readonly url: string }> {
  const cert = readOption('--tls-cert', options.certFile)
  const key = readOption('--tls-key', options.keyFile)
  const address = await bindAddress(options.host, options.public)
  const hosts = new Set<string>()
  let listener
  try {
    listener = createListener({
      policy: { hosts, ...logins, address: (request) => request.socket.remoteAddress ?? 'unknown' },
      tls: { cert, key },
      onAccepted,
      page,
    })
  } catch (error) {
    throw new Failure('wrong-use', `--tls-cert and --tls-key do not go together: ${messageOf(error)}`, {
      cause: error,
    })
  }
  const { server } = listener
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code =
        error.code === 'EADDRINUSE'
          ? 'port-in-use'
          : error.code === 'EACCES'
            ? 'permission-denied'
            : 'wrong-use'
      reject(
        new Failure(code, `--listen ${options.host}:${options.port} cannot be opened: ${error.message}`, {
          cause: error,
        }),
      )
    })
    server.listen({ host: address, port: options.port, ipv6Only: false }, () => resolve())
  })
  const { port } = server.address() as AddressInfo
  for (const host of acceptedHosts(cert, options.host, address, port)) hosts.add(host)
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  return { url: `wss://${host}:${port}`, dispose: () => listener.dispose() }
}

function readOption(option: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new Failure('wrong-use', `${option} ${file} cannot be read: ${messageOf(error)}`, { cause: error })
  }
}
