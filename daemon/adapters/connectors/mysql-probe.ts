import mysql from 'mysql2'
import type { ConnectorFault } from '#contract/connectors.ts'
import { systemCode } from '#base/failure.ts'
import { asFault, faultOfCode, ProbeFault } from './probe-fault.ts'
import { placeOf, TargetSocket, tlsOptions, type Wire } from './probe-socket.ts'
import type { ProbeTarget } from './prober.ts'

/** Names of the server's errors (MySQL's error reference), and of the driver's own. */
const faults: Readonly<Record<string, ConnectorFault>> = {
  ER_ACCESS_DENIED_ERROR: 'login-refused',
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: 'password-missing',
  ER_ACCESS_DENIED_CHANGE_USER_ERROR: 'login-refused',
  ER_DBACCESS_DENIED_ERROR: 'access-refused',
  ER_HOST_NOT_PRIVILEGED: 'access-refused',
  ER_HOST_IS_BLOCKED: 'access-refused',
  ER_ACCOUNT_HAS_BEEN_LOCKED: 'access-refused',
  ER_BAD_DB_ERROR: 'no-database',
  ER_CON_COUNT_ERROR: 'busy',
  ER_TOO_MANY_USER_CONNECTIONS: 'busy',
  ER_SECURE_TRANSPORT_REQUIRED: 'tls-required',
  HANDSHAKE_NO_SSL_SUPPORT: 'tls-unsupported',
  PROTOCOL_CONNECTION_LOST: 'closed',
  AUTH_SWITCH_PLUGIN_ERROR: 'login-refused',
}

/** @returns what the server calls itself. @throws ProbeFault. */
export async function probeMysql(target: ProbeTarget, wire: Wire): Promise<string | null> {
  try {
    return await login(target, wire)
  } catch (error) {
    const fault = error instanceof ProbeFault ? error : asFault(error, 'bad-answer')
    // A user who must come with TLS is refused as one with a wrong password is.
    if (fault.fault !== 'login-refused' || target.tls !== 'off') throw fault
    if (await isOpenWithTls(target, wire)) throw new ProbeFault('tls-required', fault.code)
    throw fault
  }
}

async function isOpenWithTls(target: ProbeTarget, wire: Wire): Promise<boolean> {
  return login({ ...target, tls: 'unverified' }, wire).then(
    () => true,
    (error: unknown) => error instanceof ProbeFault && error.fault === 'no-database',
  )
}

function login(target: ProbeTarget, wire: Wire): Promise<string | null> {
  const { host, port } = placeOf(target)
  const connection = mysql.createConnection({
    host,
    port,
    user: target.user ?? 'root',
    ...(target.password === null ? {} : { password: target.password }),
    ...(target.database === null ? {} : { database: target.database }),
    // TLS begins after the server's first words, so the socket itself is without.
    stream: () => named(new TargetSocket(target, wire).connect(), host),
    ...(target.tls === 'off' ? {} : { ssl: sslOptions(target) }),
    // The time is kept by whoever called.
    connectTimeout: 0,
    // Not files of this machine that the server asks for.
    flags: ['-LOCAL_FILES'],
  })
  return new Promise((resolve, reject) => {
    // It may come more than once, and without a listener it would end the process.
    connection.on('error', (error) => reject(toFault(error, connection, target)))
    connection.connect((error) => {
      if (error !== null) return reject(toFault(error, connection, target))
      connection.query('select version() as version', (failed: unknown, rows: unknown) => {
        if (failed !== null) return reject(toFault(failed, connection, target))
        resolve(versionOf(rows))
        connection.destroy()
      })
    })
  })
}

/**
 * The driver leaves it to Node.js whose certificate an IP address must have, which takes that from the socket, and
 * without it would be content with one for localhost.
 */
const named = (socket: TargetSocket, host: string): TargetSocket => Object.assign(socket, { _host: host })

function sslOptions(target: ProbeTarget): mysql.SslOptions {
  const { ca, rejectUnauthorized } = tlsOptions(target)
  return {
    rejectUnauthorized,
    verifyIdentity: rejectUnauthorized,
    ...(typeof ca === 'object' && Array.isArray(ca) ? { ca: ca.map(String) } : {}),
  }
}

function versionOf(rows: unknown): string | null {
  const [row] = Array.isArray(rows) ? (rows as readonly unknown[]) : []
  const version = typeof row === 'object' && row !== null && 'version' in row ? String(row.version) : null
  if (version === null) return null
  return /mariadb/i.test(version) ? `MariaDB ${version.replace(/-mariadb.*$/i, '')}` : `MySQL ${version}`
}

function toFault(error: unknown, connection: mysql.Connection, target: ProbeTarget): ProbeFault {
  const code = systemCode(error)
  const known = code !== undefined && Object.hasOwn(faults, code) ? faults[code] : undefined
  if (known === 'login-refused' && target.password === null) return new ProbeFault('password-missing', code)
  if (known !== undefined) return new ProbeFault(known, code ?? null)
  if (code === 'HANDSHAKE_SSL_ERROR') return tlsFault(error, connection)
  return asFault(error, 'bad-answer')
}

/** The driver puts its own code in place of what TLS said, which its socket still knows. */
function tlsFault(error: unknown, connection: mysql.Connection): ProbeFault {
  const { stream } = connection as unknown as {
    readonly stream?: { readonly authorizationError?: unknown }
  }
  const said = stream?.authorizationError
  const code = said instanceof Error ? systemCode(said) : typeof said === 'string' ? said : undefined
  // A wrong name is found by the driver itself, and that error has the certificate with it.
  if (code === undefined && error instanceof Error && 'cert' in error) return new ProbeFault('tls-wrong-host')
  return new ProbeFault(faultOfCode(code) ?? 'tls-failed', code ?? null)
}
