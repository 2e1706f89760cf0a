import { connect } from 'amqplib'
import type { ConnectorFault } from '#contract/connectors.ts'
import { systemCode } from '#base/failure.ts'
import { subscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'
import { asFault, ProbeFault } from './probe-fault.ts'
import { lookupFor, placeOf, tlsOptions, type Wire } from './probe-socket.ts'
import type { ProbeTarget } from './prober.ts'

/** Reply codes of AMQP 0-9-1 (its specification, 1.2). */
const faults: Readonly<Record<string, ConnectorFault>> = {
  '403': 'login-refused',
  '530': 'no-database',
  '402': 'no-database',
  '506': 'busy',
  '504': 'wrong-protocol',
}

/** @returns what the server calls itself. @throws ProbeFault. */
export async function probeRabbitmq(target: ProbeTarget, wire: Wire): Promise<string | null> {
  const { host, port } = placeOf(target)
  // The driver makes its own socket.
  subscribe('net.client.socket', (message) => {
    const { socket } = message as { readonly socket: unknown }
    if (socket instanceof Socket) wire.watch(socket)
  })
  const login =
    target.user === null && target.password === null
      ? {}
      : { username: target.user ?? 'guest', password: target.password ?? '' }
  try {
    const model = await connect(
      {
        protocol: target.tls === 'off' ? 'amqp' : 'amqps',
        hostname: host,
        port,
        vhost: encodeURIComponent(target.database ?? '/'),
        frameMax: 131_072,
        ...login,
      },
      socketOptions(target),
    )
    // What comes after the answer is of no interest, and without a listener it would end the process.
    model.on('error', () => undefined)
    const { product, version } = model.connection.serverProperties
    void model.close().catch(() => undefined)
    return [product, version].filter((part) => typeof part === 'string').join(' ') || null
  } catch (error) {
    throw toFault(error, target)
  }
}

/** Goes to Node.js' own `connect` as it is. */
const socketOptions = (target: ProbeTarget): object => ({
  lookup: lookupFor(target),
  autoSelectFamily: true,
  ...(target.tls === 'off' ? {} : tlsOptions(target)),
})

function toFault(error: unknown, { user, password }: ProbeTarget): ProbeFault {
  const code = systemCode(error) === undefined ? replyCode(error) : undefined
  const fault = code === undefined ? undefined : faults[code]
  if (fault === 'login-refused' && user !== null && password === null)
    return new ProbeFault('password-missing', code)
  if (code !== undefined) return new ProbeFault(fault ?? 'bad-answer', code)
  return asFault(error, 'bad-answer')
}

/** While the connection is opened, the driver keeps what the server replied in its message alone. */
function replyCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  // Who has logged in and is closed out then may not use the virtual host, or there is none of that name.
  if (error.message.startsWith('Expected ConnectionOpenOk; got <ConnectionClose ')) return '530'
  return /^Handshake terminated by server: (\d{3}) /.exec(error.message)?.[1]
}
