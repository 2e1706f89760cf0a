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
}

/** Makes a certificate with OpenSSL, valid for a day. */
export function makeCertificate({
  names = ['DNS:localhost', 'IP:127.0.0.1', 'IP:::1'],
  expired = false,
}: CertificateOptions = {}): TestCertificate {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-tls-'))
  const certFile = path.join(folder, 'cert.pem')
  const keyFile = path.join(folder, 'key.pem')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-keyout', keyFile]
  const subject = ['-subj', '/CN=quantum-admin-test', '-addext', `subjectAltName=${names.join(',')}`]
  execFileSync('openssl', ['req', '-x509', '-days', '1', ...key, '-out', certFile, ...subject], {
    stdio: 'ignore',
    env: { ...process.env, ...(expired ? tenDaysAgo() : {}) },
  })
  return {
    certFile,
    keyFile,
    ca: readFileSync(certFile, 'utf8'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function tenDaysAgo(): NodeJS.ProcessEnv {
  const library = findProgram(peers.faketime.files)
  if (library === null) throw new Error('libfaketime is not installed')
  return { LD_PRELOAD: library, FAKETIME: '-10d' }
}
