import * as z from 'zod/mini'
import { command, query, roles, type, type Role } from './method.ts'

/** A token without the token: it is shown once when it is made and stored hashed. */
export interface TokenSummary {
  readonly id: string
  readonly createdAt: string
  readonly expiresAt: string
  readonly lastUsedAt: string | null
  readonly revokedAt: string | null
}

export interface User {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly createdAt: string
  readonly tokens: readonly TokenSummary[]
}

const userName = z
  .string()
  .check(
    z.minLength(1),
    z.maxLength(64),
    z.regex(/^[A-Za-z0-9][A-Za-z0-9._@-]*$/, 'expected letters, digits and . _ @ - only'),
  )

export const usersMethods = {
  'users.list': query({ params: z.strictObject({}), result: type<readonly User[]>(), role: 'admin' }),
  'users.add': command({
    params: z.strictObject({ name: userName, role: z.enum(roles) }),
    result: type<User>(),
    role: 'admin',
    danger: 'none',
    audit: ({ name, role }) => ({
      action: 'create',
      resource: { type: 'user', id: name, name },
      details: { role },
    }),
  }),
  'users.remove': command({
    params: z.strictObject({ name: userName }),
    result: type<null>(),
    role: 'admin',
    danger: 'confirm',
    audit: ({ name }) => ({ action: 'delete', resource: { type: 'user', id: name, name } }),
  }),
  /** Makes a token for TCP connections; it is in the result and nowhere else. */
  'users.token': command({
    params: z.strictObject({
      name: userName,
      expiresInDays: z._default(z.int().check(z.gte(1), z.lte(365)), 90),
    }),
    result: type<{ readonly id: string; readonly token: string; readonly expiresAt: string }>(),
    role: 'admin',
    danger: 'none',
    audit: ({ name, expiresInDays }) => ({
      action: 'create',
      resource: { type: 'token', id: name, name },
      details: { expiresInDays },
    }),
  }),
  'users.revoke': command({
    params: z.strictObject({ tokenId: z.string().check(z.minLength(1), z.maxLength(64)) }),
    result: type<null>(),
    role: 'admin',
    danger: 'confirm',
    audit: ({ tokenId }) => ({ action: 'delete', resource: { type: 'token', id: tokenId, name: tokenId } }),
  }),
}
