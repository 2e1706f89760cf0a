import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Failure } from '#base/failure.ts'
import { ownUser } from '#base/own-user.ts'
import type { Caller } from './execute.ts'

/** Decides who a token belongs to. `client` and `address` come from the connection. */
export type Authenticate = (
  token: string,
  connection: { readonly client: string; readonly address: string },
) => Promise<Caller | Failure> | Caller | Failure

/** A token of 256 bits from the system's generator, as 43 characters of base64url. */
export const newToken = (): string => randomBytes(32).toString('base64url')

export const tokenPattern = /^[A-Za-z0-9_-]{43}$/

/** What is stored of a token: it has 256 bits of its own, so a plain hash needs no salt. */
export const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest()

/** Compares in time that tells nothing of where they differ. */
export const sameToken = (given: string, hash: Buffer): boolean => timingSafeEqual(hashToken(given), hash)

/** The admin of the local socket: whoever could read this start's token file. */
export function localAdmin(client: string): Caller {
  const user = ownUser()
  const id = user.uid >= 0 ? `local:${user.uid}` : `local:${user.username}`
  return { id, name: user.username, client, address: 'local', role: 'admin' }
}
