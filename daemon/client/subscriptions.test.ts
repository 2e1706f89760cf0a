import { expect, test } from 'vitest'
import type { ChangedEvent } from '#contract/system.ts'
import { Subscriptions } from './subscriptions.ts'

function setup() {
  const subscriptions = new Subscriptions()
  const seen: string[] = []
  const listener = ({ topic, revision }: ChangedEvent) => void seen.push(`${topic} ${revision}`)
  return { subscriptions, seen, listener }
}

test('the daemon is asked when what is watched changes, and on every new connection', () => {
  const { subscriptions, listener } = setup()
  expect(subscriptions.take()).toBe(false)
  const ports = subscriptions.add(['ports'], listener)
  expect(subscriptions.take()).toBe(true)
  void subscriptions.add(['ports'], listener)
  expect(subscriptions.take()).toBe(false)
  subscriptions.forget()
  expect(subscriptions.take()).toBe(true)
  void ports.dispose()
  expect(subscriptions.take()).toBe(false)
})

test('a revision is reported once, whether an answer or an event brings it', () => {
  const { subscriptions, seen, listener } = setup()
  void subscriptions.add(['ports', 'leases'], listener)
  subscriptions.answered({ ports: 'p1', leases: 'l1' })
  subscriptions.changed({ topic: 'ports', revision: 'p1' })
  subscriptions.changed({ topic: 'ports', revision: 'p2' })
  subscriptions.answered({ ports: 'p2', leases: 'l2' })
  expect(seen).toEqual(['ports p1', 'leases l1', 'ports p2', 'leases l2'])
})

test('only those who watch a topic hear of it, and nobody after letting go', () => {
  const { subscriptions, seen, listener } = setup()
  const watch = subscriptions.add(['audit'], listener)
  subscriptions.changed({ topic: 'ports', revision: 'p1' })
  void watch.dispose()
  subscriptions.changed({ topic: 'audit', revision: 'a1' })
  expect(seen).toEqual([])
  expect(subscriptions.topics()).toEqual([])
})
