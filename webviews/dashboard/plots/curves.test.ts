import { expect, test } from 'vitest'
import type { PlotLine, Want } from '../messages.ts'
import type { Say } from '../strings.ts'
import { alone, isSilent, latest, Memory, panelsIn, timesOf } from './curves.ts'

const say: Say = (key) => key
const want: Want = { kind: 'app', app: 'shop', range: '1h', zoom: null, points: 120 }
const line = (panel: PlotLine['panel'], metric: string, values: (number | null)[], name = ''): PlotLine => ({
  panel,
  metric,
  name,
  begin: 100,
  stepMs: 10,
  values,
})

test('a plot of what nobody measured is left out, but for what everything has', () => {
  const lines = [line('requests', 'requests', [null, null]), line('latency', 'latencyP95', [1, null])]
  expect(panelsIn({ want, lines, to: 124 }, say, new Memory()).map(({ id }) => id)).toEqual([
    'latency',
    'cpu',
    'memory',
  ])
  expect(isSilent(want, panelsIn({ want, lines, to: 124 }, say, new Memory()))).toBe(false)
  expect(isSilent(want, [])).toBe(true)
  expect(isSilent({ ...want, kind: 'machine' }, [])).toBe(false)
})

test('a line is named after its app or check, else after what it measures', () => {
  const lines = [
    line('latency', 'latencyP99', [1]),
    line('availability', 'availability', [1], 'http'),
    line('cpu', 'cpu', [1]),
  ]
  const named = panelsIn({ want, lines, to: 124 }, say, new Memory()).map(({ id, curves }) => [
    id,
    ...curves.map(({ name }) => name),
  ])
  expect(named).toEqual([['latency', 'p99'], ['cpu', 'panel.cpu'], ['memory'], ['availability', 'http']])
})

test('a plot that was there stays, and each app has one colour in all plots and at all times', () => {
  const memory = new Memory()
  const drawn = (lines: PlotLine[]) =>
    panelsIn({ want: { ...want, kind: 'apps' }, lines, to: 124 }, say, memory)
  const looks = (lines: PlotLine[], id: string) =>
    drawn(lines)
      .find((panel) => panel.id === id)
      ?.curves.map(({ name, look }) => [name, look])
  const api = line('requests', 'requests', [1], 'api')
  const shop = line('requests', 'requests', [1], 'shop')
  expect(looks([api, shop], 'requests')).toEqual([
    ['api', 0],
    ['shop', 1],
  ])
  expect(looks([shop, line('cpu', 'cpu', [1], 'shop')], 'cpu')).toEqual([['shop', 1]])
  expect(drawn([]).map(({ id }) => id)).toEqual(['requests', 'cpu', 'memory'])
})

test('what is not known is nowhere a number', () => {
  expect(alone([1, null, 2, 3, null, 0, null, null, 4])).toEqual([0, 5, 8])
  expect(latest([1, 0, null])).toBe(0)
  expect(latest([null])).toBeNull()
  expect(timesOf(line('cpu', 'cpu', [1, null, 2]), 124)).toEqual([105, 115, 122])
})
