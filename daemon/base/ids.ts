import { randomBytes } from 'node:crypto'

/** Makes ids; a parameter so that tests can count instead. */
export type NewId = () => string

/** 16 random bytes as 22 characters of base64url: unguessable, safe in URLs, argv and file names. */
export const randomId: NewId = () => randomBytes(16).toString('base64url')
