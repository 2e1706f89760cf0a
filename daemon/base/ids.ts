import { randomFillSync } from 'node:crypto'

/** Makes ids; a parameter so that tests can count instead. */
export type NewId = () => string

const idBytes = 16
/** Asking the system for a little randomness costs as much as asking for a lot. */
const pool = Buffer.alloc(idBytes * 128)
let used = pool.length

/** 16 random bytes as 32 hex digits: unguessable, and safe in URLs, file names and argv (never a leading dash). */
export const randomId: NewId = () => {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += idBytes
  return pool.toString('hex', used - idBytes, used)
}
