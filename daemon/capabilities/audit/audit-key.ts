import { generateKeyPairSync } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { Failure, messageOf } from '#base/failure.ts'
import { createText, makeFolder, readText, type AuditPaths } from './audit-files.ts'
import { AuditSigner } from './audit-signing.ts'

/**
 * Reads the signing key, making it (PKCS #8 PEM, 0600) when there is none.
 * @throws Failure `unsafe-state-folder` when others may read it; what the file system throws otherwise.
 */
export function loadSigner(paths: AuditPaths): AuditSigner {
  makeFolder(paths.folder)
  const signer = readSigner(paths)
  if (signer !== null) return signer
  const { privateKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  createText(paths.key, privateKey)
  return new AuditSigner(privateKey)
}

/** @returns null when there is no key. */
export function readSigner(paths: AuditPaths): AuditSigner | null {
  const pem = readText(paths.key)
  if (pem === null) return null
  if (process.platform !== 'win32' && (lstatSync(paths.key).mode & 0o077) !== 0) {
    throw new Failure('unsafe-state-folder', `Others may read the audit key ${paths.key}: make it 0600`)
  }
  try {
    return new AuditSigner(pem)
  } catch (error) {
    throw new Failure('audit-unavailable', `The audit key ${paths.key} is damaged: ${messageOf(error)}`, {
      cause: error,
      hint: 'Restore the key from a backup, or move the audit folder away to begin a new trail.',
    })
  }
}
