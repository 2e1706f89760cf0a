import { connectionCodes } from '#base/connection-codes.ts'
import type { ConnectorFault } from '#contract/connectors.ts'
import { systemCode } from '#base/failure.ts'

/** A failed test with its cause known; what else is thrown is looked up by its code. */
export class ProbeFault extends Error {
  readonly fault: ConnectorFault
  readonly code: string | null

  constructor(fault: ConnectorFault, code: string | null = null) {
    super(fault)
    this.fault = fault
    this.code = code
  }
}

/** Codes of the system, of TLS and of Node.js' HTTP parser. */
const faults: Readonly<Record<string, ConnectorFault>> = {
  ...connectionCodes,
  CERT_HAS_EXPIRED: 'tls-expired',
  CERT_NOT_YET_VALID: 'tls-expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls-wrong-host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls-untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls-untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls-untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'tls-untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls-untrusted',
  CERT_UNTRUSTED: 'tls-untrusted',
  CERT_REVOKED: 'tls-untrusted',
  INVALID_CA: 'tls-untrusted',
  INVALID_PURPOSE: 'tls-untrusted',
  ERR_SSL_WRONG_VERSION_NUMBER: 'tls-unsupported',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'tls-unsupported',
  ERR_SSL_UNEXPECTED_MESSAGE: 'tls-unsupported',
  EPROTO: 'tls-failed',
}

/** What a code means; null when it is not one of the network's. */
export function faultOfCode(code: string | undefined): ConnectorFault | null {
  if (code === undefined) return null
  if (Object.hasOwn(faults, code)) return faults[code] ?? null
  if (code.startsWith('HPE_')) return 'wrong-protocol'
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) return 'tls-failed'
  return null
}

const plainCode = /^[A-Za-z0-9_.-]{1,60}$/

/** Whatever was thrown as a fault. Its text stays behind: a server may have put anything into it. */
export function asFault(error: unknown, otherwise: ConnectorFault = 'failed'): ProbeFault {
  if (error instanceof ProbeFault) return error
  const code = systemCode(error)
  const shown = code !== undefined && plainCode.test(code) ? code : null
  return new ProbeFault(faultOfCode(code) ?? otherwise, shown)
}
