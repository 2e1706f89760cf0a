import { l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode'
import type { CheckState } from '#contract/health.ts'
import { age, label } from '../display.ts'
import {
  checkLines,
  checkStateWord,
  incidentLines,
  incidentStateWord,
  pauseText,
  tookText,
  worstState,
} from '../health.ts'
import type { AppCheckNode, AppHealthNode, AppIncidentNode } from './app-nodes.ts'
import { tooltip } from './tooltip.ts'

const icons: Readonly<Record<CheckState, readonly [icon: string, color?: string]>> = {
  healthy: ['pass', 'testing.iconPassed'],
  degraded: ['warning', 'problemsWarningIcon.foreground'],
  unhealthy: ['error', 'problemsErrorIcon.foreground'],
  unknown: ['question', 'testing.iconSkipped'],
  paused: ['debug-pause', 'testing.iconSkipped'],
}

function icon(state: CheckState): ThemeIcon {
  const [name, color] = icons[state] ?? ['question']
  return new ThemeIcon(name, color === undefined ? undefined : new ThemeColor(color))
}

export function healthItem({ row, checks }: AppHealthNode): TreeItem {
  const worst = worstState(checks)
  const item = new TreeItem(l10n.t('Health'), TreeItemCollapsibleState.Collapsed)
  item.id = `appHealth:${row.name}`
  item.iconPath = icon(worst)
  const same = checks.filter((check) => check.state === worst).length
  item.description =
    same === checks.length
      ? checkStateWord(worst)
      : l10n.t('{0} of {1} {2}', same, checks.length, checkStateWord(worst))
  // What Uptime Kuma checks is its own to pause.
  const own = checks.filter(({ kind }) => kind !== 'monitor')
  const isPaused = own.some((check) => check.state === 'paused')
  const isAllPaused = own.every((check) => check.state === 'paused')
  item.contextValue = ['appHealth', !isAllPaused && 'pausable', isPaused && 'resumable']
    .filter(Boolean)
    .join(' ')
  item.accessibilityInformation = { label: l10n.t('Health of {0}, {1}', label(row.name), item.description) }
  return item
}

export function checkItem({ row, check }: AppCheckNode): TreeItem {
  const { environment, state, reason, latencyMs, pausedBy } = check
  const item = new TreeItem(label(environment === null ? check.check : `${check.check} (${environment})`))
  item.id = `appCheck:${row.name}:${environment ?? ''}:${check.check}`
  item.iconPath = icon(state)
  item.description = [
    checkStateWord(state),
    state === 'paused' ? pauseText(check) : reason,
    state === 'healthy' && latencyMs !== null ? tookText(latencyMs) : null,
  ]
    .filter((part) => part !== null)
    .map(label)
    .join(' · ')
  const actions = pausedBy === null ? 'pausable' : 'resumable'
  item.contextValue = check.kind === 'monitor' ? 'appMonitor' : `appCheck ${actions}`
  item.tooltip = tooltip(check.check, checkLines(check))
  item.accessibilityInformation = { label: l10n.t('Check {0}, {1}', label(check.check), item.description) }
  return item
}

export function incidentItem({ row, incident }: AppIncidentNode): TreeItem {
  const { number, cause, startedAt, acknowledgedBy } = incident
  const item = new TreeItem(l10n.t('Incident #{0}', number))
  item.id = `appIncident:${row.name}:${number}`
  item.iconPath = new ThemeIcon('flame', new ThemeColor('problemsErrorIcon.foreground'))
  item.description = [acknowledgedBy === null ? null : incidentStateWord(incident), age(startedAt), cause]
    .filter((part) => part !== null)
    .map(label)
    .join(' · ')
  item.contextValue = `appIncident ${acknowledgedBy === null ? 'acknowledgeable' : 'acknowledged'}`
  item.tooltip = tooltip(l10n.t('Incident #{0}', number), incidentLines(incident))
  item.command = {
    command: 'quantumAdmin.showIncident',
    title: l10n.t('Show an Incident'),
    arguments: [{ kind: 'appIncident', row, incident }],
  }
  item.accessibilityInformation = { label: l10n.t('Incident {0}, {1}', number, item.description) }
  return item
}
