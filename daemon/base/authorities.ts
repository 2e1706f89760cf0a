import { rootCertificates } from 'node:tls'
import * as tls from 'node:tls'

/** The certificates that are trusted: the usual ones, and this system's where the runtime can read them. */
export function usualAuthorities(): string[] {
  // Runtimes before Node.js 22.15 have only their own list.
  const { getCACertificates } = tls as {
    getCACertificates?: (type: 'default' | 'system') => string[]
  }
  return getCACertificates === undefined
    ? [...rootCertificates]
    : [...getCACertificates('default'), ...getCACertificates('system')]
}
