import { expect, test } from 'vitest'
import type { AppRow } from '#contract/apps.ts'
import type { AuditEntry } from '#contract/audit.ts'
import type { ConnectorRow } from '#contract/connectors.ts'
import type { JobRow, RunRow, TestsRow } from '#contract/jobs.ts'
import type { CheckRow, IncidentRow } from '#contract/health.ts'
import type { LeaseStatus } from '#contract/leases.ts'
import type { ContainerRow, PortRow } from '#contract/resources.ts'
import { groupsOf, numberOf } from '../../webviews/dashboard/card.ts'
import { cardIds, cards, fromPageOf, toPageOf, type CardId } from '../../webviews/dashboard/messages.ts'
import { countedPorts, pictureOf, subjectOf, type Counted, type Source, type Sources } from './picture.ts'

/** Equal seeds give equal runs (mulberry32). */
class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  pick<T>(values: readonly T[]): T {
    return values[this.int(0, values.length - 1)] as T
  }
}

const at = '2030-01-31T03:00:00.000Z'
const nasty = ['shop', 'a\u202eb', '<img src=x>', 'x'.repeat(5000), '__proto__', '\u0000']

/** Rows as a daemon could tell them: each state, and names that anybody may have chosen. */
function make(random: Random): { readonly [C in CardId]: (index: number) => Counted[C] } {
  const name = () => random.pick(nasty)
  const maybe = <T>(value: T): T | null => (random.next() < 0.5 ? value : null)
  const run = () =>
    ({
      state: random.pick(['running', 'passed', 'failed', 'cancelled', 'timeout', 'skipped', 'lost']),
      reason: maybe(name()),
      startedAt: at,
      endedAt: maybe(at),
      tests: maybe({ passed: 1, failed: 0, skipped: 2, source: 'tap' }),
    }) as RunRow
  const state = () => random.pick(['healthy', 'degraded', 'unhealthy', 'unknown', 'paused'] as const)
  return {
    apps: (index) =>
      ({
        name: `${index} ${name()}`,
        kind: 'node',
        branch: maybe(name()),
        state: random.pick(['stopped', 'starting', 'running', 'stopping', 'waiting', 'failed', 'external']),
        reason: maybe(name()),
        url: random.pick([null, 'http://localhost:3000', 'javascript:alert(1)']),
        startedAt: maybe(at),
        problems: maybe([{ severity: 'error', message: name() }]) ?? [],
      }) as unknown as AppRow,
    connectors: (index) =>
      ({
        name: `${index} ${name()}`,
        app: maybe(name()),
        file: maybe(name()),
        address: name(),
        version: maybe(name()),
        latencyMs: maybe(1.5),
        status: random.pick(['connected', 'disconnected', 'error', 'unknown']),
        reason: maybe(name()),
        testedAt: maybe(at),
      }) as ConnectorRow,
    environments: (index) => ({
      app: `${index} ${name()}`,
      name: maybe(name()),
      target: maybe('kubernetes'),
      tier: maybe('production'),
      state: maybe(state()),
      checks: index,
    }),
    requests: (index) => ({
      app: `${index} ${name()}`,
      cpuPercent: null,
      memoryBytes: null,
      requestsPerMinute: random.int(0, 5) / 2,
      errorRate: maybe(random.pick([0, 0.01, 0.5])),
      latencyP50: null,
      latencyP95: maybe(12.5),
      latencyP99: null,
    }),
    health: (index) =>
      ({
        app: name(),
        environment: maybe(name()),
        check: String(index),
        target: name(),
        state: state(),
        reason: maybe(name()),
        since: at,
        latencyMs: maybe(3),
      }) as CheckRow,
    incidents: (index) =>
      ({
        number: index,
        app: name(),
        environment: maybe(name()),
        check: name(),
        severity: random.pick(['critical', 'warning']),
        cause: name(),
        startedAt: at,
        acknowledgedBy: maybe(name()),
        resolvedAt: maybe(at),
      }) as IncidentRow,
    users: (index) => ({
      id: String(index),
      name: name(),
      role: random.pick(['admin', 'operator', 'viewer']),
      createdAt: at,
      tokens: [],
    }),
    ports: (index) => {
      const row = { port: index, protocol: 'tcp', pid: maybe(7), process: maybe(name()), app: maybe(name()) }
      const more = { lease: maybe(name()), container: maybe({ id: 'c', name: name() }), startedAt: maybe(at) }
      return countedPorts([{ ...row, ...more } as PortRow])[0] as Counted['ports']
    },
    jobs: (index) =>
      ({
        app: name(),
        job: String(index),
        command: name(),
        schedule: maybe('0 3 * * *'),
        running: maybe([run()]) ?? [],
        lastRun: maybe(run()),
      }) as unknown as JobRow,
    tests: (index) =>
      ({
        app: `${index} ${name()}`,
        command: { value: name() },
        running: maybe(run()),
        lastRun: maybe(run()),
      }) as unknown as TestsRow,
    containers: (index) =>
      ({
        id: String(index),
        name: name(),
        image: name(),
        status: name(),
        app: maybe(name()),
        createdAt: at,
        state: random.pick([
          'created',
          'running',
          'paused',
          'restarting',
          'removing',
          'exited',
          'dead',
          'stopping',
        ]),
        health: random.pick(['healthy', 'unhealthy', 'starting', null]),
      }) as unknown as ContainerRow,
    leases: (index): LeaseStatus => ({
      name: String(index),
      kind: 'app',
      port: index,
      createdAt: at,
      state: random.pick(['free', 'held', 'stranger']),
      pid: maybe(7),
      process: maybe(name()),
    }),
    services: (index) => ({
      name: String(index),
      ok: random.next() < 0.5,
      message: name(),
      hint: maybe(name()),
    }),
    activity: (index) =>
      ({
        sequence: index,
        timestamp: at,
        action: 'start',
        resource: { type: 'app', id: '1', name: name() },
        actor: { name: name(), client: name() },
        project: maybe(name()),
        errorCode: maybe('conflict'),
        outcome: random.pick(['pending', 'ok', 'failed', 'refused', 'interrupted']),
      }) as unknown as AuditEntry,
  }
}

function randomSources(seed: number): Sources {
  const random = new Random(seed)
  const rowOf = make(random)
  const source = (id: CardId): Source<unknown> => ({
    revision: String(random.int(0, 99)),
    fresh: random.next() < 0.5,
    problem: random.pick(['', ...nasty]),
    rows:
      random.next() < 0.1
        ? null
        : Array.from({ length: random.int(0, 12) }, (_, index) => rowOf[id](index + 1)),
  })
  // Each source is made by the maker of its own card.
  const made = Object.fromEntries(cardIds.map((id) => [id, source(id)])) as unknown as Sources['cards']
  const bytes = { totalBytes: 100, usedBytes: 50 }
  const machine = { hostname: random.pick(nasty), platform: 'linux', cpus: 4, load: 1, uptimeSeconds: 5 }
  const cpuPercent = random.pick([null, 0, 55.5])
  return {
    cards: made,
    machine: random.next() < 0.2 ? null : { ...machine, memory: bytes, disk: bytes },
    cpuPercent,
  }
}

test('every number is the length of the list behind it, and every row can be found again', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const sources = randomSources(seed)
    const picture = pictureOf(sources, seed)
    expect(picture.cards.map(({ id }) => id).toSorted()).toEqual(cardIds.toSorted())
    for (const card of picture.cards) {
      const { rows } = sources.cards[card.id]
      expect(card.rows?.length).toBe(rows?.length)
      // A number that is a sum is that of its rows, and no other.
      const sum = (rows as readonly { readonly requestsPerMinute?: number }[] | null)?.reduce(
        (all, { requestsPerMinute = 0 }) => all + requestsPerMinute,
        0,
      )
      const wanted = card.id === 'requests' ? (rows?.length === 0 ? undefined : sum) : rows?.length
      expect(numberOf(card)).toBe(wanted ?? null)
      expect(card.revision).toBe(sources.cards[card.id].revision)
      // The states on a card are all of its rows, and each row is in one of them.
      const counts = groupsOf(card).map(({ count }) => count)
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(rows?.length ?? 0)
      for (const [index, row] of (card.rows ?? []).entries()) {
        expect(Object.keys(cards[card.id])).toContain(row.group)
        expect(subjectOf(sources, card.id, row.key)).toBe(rows?.[index])
      }
      expect(new Set(card.rows?.map(({ key }) => key)).size).toBe(rows?.length ?? 0)
    }
    expect(toPageOf({ type: 'picture', picture })).not.toBeNull()
  }
})

test('what is shown of others holds nothing that acts or hides', () => {
  // oxlint-disable-next-line no-control-regex -- these are looked for.
  const acting = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/
  for (let seed = 1; seed <= 50; seed++)
    for (const card of pictureOf(randomSources(seed), 1).cards)
      for (const { name, detail, reason } of card.rows ?? [])
        expect([name, detail, reason].filter((text) => acting.test(text))).toEqual([])
})

test('a browser is offered for addresses of the web only', () => {
  const pictures = Array.from({ length: 50 }, (_, seed) => randomSources(seed))
  for (const sources of pictures) {
    const { cards: drawn } = pictureOf(sources, 1)
    for (const row of drawn.find(({ id }) => id === 'apps')?.rows ?? [])
      if (row.leads.includes('browser'))
        expect(subjectOf(sources, 'apps', row.key)?.url).toBe('http://localhost:3000')
  }
})

const want = { kind: 'app', app: 'shop', range: '1h', zoom: null, points: 120 }

test.each([
  [{ type: 'ready' }, true],
  [{ type: 'drawn', sequence: 3 }, true],
  [{ type: 'lead', card: 'apps', key: 'shop', lead: 'logs' }, true],
  [{ type: 'action', action: 'stopAll' }, true],
  [{ type: 'action', action: 'workbench.action.quit' }, false],
  [{ type: 'action', action: 'stopAll', arguments: ['shop'] }, false],
  [{ type: 'lead', card: '__proto__', key: 'shop', lead: 'logs' }, false],
  [{ type: 'lead', card: 'apps', key: 'shop', lead: 'constructor' }, false],
  [{ type: 'lead', card: 'apps', key: { toString: 'x' }, lead: 'logs' }, false],
  [{ type: 'drawn', sequence: -1 }, false],
  [{ type: 'picture', picture: null }, false],
  [{ type: 'plots', want: null }, true],
  [{ type: 'plots', want }, true],
  [{ type: 'plots', want: { ...want, zoom: { from: 1, to: 2 } } }, true],
  [{ type: 'plots', want: { ...want, kind: 'constructor' } }, false],
  [{ type: 'plots', want: { ...want, points: 1e9 } }, false],
  [{ type: 'plots', want: { ...want, zoom: { from: Number.NaN, to: 2 } } }, false],
  [{ type: 'plots', want: { ...want, method: 'apps.stop' } }, false],
  [{ type: 'mark', key: 'incident 3' }, true],
  [{ type: 'mark', key: ['incident 3'] }, false],
  [{ type: 'metrics' }, true],
  [{ type: 'metrics', page: '../../README.md' }, false],
  [{ type: 'constructor' }, false],
  ['ready', false],
  [null, false],
])('the extension takes %o: %s', (message, taken) => {
  expect(fromPageOf(message) !== null).toBe(taken)
})
