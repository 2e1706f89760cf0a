import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ListedContainer } from './container-rows.ts'
import { LiveContainers } from './live-containers.ts'

/** An engine's containers by id and state, and what it was asked. */
function setup() {
  const states = new Map<string, ListedContainer['row']['state']>()
  const asked: (readonly string[] | null)[] = []
  const inspected: string[] = []
  const end = new AbortController()
  let failing = false
  let changes = 0
  const source = {
    async list(ids: readonly string[] | null) {
      asked.push(ids)
      await delay(1)
      if (failing) throw new Error('the engine is gone')
      return [...states].filter(([id]) => ids?.includes(id) ?? true).map(([id, state]) => listed(id, state))
    },
    async pid(id: string) {
      inspected.push(id)
      return 1000 + Number(id)
    },
  }
  const live = new LiveContainers(source, end.signal, {
    changed: () => changes++,
    failed: (error) => end.abort(error),
  })
  const list = () => live.list().map(({ id, state }) => `${id} ${state}`)
  return { states, asked, inspected, live, list, end, fail: () => (failing = true), changes: () => changes }
}

const listed = (id: string, state: ListedContainer['row']['state']): ListedContainer => ({
  command: null,
  row: {
    id,
    state,
    name: id,
    image: 'box',
    status: '',
    health: null,
    ports: [],
    labels: {},
    createdAt: '2026-01-01T00:00:00.000Z',
  },
})

describe('the live list', () => {
  test('an event changes only what the engine then lists', async () => {
    const { states, live, list, end } = setup()
    states.set('1', 'running').set('2', 'exited')
    await live.refresh()
    expect(list()).toEqual(['1 running', '2 exited'])
    states.delete('1')
    states.set('2', 'running').set('3', 'created')
    for (const id of ['1', '2', '3', '4']) live.look(id)
    await delay(50)
    expect(list()).toEqual(['2 running', '3 created'])
    end.abort()
  })

  test('an event that comes before the list shows its change is looked at again', async () => {
    const { states, live, list, end } = setup()
    states.set('1', 'running')
    await live.refresh()
    live.look('1')
    await delay(30)
    states.set('1', 'paused')
    expect(list()).toEqual(['1 running'])
    await delay(200)
    expect(list()).toEqual(['1 paused'])
    end.abort()
  })

  test('a change during a refresh is never lost, and a refresh answers only with what came after it', async () => {
    const { states, live, list, end } = setup()
    states.set('1', 'running')
    const first = live.refresh()
    states.set('1', 'exited')
    const second = live.refresh()
    await second
    await first
    expect(list()).toEqual(['1 exited'])
    end.abort()
  })

  test('many events cost few questions', async () => {
    const { states, asked, live, list, end } = setup()
    for (let n = 0; n < 500; n++) states.set(String(n), 'created')
    await live.refresh()
    for (let n = 0; n < 500; n++) {
      states.set(String(n), 'exited')
      live.look(String(n))
    }
    await delay(50)
    expect(list().every((row) => row.endsWith('exited'))).toBe(true)
    expect(asked.length).toBeLessThanOrEqual(4)
    end.abort()
  })

  test('a pid is asked for once per start', async () => {
    const { states, inspected, live, end } = setup()
    states.set('1', 'running').set('2', 'exited')
    await live.refresh()
    await live.refresh()
    expect(inspected).toEqual(['1'])
    expect(live.list().map(({ pid }) => pid)).toEqual([1001, null])
    live.look('1')
    await live.refresh()
    expect(inspected).toEqual(['1', '1'])
    await live.refresh({ pids: true })
    expect(inspected).toEqual(['1', '1', '1'])
    end.abort()
  })

  test('nothing is told when nothing changed', async () => {
    const { states, live, changes, end } = setup()
    states.set('1', 'running')
    await live.refresh()
    await live.refresh()
    expect(changes()).toBe(1)
    end.abort()
  })

  test('when the engine goes, everybody who waits is told', async () => {
    const { live, fail, end } = setup()
    fail()
    const waiting = [live.refresh(), live.refresh()]
    for (const refresh of waiting) await expect(refresh).rejects.toThrow('the engine is gone')
    await expect(live.refresh()).rejects.toThrow('the engine is gone')
    expect(end.signal.aborted).toBe(true)
  })
})
