import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AuditTarget } from '#contract/method.ts'
import { Failure } from '#base/failure.ts'
import { randomId } from '#base/ids.ts'
import { Lifetime } from '#base/lifetime.ts'
import { newToken } from '../../kernel/auth.ts'
import { callsAs } from '../../kernel/call.fixture.ts'
import { createExecutor, type AuditTrail, type Handlers } from '../../kernel/execute.ts'
import { openStore } from '../../store/open.ts'
import { usersHandlers } from './users-handlers.ts'
import { UsersService } from './users-service.ts'
import { UsersStore } from './users-store.ts'

let life = new Lifetime()
let folder = ''
beforeEach(() => {
  life = new Lifetime()
  folder = mkdtempSync(join(tmpdir(), 'qa-users-'))
  life.onDispose(() => rmSync(folder, { recursive: true, force: true }))
})
afterEach(() => life.dispose())

async function setup() {
  const file = join(folder, 'store.db')
  const store = life.own(await openStore({ file }))
  const time = { wall: Date.parse('2026-06-01T00:00:00.000Z'), monotonic: 0 }
  const clock = { now: () => time.wall, monotonic: () => time.monotonic }
  const steps: string[] = []
  const targets: AuditTarget[] = []
  const logins = new Map<string, string>()
  const disk = { write: () => Promise.resolve() }
  const trail: AuditTrail = {
    intent: (actor, target) => {
      steps.push(`${target.action} ${target.resource.type} ${target.resource.name} by ${actor.name}`)
      return Promise.resolve(targets.push(target))
    },
    outcome: (_sequence, { outcome, errorCode }) => {
      steps.push(errorCode ?? outcome)
      return Promise.resolve()
    },
    record: (actor, target, code) => {
      steps.push(`${target.action} by ${actor.name}: ${code ?? 'ok'}`)
      if (code === null) logins.set(target.resource.id, 'just now')
      targets.push(target)
      return disk.write()
    },
  }
  const lastLogin = (tokenId: string) => Promise.resolve(logins.get(tokenId) ?? null)
  const users = new UsersService({
    store: new UsersStore(store.kysely),
    trail,
    clock,
    newId: randomId,
    instance: 'one',
    lastLogin,
  })
  const withdrawn: string[] = []
  life.own(users.withdrawn.on((id) => withdrawn.push(id)))
  const execute = createExecutor({ handlers: usersHandlers(users) as Handlers, trail, clock })
  const call = callsAs(execute, 'admin', {
    caller: { id: 'local:0', name: 'root', client: 'test/0', address: 'local', role: 'admin' },
  })
  const login = (token: string, address = '192.0.2.7') =>
    users.authenticate(token, { client: 'cli/1', address })
  return { call, login, users, steps, targets, withdrawn, time, file, disk }
}

const codeOf = (result: unknown): string => (result instanceof Failure ? result.code : 'in')

test('a token is in the answer and nowhere else: the store has its hash', async () => {
  const { call, login, file, targets } = await setup()
  await call('users.add', { name: 'ana', role: 'operator' })
  const { token, id } = await call('users.token', { name: 'ana' })
  expect(await login(token)).toMatchObject({
    name: 'ana',
    role: 'operator',
    client: 'cli/1',
    address: '192.0.2.7',
  })
  const [user] = await call('users.list', {})
  expect(user?.tokens).toEqual([
    {
      id,
      createdAt: '2026-06-01T00:00:00.000Z',
      expiresAt: '2026-08-30T00:00:00.000Z',
      lastUsedAt: 'just now',
      revokedAt: null,
    },
  ])
  for (const suffix of ['', '-wal']) expect(readFileSync(`${file}${suffix}`).includes(token)).toBe(false)
  expect(JSON.stringify([user, targets])).not.toContain(token)
})

test('a login does not wait for a busy disk, is refused when it cannot be recorded, and ends when that shows late', async () => {
  const { call, login, withdrawn, disk } = await setup()
  await call('users.add', { name: 'ana', role: 'viewer' })
  const { token, id } = await call('users.token', { name: 'ana' })
  const full = new Failure('audit-unavailable', 'The disk is full')
  disk.write = () => Promise.reject(full)
  await expect(login(token)).rejects.toBe(full)
  const busy = Promise.withResolvers<void>()
  disk.write = () => busy.promise
  expect(codeOf(await login(token))).toBe('in')
  expect(withdrawn).toEqual([])
  busy.reject(full)
  await expect.poll(() => withdrawn).toEqual([id])
})

test('logins and failed logins are on the trail, with who and why', async () => {
  const { call, login, steps } = await setup()
  await call('users.add', { name: 'ana', role: 'viewer' })
  const { token, id } = await call('users.token', { name: 'ana' })
  steps.length = 0
  await login(token)
  await login(newToken())
  await call('users.revoke', { tokenId: id })
  expect(codeOf(await login(token))).toBe('unauthenticated')
  expect(steps).toEqual([
    'login by ana: ok',
    'login by unknown: unauthenticated',
    `delete token ${id} by root`,
    'ok',
    'login by ana: unauthenticated',
  ])
})

test('a token ends with its time, and the login says until when it holds', async () => {
  const { call, login, time } = await setup()
  await call('users.add', { name: 'ana', role: 'viewer' })
  const { token, expiresAt } = await call('users.token', { name: 'ana', expiresInDays: 1 })
  time.wall = Date.parse(expiresAt) - 1
  expect(await login(token)).toMatchObject({ until: Date.parse(expiresAt) })
  time.wall += 1
  expect(await login(token)).toMatchObject({
    code: 'unauthenticated',
    message: `The token expired at ${expiresAt}`,
  })
})

test('a revoked token and a removed user are named to whoever ends connections', async () => {
  const { call, login, withdrawn } = await setup()
  const { id: userId } = await call('users.add', { name: 'ana', role: 'viewer' })
  const [first, second] = [
    await call('users.token', { name: 'ana' }),
    await call('users.token', { name: 'ana' }),
  ]
  await call('users.revoke', { tokenId: first.id })
  expect(codeOf(await login(first.token))).toBe('unauthenticated')
  expect(codeOf(await login(second.token))).toBe('in')
  await expect(call('users.revoke', { tokenId: first.id })).rejects.toMatchObject({ code: 'not-found' })
  await call('users.remove', { name: 'ana' })
  expect(codeOf(await login(second.token))).toBe('unauthenticated')
  expect(withdrawn).toEqual([first.id, userId])
  await expect(call('users.remove', { name: 'ana' })).rejects.toMatchObject({ code: 'not-found' })
  await expect(call('users.token', { name: 'ana' })).rejects.toMatchObject({ code: 'not-found' })
})

test('a token that is revoked while its login is written down does not get in', async () => {
  const { call, login } = await setup()
  await call('users.add', { name: 'ana', role: 'viewer' })
  const { token, id } = await call('users.token', { name: 'ana' })
  const entering = login(token)
  await call('users.revoke', { tokenId: id })
  expect(codeOf(await entering)).toBe('unauthenticated')
})

test('wrong tokens beyond the fifth wait, longer and longer, and the right one does not wait with them', async () => {
  const { call, login, steps, targets, time } = await setup()
  await call('users.add', { name: 'ana', role: 'viewer' })
  const { token } = await call('users.token', { name: 'ana' })
  const guess = async (address?: string) => codeOf(await login(newToken(), address))
  for (let i = 0; i < 5; i++) expect(await guess()).toBe('unauthenticated')
  const waits: number[] = []
  for (let round = 0; round < 8; round++) {
    expect(await guess()).toBe('login-throttled')
    let waited = 0
    while ((await guess()) === 'login-throttled') {
      time.monotonic += 1000
      waited++
    }
    waits.push(waited)
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60])
  expect(await guess('198.51.100.1')).toBe('unauthenticated')
  expect(codeOf(await login(token))).toBe('in')
  // Turned away without a record each, but counted in the next one.
  const recorded = steps.filter((step) => /^login .*unauthenticated$/.test(step))
  expect(recorded).toHaveLength(5 + 8 + 1)
  expect(
    targets.filter(({ action }) => action === 'login').map(({ details }) => details?.['unrecorded']),
  ).toContain(61)
  time.monotonic += 16 * 60_000
  expect(await guess()).toBe('unauthenticated')
  expect(await guess()).toBe('unauthenticated')
})

test('a name is given once, and the revision tells of every change', async () => {
  const { call, users } = await setup()
  const before = users.revision
  await call('users.add', { name: 'ana', role: 'viewer' })
  await expect(call('users.add', { name: 'ana', role: 'admin' })).rejects.toMatchObject({ code: 'conflict' })
  expect(users.revision).not.toBe(before)
  expect((await call('users.list', {})).map(({ name, role }) => [name, role])).toEqual([['ana', 'viewer']])
})
