import type { Kysely } from 'kysely'
import type { Role } from '#contract/method.ts'
import type { User } from '#contract/users.ts'
import type { Change } from '../../kernel/execute.ts'
import type { Database } from '../../store/database.ts'

/** What a presented token stands for. */
export interface TokenOwner {
  readonly tokenId: string
  readonly userId: string
  readonly name: string
  readonly role: Role
  readonly expiresAt: string
  readonly revokedAt: string | null
}

/** Users and their tokens' hashes. */
export class UsersStore {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async list(): Promise<User[]> {
    const users = await this.#db.selectFrom('users').selectAll().orderBy('name').execute()
    const tokens = await this.#db.selectFrom('tokens').selectAll().orderBy('created_at').execute()
    return users.map((user) => ({
      id: user.id,
      name: user.name,
      role: user.role,
      createdAt: user.created_at,
      tokens: tokens
        .filter((token) => token.user_id === user.id)
        .map((token) => ({
          id: token.id,
          createdAt: token.created_at,
          expiresAt: token.expires_at,
          lastUsedAt: null,
          revokedAt: token.revoked_at,
        })),
    }))
  }

  async byName(name: string): Promise<{ readonly id: string; readonly role: Role } | undefined> {
    return this.#db.selectFrom('users').select(['id', 'role']).where('name', '=', name).executeTakeFirst()
  }

  async byTokenHash(hash: string): Promise<TokenOwner | undefined> {
    return this.#db
      .selectFrom('tokens')
      .innerJoin('users', 'users.id', 'tokens.user_id')
      .select([
        'tokens.id as tokenId',
        'users.id as userId',
        'users.name',
        'users.role',
        'tokens.expires_at as expiresAt',
        'tokens.revoked_at as revokedAt',
      ])
      .where('tokens.hash', '=', hash)
      .executeTakeFirst()
  }

  /** @returns false when the name is taken. */
  async add(
    _change: Change,
    user: { id: string; name: string; role: Role; createdAt: string },
  ): Promise<boolean> {
    const added = await this.#db
      .insertInto('users')
      .values({ id: user.id, name: user.name, role: user.role, created_at: user.createdAt })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .executeTakeFirst()
    return Number(added.numInsertedOrUpdatedRows ?? 0) === 1
  }

  /** Removes a user and all its tokens in one transaction. */
  async remove(_change: Change, id: string): Promise<void> {
    await this.#db.transaction().execute(async (db) => {
      await db.deleteFrom('tokens').where('user_id', '=', id).execute()
      await db.deleteFrom('users').where('id', '=', id).execute()
    })
  }

  async addToken(
    _change: Change,
    token: { id: string; userId: string; hash: string; createdAt: string; expiresAt: string },
  ): Promise<void> {
    await this.#db
      .insertInto('tokens')
      .values({
        id: token.id,
        user_id: token.userId,
        hash: token.hash,
        created_at: token.createdAt,
        expires_at: token.expiresAt,
        revoked_at: null,
      })
      .execute()
  }

  /** @returns the owner's id, or undefined when there is no such token in force. */
  async revokeToken(_change: Change, id: string, revokedAt: string): Promise<string | undefined> {
    const revoked = await this.#db
      .updateTable('tokens')
      .set({ revoked_at: revokedAt })
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .returning('user_id')
      .executeTakeFirst()
    return revoked?.user_id
  }
}
