import { l10n, ThemeColor, ThemeIcon, TreeItem } from 'vscode'
import type { LeaseStatus } from '#contract/leases.ts'
import { label, moment } from '../display.ts'
import type { LeaseNode } from './nodes.ts'
import type { Line } from './tooltip.ts'

/** What holds a leased port, in words. */
export function leaseStateWord({ state, process, pid }: LeaseStatus): string {
  if (state === 'free') return l10n.t('nobody listens')
  const who = `${process ?? l10n.t('unknown process')}${pid === null ? '' : ` (${pid})`}`
  return state === 'held' ? l10n.t('held by {0}', who) : l10n.t('taken by a stranger: {0}', who)
}

export const leaseLines = (lease: LeaseStatus): readonly Line[] => [
  [l10n.t('Port'), lease.port],
  [l10n.t('Kind'), lease.kind],
  [l10n.t('State'), leaseStateWord(lease)],
  [l10n.t('Leased'), moment(lease.createdAt)],
]

export function leaseItem({ lease }: LeaseNode): TreeItem {
  const item = new TreeItem(label(lease.name))
  item.id = `lease:${lease.name}`
  item.description = [`:${lease.port}`, lease.kind, leaseStateWord(lease)].map(label).join(' · ')
  item.iconPath =
    lease.state === 'stranger'
      ? new ThemeIcon('warning', new ThemeColor('problemsWarningIcon.foreground'))
      : new ThemeIcon('key')
  item.contextValue = ['lease', lease.state].join(' ')
  item.accessibilityInformation = { label: l10n.t('Lease {0}, {1}', label(lease.name), item.description) }
  return item
}
