import { expect, test } from 'vitest'
import type { Topic } from '#contract/system.ts'
import { Events, type Subscriber } from './events.ts'

function setup() {
  const events = new Events()
  let revision = 1
  events.source('ports', () => `r${revision}`)
  events.source('audit', () => 'a1')
  const reader = (id: string) => {
    const state = { id, frames: [] as string[], slow: false }
    const subscriber: Subscriber = {
      id,
      sendEvent: (frame) => {
        if (state.slow) return false
        state.frames.push((JSON.parse(frame) as { params: { revision: string } }).params.revision)
        return true
      },
    }
    events.connect(subscriber)
    return { state, subscriber }
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  return { events, reader, turn, bump: () => void revision++ }
}

test('a subscription is answered with where each topic stands, and told only of later revisions', async () => {
  const { events, reader, turn, bump } = setup()
  const { state } = reader('one')
  expect(events.subscribe('one', ['ports', 'audit'])).toEqual({ ports: 'r1', audit: 'a1' })
  events.changed('ports')
  await turn()
  expect(state.frames).toEqual([])
  bump()
  events.changed('ports')
  events.changed('ports')
  await turn()
  expect(state.frames).toEqual(['r2'])
})

test('a slow reader misses revisions in between but gets the last one', async () => {
  const { events, reader, turn, bump } = setup()
  const { state, subscriber } = reader('one')
  events.subscribe('one', ['ports'])
  state.slow = true
  for (let i = 0; i < 5; i++) {
    bump()
    events.changed('ports')
    await turn()
  }
  state.slow = false
  events.drained(subscriber)
  expect(state.frames).toEqual(['r6'])
})

test('a topic is watched from its first subscriber to its last', () => {
  const { events, reader } = setup()
  const seen: [Topic, boolean][] = []
  events.watchedChanged.on((topic) => seen.push([topic, events.watched(topic)]))
  const one = reader('one')
  reader('two')
  events.subscribe('one', ['ports'])
  events.subscribe('two', ['ports'])
  events.subscribe('two', [])
  events.disconnect(one.subscriber)
  expect(seen).toEqual([
    ['ports', true],
    ['ports', false],
  ])
})
