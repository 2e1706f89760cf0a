import { expect, test } from 'vitest'
import {
  fromPageOf as fromDashboardOf,
  toPageOf as toDashboardOf,
} from '../../webviews/dashboard/messages.ts'
import { fromPageOf as fromLogsOf } from '../../webviews/logs/messages.ts'
import { plainView } from '../../webviews/logs/view.ts'
import { Random } from '../support/random.ts'
import { figure, scale } from '../support/scale.ts'

const view = { ...plainView, query: 'x', levels: ['error'], sources: ['output'] }
const filter = { query: 'a', levels: ['none'], kinds: ['access'], since: '2026-11-22T08:00:00.000Z' }
type Messages = readonly Readonly<Record<string, unknown>>[]

/** All that a page may say, by its type; nothing else may ever be taken. */
const ofLogs: Messages = [
  { type: 'ready' },
  { type: 'search', request: 1, filter, limit: 1000, before: 'b1' },
  { type: 'histogram', request: 2, filter, buckets: 60 },
  { type: 'around', request: 3, id: 'shop/1', lines: 5 },
  { type: 'show', request: 4, id: 'shop/1' },
  { type: 'sources', request: 5 },
  { type: 'cancel', request: 5 },
  { type: 'tail', tail: 3, filter, after: 'n1' },
  { type: 'drawn', tail: 3 },
  { type: 'rest' },
  { type: 'export', format: 'csv', filter },
  { type: 'openText', filter },
  { type: 'openOutput', filter },
  { type: 'openFrame', app: 'shop', file: '/x.js', line: 1, column: 1 },
  { type: 'copy', text: 'x' },
  { type: 'save', name: 'mine', view },
  { type: 'forget', name: 'mine' },
  { type: 'remember', view },
  { type: 'place', place: { id: 'shop/1', time: '2026-11-22T08:00:00.000Z' } },
  { type: 'retry' },
  { type: 'showApps' },
]
const want = { kind: 'app', app: 'shop', range: '1h', zoom: { from: 1, to: 2 }, points: 120 }
const ofDashboard: Messages = [
  { type: 'ready' },
  { type: 'drawn', sequence: 1 },
  { type: 'lead', card: 'incidents', key: '3', lead: 'acknowledge' },
  { type: 'action', action: 'verify' },
  { type: 'look', list: { card: 'requests', group: null } },
  { type: 'plots', want },
  { type: 'mark', key: 'incident 3' },
  { type: 'metrics' },
  { type: 'retry' },
  { type: 'learn' },
]
const row = {
  key: 'k', name: 'n', group: 'g', detail: '', reason: '', at: null, amount: 1.5, leads: ['incident', 'check', 'plots'],
} // prettier-ignore
/** What the dashboard is told: what it takes it draws. */
const toDashboard: Messages = [
  { type: 'init', strings: { title: 'Dashboard' }, list: null },
  { type: 'status', status: { state: 'ok', since: '', message: '', version: '1' } },
  {
    type: 'picture',
    picture: {
      sequence: 1,
      cards: [{ id: 'health', revision: '1', fresh: true, problem: '', rows: [row] }],
      machine: {
        hostname: 'h',
        platform: 'p',
        uptimeSeconds: 1,
        gauges: [{ id: 'load', used: 1, total: 2 }],
      },
    },
  },
  {
    type: 'plots',
    plots: {
      want,
      from: 1,
      to: 2,
      lines: [{ panel: 'cpu', metric: 'cpu', name: '', begin: 1, stepMs: 1, values: [1, null, 0] }],
      marks: [{ key: 'entry 1', kind: 'deploy', from: 1, to: null, app: 'shop', name: '' }],
      leftOut: 0,
      problem: '',
    },
  },
]

const strange: readonly unknown[] = [
  null, true, -1, 1.5, Number.NaN, 1e300, '', '__proto__', 'constructor', 'toString', 'x'.repeat(5000), '../../etc/passwd', [], {}, [[]], { length: 1e9 },
  'command:workbench.action.quit', { toString: 1 }, Symbol.iterator, () => 1, new Date(0), new Map(), ['apps'], { apps: ['other'] }, { type: 'ready' },
] // prettier-ignore
const keys = ['type', 'request', 'filter', 'apps', 'command', '__proto__', 'constructor', 'method', 'limit', 'view', 'id'] // prettier-ignore

/** A copy of what would be changed with the next message. */
const fresh = (value: unknown): unknown => (typeof value === 'object' ? structuredClone(value) : value)

/** One of the messages that may be sent, with something about it that is not as it should be. */
function mutated(random: Random, allowed: Messages): unknown {
  const message = structuredClone(random.pick(allowed)) as Record<string, unknown>
  for (let change = random.int(1, 3); change > 0; change--) {
    const inner = Object.values(message).filter(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    )
    const target = random.int(0, 3) === 0 && inner.length > 0 ? (random.pick(inner) as object) : message
    const own = Object.keys(target)
    const key = random.int(0, 1) === 0 && own.length > 0 ? random.pick(own) : random.pick(keys)
    if (random.int(0, 5) === 0) Reflect.deleteProperty(target, key)
    else
      Object.defineProperty(target, key, {
        value: fresh(random.pick(strange)),
        enumerable: true,
        configurable: true,
        writable: true,
      })
  }
  return random.int(0, 30) === 0 ? random.pick(strange) : message
}

/** Whether a text or a number stands somewhere that is longer or larger than any may be. */
const oversized = (value: unknown): boolean =>
  typeof value === 'string'
    ? value.length > 4096
    : typeof value === 'object' && value !== null && Object.values(value).some(oversized)

/** Whose texts may be as long as what they name. */
const long = new Set<unknown>(['copy', 'lead', 'init', 'status', 'picture', 'plots'])

test.each([
  ['the page of logs may say', ofLogs, fromLogsOf],
  ['the dashboard may say', ofDashboard, fromDashboardOf],
  ['the dashboard is told', toDashboard, toDashboardOf],
] as const)(
  'S13: of all that %s nothing is taken but what is listed, member by member',
  (what, allowed, read) => {
    for (const message of allowed) expect(read(message)).toEqual(message)
    const types = new Set(allowed.map(({ type }) => type))
    const random = new Random(13)
    const count = scale(20_000, 100_000)
    let taken = 0
    for (let i = 0; i < count; i++) {
      const message = mutated(random, allowed)
      const found: { readonly type: unknown } | null = read(message)
      if (found === null) continue
      taken++
      expect(types.has(found.type)).toBe(true)
      const known = allowed.find(({ type }) => type === found.type) ?? {}
      const more = Object.keys(found).filter((key) => !Object.hasOwn(known, key) && key !== 'after')
      expect(more).toEqual([])
      if (found.type !== 'init') expect(JSON.stringify(found)).not.toMatch(/"(apps|command|method)":/)
      if (!long.has(found.type)) expect(oversized(found)).toBe(false)
    }
    expect(taken).toBeLessThan(count / 2)
    figure('S13', `${count} messages of what ${what}: ${taken} taken, each one that is listed`)
  },
)
