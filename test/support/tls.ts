import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { findProgram, peers } from './peers.ts'

/** A certificate for this machine's loopback, signed by itself. */
export interface TestCertificate {
  readonly certFile: string
  readonly keyFile: string
  /** PEM text of the certificate, which is its own authority. */
  readonly ca: string
  /** Deletes the files. */
  remove(): void
}

export interface CertificateOptions {
  readonly names?: readonly string[]
  /** Ten days old, where the peer `faketime` is there. */
  readonly expired?: boolean
  /** From in ten days on, where the peer `faketime` is there. */
  readonly early?: boolean
  readonly days?: number
  /** Signed by this one, and not by itself. */
  readonly authority?: TestCertificate
}

/** Makes a certificate with OpenSSL, valid for a day unless it is said for how many. */
export function makeCertificate({
  names = ['DNS:localhost', 'IP:127.0.0.1', 'IP:::1'],
  expired = false,
  early = false,
  days = 1,
  authority,
}: CertificateOptions = {}): TestCertificate {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-tls-'))
  const certFile = path.join(folder, 'cert.pem')
  const keyFile = path.join(folder, 'key.pem')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-keyout', keyFile]
  const subject = ['-subj', '/CN=quantum-admin-test', '-addext', `subjectAltName=${names.join(',')}`]
  const by = authority === undefined ? [] : ['-CA', authority.certFile, '-CAkey', authority.keyFile]
  execFileSync(
    'openssl',
    ['req', '-x509', '-days', String(days), ...by, ...key, '-out', certFile, ...subject],
    {
      stdio: 'ignore',
      env: { ...process.env, ...(expired ? at('-10d') : early ? at('+10d') : {}) },
    },
  )
  return {
    certFile,
    keyFile,
    ca: readFileSync(certFile, 'utf8'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function at(time: string): NodeJS.ProcessEnv {
  const library = findProgram(peers.faketime.files)
  if (library === null) throw new Error('libfaketime is not installed')
  return { LD_PRELOAD: library, FAKETIME: time }
}
