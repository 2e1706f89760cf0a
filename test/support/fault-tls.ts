import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { findProgram, peers } from './peers.ts'

let folder: string | null = null

/** An authority of the tests, made once. @returns its certificate's file. */
export function authority(): string {
  if (folder === null) {
    folder = mkdtempSync(path.join(tmpdir(), 'qa-ca-'))
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-keyout', 'ca.key']
    openssl('req', '-x509', '-days', '30', ...key, '-out', 'ca.pem', '-subj', '/CN=qa faults')
    writeFileSync(path.join(folder, 'names'), 'subjectAltName=DNS:localhost\n')
  }
  return path.join(folder, 'ca.pem')
}

export function removeAuthority(): void {
  if (folder !== null) rmSync(folder, { recursive: true, force: true })
  folder = null
}

/** A certificate for this machine, with its key, as one PEM text. @param seconds - until it expires; negative: it has. */
export function signedCertificate(seconds: number): string {
  authority()
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-keyout', 'leaf.key']
  openssl('req', ...key, '-out', 'leaf.csr', '-subj', '/CN=localhost')
  const library = findProgram(peers.faketime.files)
  if (library === null) throw new Error('libfaketime is not installed')
  // OpenSSL counts whole days from now, so now is put so that the day ends then.
  const ahead = seconds - 86_400
  const env = { ...process.env, LD_PRELOAD: library, FAKETIME: `${ahead < 0 ? '' : '+'}${ahead}` }
  const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names']
  execFileSync('openssl', ['x509', '-req', '-in', 'leaf.csr', '-days', '1', ...by, '-out', 'leaf.pem'], {
    cwd: folder ?? '',
    stdio: 'ignore',
    env,
  })
  const [leaf, secret] = ['leaf.pem', 'leaf.key'].map((file) =>
    readFileSync(path.join(folder ?? '', file), 'utf8'),
  )
  return `${leaf}${secret}`
}

function openssl(...words: readonly string[]): void {
  execFileSync('openssl', [...words], { cwd: folder ?? '', stdio: 'ignore' })
}
