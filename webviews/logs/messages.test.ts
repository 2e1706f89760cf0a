import { expect, test } from 'vitest'
import { fromPageOf, mostCopied, toPageOf } from './messages.ts'
import { plainView } from './view.ts'

const view = {
  ...plainView,
  query: 'x',
  levels: ['error'],
  sources: ['output'],
  range: { kind: 'last', minutes: 15 },
}

test.each([
  { type: 'ready' },
  { type: 'search', request: 1, filter: {}, limit: 1000 },
  {
    type: 'search',
    request: 1,
    filter: { query: 'a', levels: ['none'], kinds: ['access'] },
    limit: 1,
    before: 'b1',
  },
  { type: 'histogram', request: 2, filter: { since: '2026-11-22T08:00:00.000Z' }, buckets: 60 },
  { type: 'tail', tail: 3, filter: {}, after: 'x' },
  { type: 'export', format: 'csv', filter: {} },
  { type: 'openFrame', app: 'shop', file: '/x.js', line: 1, column: 1 },
  { type: 'remember', view },
  {
    type: 'save',
    name: 'mine',
    view: { ...view, range: { kind: 'between', since: null, until: '2026-11-22T08:00:00Z' } },
  },
])('what the page may say is taken: $type', (message) => expect(fromPageOf(message)).toEqual(message))

test.each([
  null,
  'ready',
  [],
  {},
  { type: 'constructor' },
  { type: '__proto__' },
  { type: 'toString' },
  { type: 'ready', more: 1 },
  { type: 'call', method: 'apps.stop', params: {} },
  { type: 'search', request: 1, filter: { apps: ['other'] }, limit: 10 },
  { type: 'search', request: 1, filter: {}, limit: 1001 },
  { type: 'search', request: 1.5, filter: {}, limit: 10 },
  { type: 'search', request: 1, filter: { query: 'x'.repeat(5000) }, limit: 10 },
  { type: 'search', request: 1, filter: { since: 'yesterday' }, limit: 10 },
  { type: 'search', request: 1, filter: null, limit: 10 },
  { type: 'export', format: 'sh', filter: {} },
  { type: 'openFrame', app: 'shop', file: '/x', line: 0, column: 1 },
  { type: 'openFrame', app: 'shop', file: ['/x'], line: 1, column: 1 },
  { type: 'copy', text: 'x'.repeat(mostCopied + 1) },
  { type: 'remember', view: { ...view, tab: 'other' } },
  { type: 'remember', view: { ...view, range: { kind: 'last', minutes: -1 } } },
  { type: 'save', name: 'x'.repeat(81), view },
])('nothing else is: %j', (message) => expect(fromPageOf(message)).toBeNull())

const line = {
  id: 'shop/1',
  app: 'shop',
  source: 'output',
  time: '2026-11-22T08:00:00.000Z',
  timeFrom: 'line',
  level: null,
  kind: 'application',
  text: 'x',
  messageAt: 0,
}
const batch = { type: 'batch', tail: 1, lines: [line], older: null, newer: 'n', skipped: 0 }

test('the page takes a batch whose lines are lines, also with members of a newer daemon', () => {
  expect(toPageOf(batch)).toEqual(batch)
  expect(toPageOf({ ...batch, lines: [{ ...line, newer: 1 }] })).not.toBeNull()
  expect(toPageOf({ ...batch, lines: [{ ...line, text: 1 }] })).toBeNull()
  expect(toPageOf({ ...batch, lines: [{ ...line, level: 'loud' }] })).toBeNull()
  expect(toPageOf({ ...batch, skipped: -1 })).toBeNull()
})

test('the page takes nothing that is no message of the extension', () => {
  for (const message of [
    null,
    1,
    {},
    { type: 'init' },
    { type: 'answer', request: 1 },
    { type: 'eval', text: 'x' },
  ])
    expect(toPageOf(message)).toBeNull()
})
