import { randomFillSync } from 'node:crypto'

/** Makes ids; a parameter so that tests can count instead. */
export type NewId = () => string

const idBytes = 16
/** Asking the system for a little randomness costs as much as asking for a lot. */
const pool = Buffer.alloc(idBytes * 128)
let used = pool.length

/** 16 random bytes as 22 characters of base64url: unguessable, safe in URLs, argv and file names. */
export const randomId: NewId = () => {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += idBytes
  return pool.toString('base64url', used - idBytes, used)
}
