import { createPrivateKey, createPublicKey, hash, hkdfSync, sign, verify, type KeyObject } from 'node:crypto'
import type { AuditCheckpoint, AuditHead } from '#contract/audit.ts'

/** What a head says: where the trail stood, and when. */
export type HeadStatement = Omit<AuditHead, 'signature'>
export type CheckpointStatement = Omit<AuditCheckpoint, 'signature'>

/** Each kind of statement begins with a name of its own, so that no signature serves for another kind. */
const headText = ({ sequence, hash, timestamp }: HeadStatement): Buffer =>
  Buffer.from(`quantum-admin audit head 1\n${sequence}\n${hash}\n${timestamp}\n`)

const checkpointText = ({ sequence, hash, timestamp, root }: CheckpointStatement): Buffer =>
  Buffer.from(`quantum-admin audit checkpoint 1\n${sequence}\n${hash}\n${timestamp}\n${root}\n`)

const breakText = (body: string): Buffer => Buffer.from(`quantum-admin audit break 1\n${body}\n`)

/** Checks statements with the public key alone (Ed25519, RFC 8032). */
export class AuditVerifier {
  readonly #key: KeyObject
  /** SubjectPublicKeyInfo as PEM. */
  readonly publicKey: string

  /** @param publicKey - SubjectPublicKeyInfo as PEM. @throws when it is not an Ed25519 key. */
  constructor(publicKey: string | KeyObject) {
    this.#key = typeof publicKey === 'string' ? createPublicKey(publicKey) : publicKey
    if (this.#key.asymmetricKeyType !== 'ed25519') throw new Error('The audit key is not an Ed25519 key')
    this.publicKey = this.#key.export({ type: 'spki', format: 'pem' }).toString()
  }

  head(head: AuditHead): boolean {
    return this.#holds(headText(head), head.signature)
  }

  checkpoint(checkpoint: AuditCheckpoint): boolean {
    return this.#holds(checkpointText(checkpoint), checkpoint.signature)
  }

  break(body: string, signature: string): boolean {
    return this.#holds(breakText(body), signature)
  }

  #holds(text: Buffer, signature: string): boolean {
    return verify(null, text, this.#key, Buffer.from(signature, 'base64url'))
  }
}

/** Signs statements and seals records. Made from the private key, which never leaves the daemon's folder. */
export class AuditSigner extends AuditVerifier {
  readonly #privateKey: KeyObject
  readonly #sealKey: string

  /** @param pem - the private key, PKCS #8 as PEM. @throws when it is not an Ed25519 key. */
  constructor(pem: string) {
    const privateKey = createPrivateKey(pem)
    super(createPublicKey(privateKey))
    this.#privateKey = privateKey
    const secret = privateKey.export({ type: 'pkcs8', format: 'der' })
    const sealKey = hkdfSync('sha256', secret, '', 'quantum-admin audit seal 1', 32)
    this.#sealKey = Buffer.from(sealKey).toString('hex')
  }

  signHead(head: HeadStatement): AuditHead {
    return { ...head, signature: this.#sign(headText(head)) }
  }

  signCheckpoint(checkpoint: CheckpointStatement): AuditCheckpoint {
    return { ...checkpoint, signature: this.#sign(checkpointText(checkpoint)) }
  }

  signBreak(body: string): string {
    return this.#sign(breakText(body))
  }

  /**
   * A keyed tag over a record's chain hash and signature, 32 hex digits. Every record has one, because a
   * signature for each would cost a commit of many records more than the commit itself; with it a rewritten
   * stretch of the chain is found at its first record, not only at the next signature. Half of the digest is
   * left out, so a tag cannot be extended to one of a longer text.
   */
  seal(chainHash: string, signature: string | null): string {
    return hash('sha256', this.#sealKey + chainHash + (signature ?? ''), 'hex').slice(0, 32)
  }

  #sign(text: Buffer): string {
    return sign(null, text, this.#privateKey).toString('base64url')
  }
}
