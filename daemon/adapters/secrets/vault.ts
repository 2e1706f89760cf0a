import type { SecretKeyPlace } from '#contract/secrets.ts'
import type { Change } from '../../kernel/execute.ts'

export interface StoredSecret {
  readonly value: string
  /** ISO 8601 UTC with milliseconds. */
  readonly changedAt: string
}

export type Secrets = ReadonlyMap<string, StoredSecret>

/** Keeps secrets where nobody who has only the file can read them. One caller at a time. */
export interface Vault {
  /** Where the key lies; null until there is one. */
  readonly place: SecretKeyPlace | null
  /** @throws Failure `secrets-unavailable` when what is there cannot be read; it stays as it is. */
  load(): Promise<Secrets>
  /** All of them, in place of what was there; durable when it settles. @throws Failure `secrets-unavailable`. */
  save(change: Change, secrets: Secrets): Promise<void>
  /** As {@link save}, with a new key; the one before is forgotten. */
  rotate(change: Change, secrets: Secrets): Promise<void>
}
