import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { SecretKeyPlace } from '#contract/secrets.ts'
import { Failure, messageOf, systemCode } from '#base/failure.ts'
import type { Change } from '../../kernel/execute.ts'
import type { ReplaceFile } from './file-keys.ts'
import type { Keys } from './keys.ts'
import type { Secrets, StoredSecret, Vault } from './vault.ts'

export interface FileVaultDeps {
  readonly file: string
  readonly fileKeys: Keys
  /** Null where there is none. */
  readonly keychain: Keys | null
  /** Whether new keys go to the keychain; those that lie there can be read either way. */
  readonly wantsKeychain: boolean
  readonly replaceFile: ReplaceFile
  readonly newId: () => string
}

/** What stands in the file. All but the sealed part may be read by anybody, and none of it changed unseen. */
interface Sealed {
  readonly format: 1
  readonly key: { readonly id: string; readonly place: SecretKeyPlace }
  /** Base64, 96 bits, never used twice with one key. */
  readonly nonce: string
  /** Base64: the cipher text and its tag of 128 bits. */
  readonly sealed: string
}

const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/**
 * All secrets in one file, sealed with AES-256-GCM (NIST SP 800-38D), whose key lies elsewhere under an id that the file
 * names. A key is there before the file that needs it and goes after the last that did: whenever a daemon is killed, the
 * file that is there can be read.
 */
export class FileVault implements Vault {
  readonly #deps: FileVaultDeps
  #key: Sealed['key'] | null = null

  constructor(deps: FileVaultDeps) {
    this.#deps = deps
  }

  get place(): SecretKeyPlace | null {
    return this.#key?.place ?? null
  }

  async load(): Promise<Secrets> {
    const text = await this.#text()
    if (text === null) return new Map()
    const sealed = parse(text)
    if (sealed === null) throw this.#unavailable('is not in the form that this version writes')
    const key = await this.#read(sealed.key)
    if (key === null)
      throw this.#unavailable(
        sealed.key.place === 'keychain'
          ? 'is sealed with a key that this keychain does not have'
          : `is sealed with the key of secrets.${sealed.key.id}.key, which is not there`,
      )
    try {
      const secrets = open(sealed, key)
      this.#key = sealed.key
      return secrets
    } catch (cause) {
      // What the library says of it may tell something of the key, and tells nobody what to do.
      throw this.#unavailable('was changed by somebody, or is sealed with another key', cause)
    }
  }

  async save(change: Change, secrets: Secrets): Promise<void> {
    if (this.#key === null) return this.rotate(change, secrets)
    const key = await this.#read(this.#key)
    if (key === null) throw this.#unavailable('is sealed with a key that is not there any more')
    await this.#write(this.#key, key, secrets)
  }

  async rotate(change: Change, secrets: Secrets): Promise<void> {
    const before = this.#key
    const key = randomBytes(32).toString('hex')
    const made = await this.#keep(change, key)
    await this.#write(made, key, secrets)
    this.#key = made
    if (before !== null) await this.#keys(before).remove(change, before.id)
    await this.#deps.fileKeys.removeAllBut(change, made.place === 'file' ? made.id : '')
  }

  /** Gives the key to the keychain and, where that does not keep it, to a file. */
  async #keep(change: Change, key: string): Promise<Sealed['key']> {
    const { keychain, wantsKeychain, fileKeys, newId } = this.#deps
    const id = newId()
    if (keychain !== null && wantsKeychain && (await keeps(keychain, change, id, key)))
      return { id, place: 'keychain' }
    try {
      await fileKeys.write(change, id, key)
    } catch (cause) {
      throw this.#unavailable(`cannot be sealed: ${messageOf(cause)}`, cause)
    }
    return { id, place: 'file' }
  }

  #keys({ place }: Sealed['key']): Keys {
    const { keychain, fileKeys } = this.#deps
    if (place === 'file') return fileKeys
    if (keychain === null) throw this.#unavailable('is sealed with a key of a keychain that is not there')
    return keychain
  }

  async #read(key: Sealed['key']): Promise<string | null> {
    try {
      return await this.#keys(key).read(key.id)
    } catch (cause) {
      if (cause instanceof Failure) throw cause
      throw this.#unavailable(`cannot be read without its key: ${messageOf(cause)}`, cause)
    }
  }

  async #write(key: Sealed['key'], secret: string, secrets: Secrets): Promise<void> {
    try {
      await this.#deps.replaceFile(this.#deps.file, `${JSON.stringify(seal(key, secret, secrets))}\n`)
    } catch (cause) {
      throw this.#unavailable(`cannot be written: ${messageOf(cause)}`, cause)
    }
  }

  async #text(): Promise<string | null> {
    try {
      return await readFile(this.#deps.file, 'utf8')
    } catch (cause) {
      if (systemCode(cause) === 'ENOENT') return null
      throw this.#unavailable(`cannot be read: ${messageOf(cause)}`, cause)
    }
  }

  #unavailable(what: string, cause?: unknown): Failure {
    return new Failure('secrets-unavailable', `${this.#deps.file} ${what}`, { cause })
  }
}

/** Whether a keychain has what it was given: one that is locked, or that nobody serves, may only seem to. */
async function keeps(keys: Keys, change: Change, id: string, key: string): Promise<boolean> {
  try {
    await keys.write(change, id, key)
    return (await keys.read(id)) === key
  } catch {
    return false
  }
}

/** What is bound to the sealed part: the file cannot be made to name another key. */
const bound = ({ id, place }: Sealed['key']): Buffer => Buffer.from(`quantum-admin secrets 1 ${place} ${id}`)

function seal(key: Sealed['key'], secret: string, secrets: Secrets): Sealed {
  const nonce = randomBytes(nonceBytes)
  const sealing = createCipheriv(cipher, Buffer.from(secret, 'hex'), nonce)
  sealing.setAAD(bound(key))
  const text = Buffer.from(JSON.stringify([...secrets]))
  const sealed = Buffer.concat([sealing.update(text), sealing.final(), sealing.getAuthTag()])
  return { format: 1, key, nonce: nonce.toString('base64'), sealed: sealed.toString('base64') }
}

/** @throws when it was changed, or the key is another. */
function open({ key, nonce, sealed }: Sealed, secret: string): Secrets {
  const bytes = Buffer.from(sealed, 'base64')
  const opening = createDecipheriv(cipher, Buffer.from(secret, 'hex'), Buffer.from(nonce, 'base64'), {
    authTagLength: tagBytes,
  })
  opening.setAAD(bound(key))
  opening.setAuthTag(bytes.subarray(-tagBytes))
  const text = Buffer.concat([opening.update(bytes.subarray(0, -tagBytes)), opening.final()])
  // We wrote it: that is what the tag has just proved.
  return new Map(JSON.parse(text.toString('utf8')) as [string, StoredSecret][])
}

function parse(text: string): Sealed | null {
  try {
    const value = JSON.parse(text) as Partial<Sealed> | null
    const isWhole =
      value?.format === 1 &&
      typeof value.key?.id === 'string' &&
      /^[\w-]{1,64}$/.test(value.key.id) &&
      (value.key.place === 'file' || value.key.place === 'keychain') &&
      typeof value.nonce === 'string' &&
      typeof value.sealed === 'string'
    return isWhole ? (value as Sealed) : null
  } catch {
    // It is no JSON at all, and said so in the caller's words.
    return null
  }
}
