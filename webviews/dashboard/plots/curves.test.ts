import { expect, test } from 'vitest'
import type { PlotLine, Want } from '../messages.ts'
import type { Say } from '../strings.ts'
import { alone, isSilent, latest, panelsIn, timesOf } from './curves.ts'

const say: Say = (key) => key
const want: Want = { kind: 'app', app: 'shop', range: '1h', zoom: null, points: 120 }
const line = (panel: PlotLine['panel'], metric: string, values: (number | null)[], name = ''): PlotLine => ({
  panel,
  metric,
  name,
  values,
})

test('a plot of what nobody measured is left out, but for what everything has', () => {
  const lines = [line('requests', 'requests', [null, null]), line('latency', 'latencyP95', [1, null])]
  expect(panelsIn({ want, lines }, say).map(({ id }) => id)).toEqual(['latency', 'cpu', 'memory'])
  expect(isSilent({ want, lines }, say)).toBe(false)
  expect(isSilent({ want, lines: [] }, say)).toBe(true)
  expect(isSilent({ want: { ...want, kind: 'machine' }, lines: [] }, say)).toBe(false)
})

test('a line is named after its app or check, else after what it measures', () => {
  const lines = [
    line('latency', 'latencyP99', [1]),
    line('availability', 'availability', [1], 'http'),
    line('cpu', 'cpu', [1]),
  ]
  const named = panelsIn({ want, lines }, say).map(({ id, curves }) => [
    id,
    ...curves.map(({ name }) => name),
  ])
  expect(named).toEqual([['latency', 'p99'], ['cpu', 'panel.cpu'], ['memory'], ['availability', 'http']])
})

test('what is not known is nowhere a number', () => {
  expect(alone([1, null, 2, 3, null, 0, null, null, 4])).toEqual([0, 5, 8])
  expect(latest([1, 0, null])).toBe(0)
  expect(latest([null])).toBeNull()
  expect(timesOf({ begin: 100, stepMs: 10, to: 124, lines: [line('cpu', 'cpu', [1, null, 2])] })).toEqual([
    105, 115, 122,
  ])
})
