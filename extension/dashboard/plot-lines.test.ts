import { expect, test } from 'vitest'
import type { AuditEntry } from '#contract/audit.ts'
import type { IncidentRow } from '#contract/health.ts'
import type { MetricLine, MetricSeries } from '#contract/metrics.ts'
import { toPageOf, type Want } from '../../webviews/dashboard/messages.ts'
import { countedIncidents } from './health-cards.ts'
import { linesOf, marksOf, metricsOf, spanOf } from './plot-lines.ts'

const now = Date.parse('2030-01-31T12:00:00.000Z')
const minute = 60_000
const iso = (minutes: number) => new Date(now + minutes * minute).toISOString()

/** An answer of the daemon of some minutes, beginning so many before now. */
function series(
  from: number,
  values: readonly (number | null)[],
  more: Partial<MetricSeries> & { readonly metric?: MetricLine['metric'] } = {},
): MetricSeries {
  const { metric = 'requests', ...rest } = more
  return {
    revision: 'r',
    app: 'shop',
    check: null,
    from: iso(from),
    to: iso(from + values.length),
    stepMs: minute,
    lines: [{ metric, unit: 'count', values, least: null, most: null }],
    ...rest,
  }
}

test('what is not known of an app is a gap beside what is known of another, and never zero', () => {
  const own = { ofChecks: false }
  const lines = linesOf('apps', [
    { series: series(-3, [1, null, 0]), name: 'shop', ...own },
    { series: series(-2, [7, 8, 9]), name: 'api', ...own },
    { series: series(-3, [null, null, null]), name: 'idle', ...own },
    { series: series(-10, [5], { stepMs: 5 * minute }), name: 'late', ...own },
  ])
  const grid = { panel: 'requests', metric: 'requests', begin: now - 3 * minute, stepMs: minute }
  expect(lines).toEqual([
    { ...grid, name: 'shop', values: [1, null, 0, null] },
    { ...grid, name: 'api', values: [null, 7, 8, 9] },
  ])
  expect(linesOf('apps', [])).toEqual([])
})

test('what is measured by checks is drawn apart from what an app says of itself, in steps of its own', () => {
  expect(metricsOf({ kind: 'app' }).ofChecks).toEqual(['latencyP95', 'availability'])
  expect(metricsOf({ kind: 'machine' }).own).toContain('networkSent')
  const lines = linesOf('app', [
    { series: series(-1, [3], { metric: 'latencyP95' }), name: '', ofChecks: false },
    {
      series: series(-2, [4], { metric: 'latencyP95', check: 'http', stepMs: 2 * minute }),
      name: 'http',
      ofChecks: true,
    },
  ])
  expect(lines.map(({ panel, name, stepMs, values }) => [panel, name, stepMs / minute, values])).toEqual([
    ['latency', '', 1, [3]],
    ['checkLatency', 'http', 2, [4]],
  ])
})

test('a part of the past is asked for as it is, and nothing after now', () => {
  const want = { range: '1h', zoom: null } as const
  expect(spanOf(want, now)).toEqual({ from: now - 60 * minute, to: now })
  expect(spanOf({ ...want, zoom: { from: now - 5, to: now + 5 } }, now)).toEqual({ from: now - 5, to: now })
  expect(spanOf({ ...want, zoom: { from: now + 5, to: now + 9 } }, now).from).toBeLessThan(now)
})

const incident = (number: number, startedAt: string, resolvedAt: string | null): IncidentRow =>
  ({
    number,
    app: 'a\u202eb',
    startedAt,
    resolvedAt,
    severity: 'warning',
    acknowledgedBy: null,
  }) as IncidentRow
const entry = (sequence: number, action: string, more: Partial<AuditEntry> = {}): AuditEntry =>
  ({
    sequence,
    action,
    timestamp: iso(-sequence),
    resource: { type: 'app', id: 'shop', name: '<b>' },
    outcome: 'ok',
    ...more,
  }) as AuditEntry

test('marks are what was then, each leads to what it stands for, and what was refused marks nothing', () => {
  const span = { from: now - 30 * minute, to: now }
  const incidents = [
    incident(1, iso(-90), iso(-40)),
    incident(2, iso(-40), iso(-20)),
    incident(3, iso(-5), null),
  ]
  const entries = [
    entry(3, 'restart'),
    entry(4, 'stop', { outcome: 'refused' }),
    entry(5, 'delete'),
    entry(6, 'start', { resource: { type: 'container', id: 'c', name: 'app' } }),
    entry(45, 'start'),
  ]
  const { marks, marked } = marksOf(incidents, entries, span)
  expect(
    marks.map(({ kind, from, to }) => [
      kind,
      (from - now) / minute,
      to === null ? null : (to - now) / minute,
    ]),
  ).toEqual([
    ['incident', -40, -20],
    ['incident', -5, null],
    ['restart', -3, null],
  ])
  expect(marked.get('incident 2')).toEqual({ incident: incidents[1] })
  expect(marked.get('entry 3')).toEqual({ entry: entries[0] })
  expect(marked.has('entry 4')).toBe(false)
  const want: Want = { kind: 'apps', app: '', range: '1h', zoom: null, points: 120 }
  const plots = { want, ...span, lines: [], marks, leftOut: 0, problem: '' }
  expect(toPageOf({ type: 'plots', plots })).not.toBeNull()
  expect(JSON.stringify(marks)).not.toContain('\u202e')
  expect(
    toPageOf({ type: 'plots', plots: { ...plots, lines: [{ panel: 'cpu', values: ['1'] }] } }),
  ).toBeNull()
})

test('an incident is counted while it is open and a day after, the worst first', () => {
  const day = 24 * 60
  const rows = [
    incident(1, iso(-3 * day), iso(-day - 1)),
    incident(2, iso(-3 * day), iso(-day + 1)),
    { ...incident(3, iso(-9 * day), null), acknowledgedBy: 'ana' },
    incident(4, iso(-1), null),
    { ...incident(5, iso(-1), null), severity: 'critical' as const },
  ]
  expect(countedIncidents(rows, now).map(({ number }) => number)).toEqual([5, 4, 3, 2])
})
