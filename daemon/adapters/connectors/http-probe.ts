import { request, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { asFault, ProbeFault } from './probe-fault.ts'
import { openSocket, placeOf, type Wire } from './probe-socket.ts'
import type { ProbeTarget } from './prober.ts'

/**
 * Asks once and follows no redirect: what it leads to is another address.
 * @returns what the server calls itself. @throws ProbeFault.
 */
export async function probeHttp(target: ProbeTarget, wire: Wire): Promise<string | null> {
  const { host, port } = placeOf(target)
  const socket = await openSocket(target, wire).catch((error: unknown) => {
    throw asFault(error)
  })
  const asked = request({
    host,
    port,
    path: target.database ?? '/',
    headers: { 'user-agent': 'quantum-admin', accept: '*/*', connection: 'close' },
    ...(target.user === null && target.password === null
      ? {}
      : { auth: `${target.user ?? ''}:${target.password ?? ''}` }),
    maxHeaderSize: 16 * 1024,
    // TLS where it is wanted is spoken on the socket, so this is HTTP either way.
    createConnection: () => socket,
    setDefaultHeaders: true,
    defaultPort: target.tls === 'off' ? 80 : 443,
  })
  try {
    asked.end()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    // What it goes on to say is not read at all.
    asked.on('error', () => undefined)
    response.on('error', () => undefined)
    asked.destroy()
    return judge(response, target)
  } catch (error) {
    throw asFault(error, 'bad-answer')
  }
}

function judge({ statusCode = 0, headers }: IncomingMessage, { password }: ProbeTarget): string {
  const code = String(statusCode)
  if (statusCode === 401 || statusCode === 407)
    throw new ProbeFault(password === null ? 'password-missing' : 'login-refused', code)
  if (statusCode === 403) throw new ProbeFault('access-refused', code)
  if (statusCode >= 500) throw new ProbeFault('bad-answer', code)
  const { server } = headers
  return typeof server === 'string' && server !== '' ? `${server}, HTTP ${code}` : `HTTP ${code}`
}
