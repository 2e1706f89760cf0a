import { setTimeout as delay } from 'node:timers/promises'
import type { Actor } from '#contract/audit.ts'
import type { AuditTarget, Role } from '#contract/method.ts'
import type { User } from '#contract/users.ts'
import { isoTime, type Clock } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure } from '#base/failure.ts'
import type { NewId } from '#base/ids.ts'
import { hashToken, newToken, type Authenticate } from '../../kernel/auth.ts'
import type { AuditTrail, Caller, Change } from '../../kernel/execute.ts'
import { LoginThrottle } from './login-throttle.ts'
import type { TokenOwner, UsersStore } from './users-store.ts'

const dayMs = 86_400_000
/** How long a login waits for its record to be durable. */
const loginPatienceMs = 50
/** How rarely the logins of a program that asks again and again are told of, and of how many that is remembered. */
const againMs = 3_600_000
const mostTold = 1000

interface UsersDeps {
  readonly store: UsersStore
  readonly trail: AuditTrail
  readonly clock: Clock
  readonly newId: NewId
  /** Unlike any other start's; the first part of every revision. */
  readonly instance: string
  /** When a token was last used; from the audit trail. */
  readonly lastLogin: (tokenId: string) => Promise<string | null>
}

/** The users of a daemon that listens on the network, and their logins. */
export class UsersService {
  readonly #deps: UsersDeps
  readonly #throttle: LoginThrottle
  /** When programs that ask again and again were last told of, by token and address; monotonic milliseconds. */
  readonly #told = new Map<string, number>()
  #revision = 0
  readonly changed = new Emitter<void>()
  /** The id of a user or a token whose access was withdrawn: what it has open must end. */
  readonly withdrawn = new Emitter<string>()

  constructor(deps: UsersDeps) {
    this.#deps = deps
    this.#throttle = new LoginThrottle(deps.clock)
  }

  /** Tells where the users stand, across restarts too. */
  get revision(): string {
    return `${this.#deps.instance}.${this.#revision}`
  }

  async list(): Promise<readonly User[]> {
    const users = await this.#deps.store.list()
    return Promise.all(users.map((user) => this.#withLogins(user)))
  }

  /** @throws Failure `conflict` when the name is taken. */
  async add(change: Change, name: string, role: Role): Promise<User> {
    const user = { id: this.#deps.newId(), name, role, createdAt: isoTime(this.#deps.clock.now()) }
    if (!(await this.#deps.store.add(change, user)))
      throw new Failure('conflict', `There is a user ${name} already`)
    change.note({ new: { name, role } })
    this.#touch()
    return { ...user, tokens: [] }
  }

  /** @throws Failure `not-found`. */
  async remove(change: Change, name: string): Promise<null> {
    const user = await this.#user(name)
    await this.#deps.store.remove(change, user.id)
    change.note({ old: { name, role: user.role } })
    this.#touch()
    this.withdrawn.emit(user.id)
    return null
  }

  /** Makes a token; only its hash stays here. @throws Failure `not-found`. */
  async issue(change: Change, name: string, expiresInDays: number) {
    const user = await this.#user(name)
    const now = this.#deps.clock.now()
    const token = newToken()
    const id = this.#deps.newId()
    const expiresAt = isoTime(now + expiresInDays * dayMs)
    await this.#deps.store.addToken(change, {
      id,
      userId: user.id,
      hash: hashToken(token).toString('hex'),
      createdAt: isoTime(now),
      expiresAt,
    })
    change.note({ new: { tokenId: id, expiresAt } })
    this.#touch()
    return { id, token, expiresAt }
  }

  /** @throws Failure `not-found` when there is no such token in force. */
  async revoke(change: Change, tokenId: string): Promise<null> {
    const userId = await this.#deps.store.revokeToken(change, tokenId, isoTime(this.#deps.clock.now()))
    if (userId === undefined) throw new Failure('not-found', `There is no token ${tokenId} in force`)
    change.note({ old: { userId } })
    this.#touch()
    this.withdrawn.emit(tokenId)
    return null
  }

  /** Decides on a login over the network; both ends of it are on the audit trail, and guessing is slowed down. */
  readonly authenticate: Authenticate = (token, connection) => this.#login(token, connection, false)

  /** The same for a program that asks again and again: of its logins one an hour is on the trail, of wrong ones each. */
  readonly authenticateAgain: Authenticate = (token, connection) => this.#login(token, connection, true)

  async #login(
    token: string,
    { client, address }: Parameters<Authenticate>[1],
    comesAgain: boolean,
  ): Promise<Caller | Failure> {
    const owner = await this.#deps.store.byTokenHash(hashToken(token).toString('hex'))
    const problem = problemOf(owner, this.#deps.clock.now())
    const actor: Actor = { id: owner?.userId ?? 'unknown', name: owner?.name ?? 'unknown', client, address }
    if (owner === undefined || problem !== undefined) {
      return this.#wrongLogin(actor, owner?.tokenId ?? 'unknown', problem ?? 'The token is unknown')
    }
    const { role, tokenId } = owner
    const caller: Caller = { ...actor, role, tokenId, until: Date.parse(owner.expiresAt) }
    if (!comesAgain || this.#isDue(`${tokenId} ${address}`))
      await this.#recordLogin(caller, loginTarget(tokenId, actor.name), tokenId)
    // It may have been revoked while the login was written down.
    const now = await this.#deps.store.byTokenHash(hashToken(token).toString('hex'))
    const withdrawn = problemOf(now, this.#deps.clock.now())
    return withdrawn === undefined ? caller : new Failure('unauthenticated', withdrawn)
  }

  /** Whether a program that asks again and again is to be told of once more. */
  #isDue(who: string): boolean {
    const now = this.#deps.clock.monotonic()
    const told = this.#told.get(who) ?? Number.NEGATIVE_INFINITY
    if (now - told < againMs) return false
    if (this.#told.size >= mostTold) this.#told.clear()
    this.#told.set(who, now)
    return true
  }

  /**
   * Waits for the record, but not long for a busy disk: a login changes nothing, and what comes of it does not happen
   * before its own intent is durable, which follows this record on the same chain. Where the record fails later, the
   * token's connections end. @throws Failure `audit-unavailable` where it fails soon.
   */
  async #recordLogin(caller: Caller, target: AuditTarget, tokenId: string): Promise<void> {
    const recorded = this.#deps.trail.record(caller, target, null).then(() => true)
    const soon = await Promise.race([recorded, delay(loginPatienceMs, false, { ref: false })])
    if (!soon) recorded.catch(() => this.withdrawn.emit(tokenId))
  }

  async #wrongLogin(actor: Actor, tokenId: string, problem: string): Promise<Failure> {
    const { waitMs, unrecorded } = this.#throttle.wrong(actor.address)
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1000)
      return new Failure(
        'login-throttled',
        `${problem}, and there were too many wrong ones from ${actor.address}; try again in ${seconds} s`,
      )
    }
    await this.#deps.trail.record(actor, loginTarget(tokenId, actor.name, unrecorded), 'unauthenticated')
    return new Failure('unauthenticated', problem)
  }

  async #withLogins(user: User): Promise<User> {
    const tokens = await Promise.all(
      user.tokens.map(async (token) => ({ ...token, lastUsedAt: await this.#deps.lastLogin(token.id) })),
    )
    return { ...user, tokens }
  }

  async #user(name: string): Promise<{ readonly id: string; readonly role: Role }> {
    const user = await this.#deps.store.byName(name)
    if (user === undefined) throw new Failure('not-found', `There is no user ${name}`)
    return user
  }

  #touch(): void {
    this.#revision++
    this.changed.emit()
  }
}

/** Why a token does not let its bearer in, or undefined when it does. */
function problemOf(owner: TokenOwner | undefined, now: number): string | undefined {
  if (owner === undefined) return 'The token is unknown'
  if (owner.revokedAt !== null) return 'The token was revoked'
  if (Date.parse(owner.expiresAt) <= now) return `The token expired at ${owner.expiresAt}`
  return undefined
}

/** @param unrecorded - wrong logins from the same address that were turned away without a record since the last. */
const loginTarget = (tokenId: string, name: string, unrecorded = 0): AuditTarget => ({
  action: 'login',
  resource: { type: 'token', id: tokenId, name },
  ...(unrecorded > 0 ? { details: { unrecorded } } : {}),
})
