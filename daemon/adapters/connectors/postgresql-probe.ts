import { Client } from 'pg'
import type { ConnectorFault } from '#contract/connectors.ts'
import { systemCode } from '#base/failure.ts'
import { asFault, ProbeFault } from './probe-fault.ts'
import { placeOf, TargetSocket, tlsOptions, type Wire } from './probe-socket.ts'
import type { ProbeTarget } from './prober.ts'

/** PostgreSQL's error codes (documentation, appendix A), by code and, shorter, by class. */
const faults: Readonly<Record<string, ConnectorFault>> = {
  '28P01': 'login-refused',
  '28000': 'access-refused',
  '3D000': 'no-database',
  '42501': 'access-refused',
  '53300': 'busy',
  '57P03': 'not-ready',
  '57P01': 'not-ready',
  '08P01': 'wrong-protocol',
}

/** @returns what the server calls itself. @throws ProbeFault. */
export async function probePostgresql(target: ProbeTarget, wire: Wire): Promise<string | null> {
  try {
    return await login(target, wire)
  } catch (error) {
    const fault = toFault(error)
    // Its rules may refuse whoever comes without TLS, in the same words as any other stranger.
    if (fault.code !== '28000' || target.tls !== 'off') throw fault
    if (await isOpenWithTls(target, wire)) throw new ProbeFault('tls-required', fault.code)
    throw fault
  }
}

async function isOpenWithTls(target: ProbeTarget, wire: Wire): Promise<boolean> {
  try {
    await login({ ...target, tls: 'unverified' }, wire)
    return true
  } catch (error) {
    return toFault(error).code === '28P01' || toFault(error).code === '3D000'
  }
}

async function login(target: ProbeTarget, wire: Wire): Promise<string | null> {
  const { host, port } = placeOf(target)
  let isAsked = false
  const client = new Client({
    host,
    port,
    user: target.user ?? 'postgres',
    database: target.database ?? target.user ?? 'postgres',
    // Asked for only when the server wants one.
    password: () => {
      isAsked = true
      return target.password ?? ''
    },
    ssl: target.tls === 'off' ? false : tlsOptions(target),
    stream: () => new TargetSocket(target, wire),
    application_name: 'quantum-admin',
    connectionTimeoutMillis: 0,
  })
  // What comes after the answer is of no interest, and without a listener it would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ readonly server_version: string }>('show server_version')
    const [row] = rows
    return row === undefined ? null : `PostgreSQL ${row.server_version}`
  } catch (error) {
    // The one byte that answers the question for TLS (its protocol, 55.2.10).
    if (target.tls !== 'off' && wire.first.toString('latin1') === 'N') throw new ProbeFault('tls-unsupported')
    if (isAsked && target.password === null) throw new ProbeFault('password-missing')
    throw error
  } finally {
    void client.end().catch(() => undefined)
  }
}

function toFault(error: unknown): ProbeFault {
  const code = systemCode(error)
  if (code !== undefined && Object.hasOwn(faults, code)) return new ProbeFault(faults[code] ?? 'failed', code)
  return asFault(error, 'bad-answer')
}
