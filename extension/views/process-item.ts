import { l10n, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode'
import type { ProcessRow } from '#contract/resources.ts'
import { bytes, label, moment, percent } from '../display.ts'
import type { ProcessNode } from './nodes.ts'
import type { Line } from './tooltip.ts'

const icons: Readonly<Record<ProcessRow['kind'], string>> = {
  quantum: 'zap',
  container: 'package',
  other: 'server-process',
}

export const processLines = (row: ProcessRow): readonly Line[] => [
  [l10n.t('Process id'), row.pid],
  [l10n.t('Parent'), row.ppid],
  [l10n.t('Command'), row.command],
  [l10n.t('Folder'), row.cwd],
  [l10n.t('User'), row.user],
  [l10n.t('Started'), row.startedAt === null ? null : moment(row.startedAt)],
  [l10n.t('Processor'), row.cpuPercent === null ? null : percent(row.cpuPercent)],
  [l10n.t('Memory'), row.memoryBytes === null ? null : bytes(row.memoryBytes)],
  [l10n.t('Ports'), row.ports.map((port) => `:${port}`).join(' ')],
  [l10n.t('Container'), row.container?.name],
  [l10n.t('App'), row.app],
]

export function processItem({ row }: ProcessNode, children: boolean): TreeItem {
  const item = new TreeItem(
    label(row.name),
    children ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.None,
  )
  // A reused pid is another process, so it must not inherit what was selected or collapsed.
  item.id = `process:${row.pid}:${row.startedAt ?? ''}`
  item.description = [
    String(row.pid),
    row.cpuPercent === null || row.cpuPercent < 0.05 ? null : percent(row.cpuPercent),
    row.memoryBytes === null || row.memoryBytes === 0 ? null : bytes(row.memoryBytes),
    row.ports.length === 0 ? null : row.ports.map((port) => `:${port}`).join(' '),
  ]
    .filter((part) => part !== null)
    .map(label)
    .join(' · ')
  item.iconPath = new ThemeIcon(icons[row.kind])
  item.contextValue = [
    'process',
    row.startedAt !== null && 'known',
    row.cwd !== null && 'folder',
    row.command !== null && 'command',
  ]
    .filter(Boolean)
    .join(' ')
  item.accessibilityInformation = { label: l10n.t('Process {0}, {1}', label(row.name), item.description) }
  return item
}
