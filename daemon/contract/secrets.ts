import * as z from 'zod/mini'
import { longestSecret } from './limits.ts'
import { command, query, type } from './method.ts'
import { plainName } from './reference.ts'

/** A secret as it is shown: what it holds never leaves the daemon. */
export interface SecretRow {
  readonly name: string
  /** ISO 8601 UTC with milliseconds. */
  readonly changedAt: string
}

/** Where the key lies that the secrets are encrypted with. */
export type SecretKeyPlace = 'keychain' | 'file'

export interface SecretList {
  readonly rows: readonly SecretRow[]
  /** Null until the first secret is set. */
  readonly key: SecretKeyPlace | null
}

const target = (action: 'update' | 'delete', name: string) => ({
  action,
  resource: { type: 'secret', id: name, name },
})

export const secretsMethods = {
  /** Names only. */
  'secrets.list': query({ params: z.strictObject({}), result: type<SecretList>(), role: 'operator' }),
  /** Keeps a value under a name, in place of the one before. */
  'secrets.set': command({
    params: z.strictObject({
      name: plainName,
      value: z.string().check(z.minLength(1), z.maxLength(longestSecret)),
    }),
    result: type<SecretRow>(),
    role: 'admin',
    danger: 'none',
    audit: ({ name }) => target('update', name),
  }),
  'secrets.remove': command({
    params: z.strictObject({ name: plainName }),
    result: type<null>(),
    role: 'admin',
    danger: 'confirm',
    audit: ({ name }) => target('delete', name),
  }),
  /** Encrypts all secrets with a new key, and forgets the old one. */
  'secrets.rotate': command({
    params: z.strictObject({}),
    result: type<{ readonly key: SecretKeyPlace }>(),
    role: 'admin',
    danger: 'none',
    audit: () => ({ action: 'update', resource: { type: 'secret', id: 'key', name: 'key of the secrets' } }),
  }),
}
