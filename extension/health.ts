import { l10n } from 'vscode'
import type { CheckRow, CheckState, IncidentRow } from '#contract/health.ts'
import { age, label, moment } from './display.ts'
import type { Line } from './views/tooltip.ts'

/** The states of checks, in the reader's words. */
export function checkStateWord(state: CheckState): string {
  const words: Readonly<Record<CheckState, string>> = {
    healthy: l10n.t('healthy'),
    degraded: l10n.t('degraded'),
    unhealthy: l10n.t('unhealthy'),
    unknown: l10n.t('unknown'),
    paused: l10n.t('paused'),
  }
  return words[state] ?? state
}

export function incidentStateWord({
  resolvedAt,
  acknowledgedBy,
}: Pick<IncidentRow, 'resolvedAt' | 'acknowledgedBy'>): string {
  if (resolvedAt !== null) return l10n.t('resolved')
  return acknowledgedBy === null ? l10n.t('open') : l10n.t('acknowledged')
}

const severityWord = (severity: IncidentRow['severity']): string =>
  severity === 'critical' ? l10n.t('critical') : l10n.t('warning')

/** The worst of these: what a person should look at first. */
export function worstState(checks: readonly Pick<CheckRow, 'state'>[]): CheckState {
  const order: readonly CheckState[] = ['unhealthy', 'degraded', 'healthy', 'unknown', 'paused']
  return order.find((state) => checks.some((check) => check.state === state)) ?? 'unknown'
}

export const tookText = (milliseconds: number): string => `${Math.max(1, Math.round(milliseconds))} ms`

/** Until when it is paused; null when it is not, or nobody has said. */
export function pauseText({
  pausedUntil,
  pausedBy,
}: Pick<CheckRow, 'pausedUntil' | 'pausedBy'>): string | null {
  if (pausedUntil === null) return null
  const until = moment(pausedUntil)
  return pausedBy === 'schedule' ? l10n.t('by schedule until {0}', until) : l10n.t('until {0}', until)
}

/** What is known about a check, for hovers. */
export const checkLines = (row: CheckRow): readonly Line[] => [
  [l10n.t('State'), checkStateWord(row.state)],
  [l10n.t('Since'), moment(row.since)],
  [l10n.t('Reason'), row.reason],
  [l10n.t('Checks'), row.target],
  [l10n.t('Environment'), row.environment],
  [l10n.t('Checked'), row.checkedAt === null ? null : moment(row.checkedAt)],
  [l10n.t('Took'), row.latencyMs === null ? null : tookText(row.latencyMs)],
  [l10n.t('Paused by'), row.pausedBy],
  [l10n.t('Paused'), pauseText(row)],
]

export const openIncidentsWord = (count: number): string =>
  count === 1 ? l10n.t('1 incident') : l10n.t('{0} incidents', count)

/** An open incident on one line. */
export function incidentLine(row: IncidentRow): string {
  const { number, app, environment, cause, startedAt, acknowledgedBy } = row
  const where = label(environment === null ? app : `${app} (${environment})`)
  const seen = acknowledgedBy === null ? [] : [incidentStateWord(row)]
  return [`#${number} ${where}`, ...seen, age(startedAt), label(cause)].join(' · ')
}

/** What is known about an incident, for hovers and documents. */
export const incidentLines = (row: IncidentRow): readonly Line[] => [
  [l10n.t('State'), incidentStateWord(row)],
  [l10n.t('Cause'), row.cause],
  [l10n.t('Severity'), severityWord(row.severity)],
  [l10n.t('App'), row.app],
  [l10n.t('Environment'), row.environment],
  [l10n.t('Check'), row.check],
  [l10n.t('Started'), moment(row.startedAt)],
  [l10n.t('Acknowledged by'), row.acknowledgedBy],
  [l10n.t('Resolved'), row.resolvedAt === null ? null : moment(row.resolvedAt)],
  [l10n.t('Resolution'), row.resolution],
  [l10n.t('Lasted'), age(row.startedAt, Date.parse(row.startedAt) + row.durationMs)],
]
