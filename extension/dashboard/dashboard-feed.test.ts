import { afterEach, expect, test } from 'vitest'
import type { Client, ConnectionState } from '#client/client.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure } from '#base/failure.ts'
import { Model } from '../model.ts'
import { DashboardFeed } from './dashboard-feed.ts'

const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const daemon = { pid: 1, version: '1.2.3', build: 'b', protocol: 1 }
const connected: ConnectionState = { state: 'connected', daemon }
const lost = new Failure('daemon-unreachable', 'The connection to the daemon was lost')

/** A daemon from before all of this: it refuses what it does not know, as a real one does. */
function olderDaemon() {
  const states = new Emitter<ConnectionState>()
  let state = connected
  const client: Client = {
    call: () => Promise.reject(new Failure('unknown-method', 'There is no such method')),
    revisions: () => Promise.reject(new Failure('invalid-params', 'topics: jobs is none')),
    watch: () => ({ dispose: () => undefined }),
    onState: (listener) => states.on(listener),
    reconnect: () => undefined,
    dispose: () => undefined,
    get state() {
      return state
    },
  }
  const become = (next: ConnectionState): void => {
    state = next
    states.emit(next)
  }
  return { client, become }
}

async function feedOf(open: () => Promise<Client>) {
  const model = new Model({ open, log: () => undefined })
  const feed = new DashboardFeed(model, () => undefined)
  closing.push(
    () => feed.dispose(),
    () => model.dispose(),
  )
  feed.look(true)
  expect(feed.status).toMatchObject({ state: 'starting', version: '' })
  await model.start()
  return feed
}

test('a daemon that does not know what is asked is said to be older, and none of its numbers is true', async () => {
  const { client } = olderDaemon()
  const feed = await feedOf(() => Promise.resolve(client))
  expect(feed.status).toMatchObject({ state: 'ok', version: '1.2.3' })
  await expect.poll(() => feed.status.state, { timeout: 5000 }).toBe('older')
  expect(feed.next()?.cards.filter(({ fresh, rows }) => fresh && rows !== null)).toEqual([])
})

test('since when a connection is lost is said, and stays so while it is tried again', async () => {
  const { client, become } = olderDaemon()
  const feed = await feedOf(() => Promise.resolve(client))
  become({ state: 'waiting', failure: lost, retryAt: Date.now() + 1000 })
  const { since } = feed.status
  expect(feed.status).toMatchObject({ state: 'unreachable', message: lost.message, version: '' })
  become({ state: 'connecting', waitingFor: 'the daemon' })
  expect(feed.status).toMatchObject({ state: 'unreachable', since })
  become(connected)
  expect(feed.status.state).toBe('ok')
})

test.each([
  ['untrusted', 'untrusted'],
  ['daemon-incompatible', 'older'],
  ['unauthenticated', 'failed'],
  ['node-too-old', 'failed'],
] as const)('%s is the state %s', async (code, state) => {
  const feed = await feedOf(() => Promise.reject(new Failure(code, 'No')))
  expect(feed.status).toMatchObject({ state, message: 'No' })
  expect(feed.next()).toBeNull()
})
