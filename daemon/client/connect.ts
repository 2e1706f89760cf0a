import { Failure } from '#base/failure.ts'
import type { Client } from './client.ts'
import { localConnect, type LocalOptions } from './local.ts'
import { RpcClient } from './rpc-client.ts'
import { openSocket } from './transport.ts'

export interface RemoteOptions {
  /** `https://host:port` or `wss://host:port` of a daemon started with `--listen`. */
  readonly url: string
  /** PEM text of a private certificate authority. */
  readonly ca?: string
  /** Asked for at every attempt, so that a new token is taken up. */
  readonly token: () => Promise<string>
  readonly client: string
}

/** How long a client lives: `keep` reconnects for ever, `once` fails with the first failure. */
export type Persistence = 'keep' | 'once'

/** A client of this machine's daemon. */
export const connectLocal = (options: LocalOptions, persistence: Persistence = 'keep'): Client =>
  new RpcClient(localConnect(options), persistence === 'keep')

/** A client of a team's daemon over TLS. @throws Failure `wrong-use` for any other kind of URL. */
export function connectRemote(options: RemoteOptions, persistence: Persistence = 'keep'): Client {
  const url = webSocketUrl(options.url)
  return new RpcClient(async (signal, say) => {
    say(url)
    const token = await options.token()
    return openSocket(
      { url, token, client: options.client, ...(options.ca === undefined ? {} : { ca: options.ca }) },
      signal,
    )
  }, persistence === 'keep')
}

function webSocketUrl(text: string): string {
  const url = URL.parse(text)
  if (
    url === null ||
    !['https:', 'wss:'].includes(url.protocol) ||
    url.username !== '' ||
    url.search !== ''
  ) {
    throw new Failure(
      'wrong-use',
      `${JSON.stringify(text)} is not an https:// or wss:// address of a daemon, such as https://host:7443`,
    )
  }
  return `wss://${url.host}`
}
