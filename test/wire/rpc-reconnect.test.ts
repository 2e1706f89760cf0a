import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ChangedEvent } from '#contract/system.ts'
import type { Failure } from '#base/failure.ts'
import { RpcClient } from '#client/rpc-client.ts'
import { openSocket } from '#client/transport.ts'
import { newToken } from '../../daemon/kernel/auth.ts'
import { openDoor, until, type DoorOptions, type TestDoor } from '../support/door.ts'

let at: { readonly folder: string; readonly token: string }
let client: RpcClient
beforeEach(() => {
  at = { folder: mkdtempSync(path.join(tmpdir(), 'qa-door-')), token: newToken() }
})
afterEach(() => {
  client.dispose()
  rmSync(at.folder, { recursive: true, force: true })
})

const start = (options: DoorOptions = {}): Promise<TestDoor> => openDoor({ ...options, at })

function connect(keep = true): RpcClient {
  const socket = path.join(at.folder, 'daemon.sock')
  client = new RpcClient((signal) => openSocket({ socket, token: at.token, client: 'test/0' }, signal), keep)
  return client
}

test('a client outlives its daemon: calls wait for the next one, and it says what it waits for', async () => {
  const states: string[] = []
  connect().onState(({ state }) => states.push(state))
  const early = client.call('daemon.status', {})
  await until('the first attempt to fail', () => client.state.state === 'waiting')
  expect(client.state).toMatchObject({ failure: { code: 'daemon-unreachable' }, retryAt: expect.any(Number) })
  const first = await start({ handlers: { 'daemon.status': () => 'first' } })
  await expect(early).resolves.toBe('first')
  await first.dispose()
  await until('the loss to be noticed', () => client.state.state !== 'connected')
  const waiting = client.call('daemon.status', {})
  const second = await start({ handlers: { 'daemon.status': () => 'second' } })
  client.reconnect()
  await expect(waiting).resolves.toBe('second')
  expect(states).toEqual(expect.arrayContaining(['connecting', 'waiting', 'connected']))
  await second.dispose()
})

test('it tries again after longer and longer pauses', async () => {
  const pauses: number[] = []
  connect().onState((state) => {
    if (state.state === 'waiting') pauses.push(state.retryAt - Date.now())
  })
  await until('four attempts', () => pauses.length === 4)
  for (const [i, pause] of pauses.entries()) expect(Math.abs(pause - 250 * 2 ** i)).toBeLessThan(60)
})

test('a call that was under way when the connection broke fails with what to do, and is not sent again', async () => {
  const hang = () => new Promise<never>(() => {})
  const first = await start({ handlers: { 'leases.release': hang } })
  const call = connect().call('leases.release', { name: 'shop' })
  call.catch(() => {})
  await until('the command to be under way', () => first.entered.length === 1)
  const stopping = first.dispose()
  const failure = await call.catch((error: unknown) => error as Failure)
  expect(failure).toMatchObject({ hint: expect.stringMatching(/audit trail|Nothing more was done/) })
  await stopping
  const second = await start()
  client.reconnect()
  await client.call('daemon.status', {})
  expect(second.entered).toEqual(['daemon.status'])
  await second.dispose()
})

test('after a reconnect it watches the same topics, and only what really changed is reported', async () => {
  const first = await start()
  first.revisions.set('ports', 'p1').set('leases', 'l1')
  const seen: ChangedEvent[] = []
  connect().watch(['ports', 'leases'], (event) => seen.push(event))
  await until('both topics', () => seen.length === 2)
  first.revisions.set('ports', 'p2')
  first.events.changed('ports')
  await until('the change', () => seen.length === 3)
  await first.dispose()
  const second = await start()
  second.revisions.set('ports', 'p2').set('leases', 'l2')
  client.reconnect()
  await until('the change that happened meanwhile', () => seen.length === 4)
  await sleep(50)
  expect(seen.map(({ topic, revision }) => `${topic} ${revision}`)).toEqual([
    'ports p1',
    'leases l1',
    'ports p2',
    'leases l2',
  ])
  expect(second.events.watched('ports')).toBe(true)
  await second.dispose()
})

test('what nobody watches any more is not asked for', async () => {
  const door = await start()
  const ports = connect().watch(['ports'], () => {})
  const leases = client.watch(['leases'], () => {})
  await until('both to be watched', () => door.events.watched('ports') && door.events.watched('leases'))
  void ports.dispose()
  await until('ports to be let go', () => !door.events.watched('ports'))
  expect(door.events.watched('leases')).toBe(true)
  void leases.dispose()
  await until('leases to be let go', () => !door.events.watched('leases'))
  await door.dispose()
})

test('a client for one command gives up at the first failure, and one with a wrong token does not insist', async () => {
  connect(false)
  await expect(client.call('daemon.status', {})).rejects.toMatchObject({
    code: 'daemon-unreachable',
    hint: expect.stringContaining('daemon start'),
  })
  expect(client.state.state).toBe('closed')
  const door = await start()
  at = { ...at, token: newToken() }
  connect(true)
  await expect(client.call('daemon.status', {})).rejects.toMatchObject({ code: 'unauthenticated' })
  expect(client.state).toMatchObject({ state: 'closed', failure: { code: 'unauthenticated' } })
  await door.dispose()
})

test('a call that waits for a connection can be cancelled, and ends when the client is closed', async () => {
  connect()
  const controller = new AbortController()
  const first = client.call('daemon.status', {}, { signal: controller.signal })
  const second = client.call('daemon.status', {})
  second.catch(() => {})
  controller.abort()
  await expect(first).rejects.toMatchObject({ code: 'cancelled' })
  client.dispose()
  await expect(second).rejects.toMatchObject({ code: 'daemon-unreachable' })
  await expect(client.call('daemon.status', {})).rejects.toMatchObject({ code: 'daemon-unreachable' })
})
