import type { AppNow, MetricLine, MetricName, MetricSeries, MetricUnit } from '#contract/metrics.ts'
import { printable } from '#base/printable.ts'
import { moment } from './arguments.ts'
import { show, type View } from './live.ts'
import type { Declare } from './noun.ts'
import type { Output } from './output.ts'
import type { Session } from './session.ts'
import { sparkline } from './sparkline.ts'
import { fitting, table, type Column } from './table.ts'
import { duration, mebibytes, memorySize, percent } from './text.ts'

interface Options {
  readonly check?: string
  readonly since?: string
  readonly until?: string
}

/** As many as a line of a usual terminal has room for beside the numbers. */
const shownPoints = 32
/** What a program gets. */
const toldPoints = 120

export const declare: Declare = (noun, session) => {
  noun
    .argument('[app]', 'of this app; without one of the machine, and every app as it is now')
    .option('--check <name>', 'of a check of the app')
    .option(
      '--since <time>',
      'from then on: 15m, 2h, 7d, or a date and time (default: 1h)',
      moment('--since'),
    )
    .option('--until <time>', 'up to then: 15m, 2h, 7d, or a date and time', moment('--until'))
    .action((app: string | undefined, options: Options) => show(session, metrics(session, app, options)))
}

interface Shown {
  readonly series: MetricSeries
  readonly apps: readonly AppNow[]
}

const metrics = (
  session: Session,
  app: string | undefined,
  { check, since, until }: Options,
): View<Shown> => ({
  topics: ['metrics', 'apps'],
  load: async () => {
    const points = session.out.json ? toldPoints : shownPoints
    const [series, { apps }] = await Promise.all([
      session.query('metrics.series', {
        points,
        ...(app === undefined ? {} : { app }),
        ...(check === undefined ? {} : { check }),
        ...(since === undefined ? {} : { since }),
        ...(until === undefined ? {} : { until }),
      }),
      session.query('metrics.now', {}),
    ])
    return { series, apps: app === undefined ? apps : apps.filter((one) => one.app === app) }
  },
  json: (shown) => shown,
  lines: (shown) => lines(session.out, shown, app === undefined),
})

async function lines(out: Output, { series, apps }: Shown, all: boolean): Promise<string[]> {
  const { app, check, from, to, stepMs } = series
  const spans = duration(Date.parse(to) - Date.parse(from))
  const what = [app ?? 'machine', check].filter((name) => name !== null).map((name) => printable(name))
  const title = await fitting(out, `${what.join(' ')} · ${spans}, a point every ${duration(stepMs)}`)
  const rows =
    series.lines.length === 0 ? ['Nothing was measured in that time.'] : await ofSeries(out, series)
  const shown = [out.paint('bold', title), ...rows]
  return all && apps.length > 0 ? [...shown, '', ...(await table(out, appColumns, apps))] : shown
}

const ofSeries = (out: Output, { lines: rows }: MetricSeries): Promise<string[]> =>
  table(out, lineColumns, rows)

const names: Readonly<Record<MetricName, string>> = {
  cpu: 'cpu',
  memory: 'memory',
  load: 'load',
  diskUsed: 'disk used',
  diskRead: 'disk read',
  diskWritten: 'disk written',
  networkReceived: 'received',
  networkSent: 'sent',
  requests: 'requests',
  status2xx: 'answers 2xx',
  status3xx: 'answers 3xx',
  status4xx: 'answers 4xx',
  status5xx: 'answers 5xx',
  errorRate: 'errors',
  latencyP50: 'latency p50',
  latencyP95: 'latency p95',
  latencyP99: 'latency p99',
  availability: 'available',
}

const lineColumns: readonly Column<MetricLine>[] = [
  { title: 'METRIC', value: ({ metric }) => names[metric], look: () => 'cyan' },
  { title: 'LAST', align: 'right', value: ({ unit, values }) => shownIn(unit, last(values)) },
  { title: 'AVERAGE', align: 'right', spare: 1, value: (line) => shownIn(line.unit, average(line)) },
  {
    title: 'LEAST',
    align: 'right',
    spare: 3,
    value: ({ unit, values, least }) => shownIn(unit, extreme(Math.min, least ?? values)),
  },
  {
    title: 'MOST',
    align: 'right',
    spare: 2,
    value: ({ unit, values, most }) => shownIn(unit, extreme(Math.max, most ?? values)),
  },
  { title: 'TREND', least: 8, value: ({ values }) => sparkline(values) },
]

const known = (values: readonly (number | null)[]): readonly number[] =>
  values.filter((value) => value !== null)

const last = (values: readonly (number | null)[]): number | null => known(values).at(-1) ?? null

function extreme(
  which: (...values: readonly number[]) => number,
  values: readonly (number | null)[],
): number | null {
  const all = known(values)
  return all.length === 0 ? null : which(...all)
}

/** An average of percentiles, or of shares of different numbers of requests, would be that of nothing. */
function average({ values, metric }: MetricLine): number | null {
  const all = known(values)
  if (all.length === 0 || metric.startsWith('latency') || metric === 'errorRate') return null
  return all.reduce((sum, value) => sum + value, 0) / all.length
}

const kibibyte = 1024

function shownIn(unit: MetricUnit, value: number | null): string {
  if (value === null) return ''
  if (unit === 'percent') return `${percent(value)} %`
  if (unit === 'bytes') return memorySize(value)
  if (unit === 'bytesPerSecond')
    return value < kibibyte ** 2 ? `${(value / kibibyte).toFixed(1)} KiB/s` : `${mebibytes(value)} MiB/s`
  if (unit === 'perMinute') return `${value.toFixed(value < 10 ? 1 : 0)}/min`
  if (unit === 'milliseconds') return `${value.toFixed(value < 10 ? 1 : 0)} ms`
  return unit === 'share' ? `${percent(value * 100)} %` : value.toFixed(2)
}

const appColumns: readonly Column<AppNow>[] = [
  { title: 'APP', least: 8, value: ({ app }) => app, look: () => 'bold' },
  { title: 'CPU %', align: 'right', value: ({ cpuPercent }) => percent(cpuPercent) },
  { title: 'MIB', align: 'right', value: ({ memoryBytes }) => mebibytes(memoryBytes) },
  {
    title: 'REQUESTS',
    align: 'right',
    value: ({ requestsPerMinute }) => shownIn('perMinute', requestsPerMinute),
  },
  {
    title: 'ERRORS',
    align: 'right',
    value: ({ errorRate }) => shownIn('share', errorRate),
    look: ({ errorRate }) => ((errorRate ?? 0) > 0 ? 'red' : undefined),
  },
  { title: 'P50', align: 'right', spare: 2, value: ({ latencyP50 }) => shownIn('milliseconds', latencyP50) },
  { title: 'P95', align: 'right', spare: 1, value: ({ latencyP95 }) => shownIn('milliseconds', latencyP95) },
  { title: 'P99', align: 'right', spare: 2, value: ({ latencyP99 }) => shownIn('milliseconds', latencyP99) },
]
