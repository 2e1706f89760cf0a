import { l10n, ThemeColor, ThemeIcon, TreeItem } from 'vscode'
import type { AuditEntry, AuditOutcome } from '#contract/audit.ts'
import { entryTitle } from '../audit-pages.ts'
import { label, moment, printableJson } from '../display.ts'
import { tooltip } from './tooltip.ts'

const icons: Readonly<Record<AuditOutcome, readonly [icon: string, color?: string]>> = {
  ok: ['pass', 'testing.iconPassed'],
  failed: ['error', 'problemsErrorIcon.foreground'],
  refused: ['circle-slash', 'problemsWarningIcon.foreground'],
  interrupted: ['warning', 'problemsWarningIcon.foreground'],
  pending: ['loading~spin'],
}

/** Outcomes in the reader's words. */
export function outcomeWord(outcome: AuditOutcome): string {
  const words: Readonly<Record<AuditOutcome, string>> = {
    ok: l10n.t('done'),
    failed: l10n.t('failed'),
    refused: l10n.t('refused'),
    interrupted: l10n.t('interrupted'),
    pending: l10n.t('in progress'),
  }
  return words[outcome]
}

export function activityItem(entry: AuditEntry): TreeItem {
  const item = new TreeItem(entryTitle(entry))
  const [icon, color] = icons[entry.outcome] ?? icons.pending
  const outcome =
    entry.errorCode === null
      ? outcomeWord(entry.outcome)
      : `${outcomeWord(entry.outcome)} (${entry.errorCode})`
  item.id = `entry:${entry.sequence}`
  item.description = [
    moment(entry.timestamp),
    entry.actor.name,
    entry.actor.client,
    outcome,
    entry.durationMs === null ? null : `${entry.durationMs} ms`,
  ]
    .filter((part) => part !== null)
    .map(label)
    .join(' · ')
  item.tooltip = tooltip(`#${entry.sequence} ${entryTitle(entry)}`, [
    [l10n.t('Time'), entry.timestamp],
    [l10n.t('Who'), `${entry.actor.name}, ${entry.actor.client}, ${entry.actor.address}`],
    [l10n.t('Outcome'), outcome],
    [l10n.t('Project'), entry.project],
    [l10n.t('Details'), Object.keys(entry.details).length === 0 ? null : printableJson(entry.details)],
  ])
  item.iconPath = new ThemeIcon(icon, color === undefined ? undefined : new ThemeColor(color))
  item.contextValue = 'entry'
  item.command = { command: 'quantumAdmin.activity.show', title: l10n.t('Show Details'), arguments: [entry] }
  item.accessibilityInformation = {
    label: l10n.t('Entry {0}: {1}, {2}', entry.sequence, entryTitle(entry), item.description),
  }
  return item
}

/** Stands alone where the filter finds nothing. */
export function noMatchItem(): TreeItem {
  const item = new TreeItem(l10n.t('Nothing matches the filter'))
  item.id = 'none'
  item.iconPath = new ThemeIcon('filter')
  item.tooltip = l10n.t('Clear the filter to see everything.')
  item.command = { command: 'quantumAdmin.activity.clearFilter', title: item.tooltip }
  return item
}

/** Stands below the loaded entries while there are older ones. */
export function loadMoreItem(loading: boolean): TreeItem {
  const item = new TreeItem(loading ? l10n.t('Loading…') : l10n.t('Load More'))
  item.id = 'more'
  item.iconPath = new ThemeIcon(loading ? 'loading~spin' : 'ellipsis')
  item.contextValue = 'more'
  item.command = { command: 'quantumAdmin.activity.loadMore', title: l10n.t('Load More') }
  return item
}
