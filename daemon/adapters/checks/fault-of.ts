import { connectionCodes } from '#base/connection-codes.ts'
import { systemCode } from '#base/failure.ts'
import type { CheckFault } from './checker.ts'

/** Codes of the system, of OpenSSL and of Node.js' HTTP parser. */
const faults: Readonly<Record<string, CheckFault>> = {
  ...connectionCodes,
  HPE_HEADER_OVERFLOW: 'headers-too-long',
  CERT_HAS_EXPIRED: 'tls-expired',
  CERT_NOT_YET_VALID: 'tls-not-yet-valid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls-wrong-host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls-self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls-untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls-untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'tls-untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls-untrusted',
  CERT_UNTRUSTED: 'tls-untrusted',
  CERT_REJECTED: 'tls-untrusted',
  INVALID_CA: 'tls-untrusted',
  INVALID_PURPOSE: 'tls-untrusted',
  CERT_REVOKED: 'tls-revoked',
  ERR_SSL_WRONG_VERSION_NUMBER: 'tls-not-spoken',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'tls-not-spoken',
  ERR_SSL_UNEXPECTED_MESSAGE: 'tls-not-spoken',
  EPROTO: 'tls-failed',
}

/** What was thrown as a fault, and its code where that says more. */
export function faultOf(error: unknown): { readonly fault: CheckFault; readonly code: string | null } {
  // One that was tried at several addresses says what became of the last.
  const last = error instanceof AggregateError ? (error.errors.at(-1) as unknown) : error
  const code = systemCode(last) ?? systemCode(error) ?? null
  if (code === null) return { fault: 'failed', code }
  if (Object.hasOwn(faults, code)) return { fault: faults[code] ?? 'failed', code }
  if (code.startsWith('HPE_')) return { fault: 'not-http', code }
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) return { fault: 'tls-failed', code }
  return { fault: 'failed', code }
}
