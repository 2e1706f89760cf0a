import { randomBytes } from 'node:crypto'

/** Makes ids; a parameter so that tests can count instead. */
export type NewId = () => string

/** 16 random bytes as 32 hex digits: unguessable, and safe in URLs, argv (never a leading dash) and file names. */
export const randomId: NewId = () => randomBytes(16).toString('hex')
