import type { AuditEntry } from '#contract/audit.ts'
import type { IncidentRow } from '#contract/health.ts'
import type { MetricName, MetricSeries } from '#contract/metrics.ts'
import {
  panels,
  panelsOf,
  ranges,
  type PanelId,
  type PlotLine,
  type PlotMark,
  type Want,
} from '../../webviews/dashboard/messages.ts'
import { label } from '../display.ts'

/** What is drawn: from where to where, in milliseconds since the epoch. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** The part of time that is asked for; nothing is known of what comes after now. */
export function spanOf({ range, zoom }: Pick<Want, 'range' | 'zoom'>, now: number): Span {
  if (zoom === null) return { from: now - ranges[range], to: now }
  const to = Math.min(zoom.to, now)
  return { from: Math.min(zoom.from, to - 1), to }
}

/** What is asked of an app or the machine, and what of each check of an app. */
export function metricsOf({ kind }: Pick<Want, 'kind'>): {
  readonly own: readonly MetricName[]
  readonly ofChecks: readonly MetricName[]
} {
  const ids: readonly PanelId[] = panelsOf[kind]
  const of = (checks: boolean): readonly MetricName[] => [
    ...new Set(ids.filter((id) => 'ofChecks' in panels[id] === checks).flatMap((id) => panels[id].metrics)),
  ]
  return { own: of(false), ofChecks: of(true) }
}

/** What was answered of one app, one check or the machine. */
export interface Answer {
  readonly series: MetricSeries
  /** What its lines are called, where a plot has those of several. */
  readonly name: string
  /** Whether it is what checks tell of: they are made more rarely than all else is measured. */
  readonly ofChecks: boolean
}

/** Puts answers into lines; those of one plot onto one grid, as some may have been asked a moment later. */
export const linesOf = (kind: Want['kind'], answers: readonly Answer[]): PlotLine[] =>
  [false, true].flatMap((ofChecks) =>
    linesOn(
      panelsOf[kind].filter((id: PanelId) => 'ofChecks' in panels[id] === ofChecks),
      answers.filter((answer) => answer.ofChecks === ofChecks),
    ),
  )

/** Those of another step are left out: they were asked for something else. */
function linesOn(ids: readonly PanelId[], answers: readonly Answer[]): PlotLine[] {
  const [first] = answers
  if (first === undefined) return []
  const { stepMs } = first.series
  const same = answers.filter(({ series }) => series.stepMs === stepMs)
  const begin = Math.min(...same.map(({ series }) => Date.parse(series.from)))
  const end = Math.max(...same.map(({ series }) => Date.parse(series.to)))
  const count = Math.round((end - begin) / stepMs)
  return same.flatMap(({ series, name }) => {
    const skipped = Math.round((Date.parse(series.from) - begin) / stepMs)
    return ids.flatMap((panel) =>
      panels[panel].metrics.flatMap((metric) => {
        const values = series.lines.find((one) => one.metric === metric)?.values
        if (values === undefined || values.every((value) => value === null)) return []
        const placed = Array.from({ length: count }, (_, step) => values[step - skipped] ?? null)
        return [{ panel, metric, name: label(name), begin, stepMs, values: placed }]
      }),
    )
  })
}

/** What marks stand for, by their keys. */
export type Marked = ReadonlyMap<string, { readonly incident: IncidentRow } | { readonly entry: AuditEntry }>

const told = ['start', 'stop', 'restart', 'deploy'] as const
/** The actions of the audit trail that are marked. */
export const markedActions: readonly string[] = told

/** The incidents and what was done to apps in a part of time, oldest first, and what each mark stands for. */
export function marksOf(
  incidents: readonly IncidentRow[],
  entries: readonly AuditEntry[],
  { from, to }: Span,
): { readonly marks: PlotMark[]; readonly marked: Marked } {
  const marked = new Map<string, { readonly incident: IncidentRow } | { readonly entry: AuditEntry }>()
  const marks: PlotMark[] = []
  for (const incident of incidents) {
    const [began, ended] = [
      Date.parse(incident.startedAt),
      incident.resolvedAt === null ? null : Date.parse(incident.resolvedAt),
    ]
    if (began > to || (ended ?? to) < from) continue
    const key = `incident ${incident.number}`
    marked.set(key, { incident })
    const app = label(incident.app)
    marks.push({ key, kind: 'incident', from: began, to: ended, app, name: `#${incident.number}` })
  }
  for (const entry of entries) {
    const kind = told.find((action) => action === entry.action)
    const at = Date.parse(entry.timestamp)
    // What was refused or went wrong changed nothing that a line could show.
    const counts = entry.resource.type === 'app' && entry.outcome === 'ok'
    if (kind === undefined || !counts || at < from || at > to) continue
    const key = `entry ${entry.sequence}`
    marked.set(key, { entry })
    marks.push({ key, kind, from: at, to: null, app: label(entry.resource.name), name: '' })
  }
  return { marks: marks.toSorted((a, b) => a.from - b.from).slice(-1000), marked }
}
