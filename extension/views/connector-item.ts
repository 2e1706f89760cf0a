import { l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode'
import type { ConnectorRow, ConnectorStatus } from '#contract/connectors.ts'
import { age, label, moment } from '../display.ts'
import type { ConnectorGroupNode, ConnectorNode } from './app-nodes.ts'
import type { Line } from './tooltip.ts'

const icons: Readonly<Record<ConnectorStatus, readonly [icon: string, color?: string]>> = {
  connected: ['pass', 'testing.iconPassed'],
  disconnected: ['debug-disconnect', 'problemsErrorIcon.foreground'],
  error: ['error', 'problemsErrorIcon.foreground'],
  unknown: ['circle-large-outline'],
}

/** The states of connectors, in the reader's words. */
export function connectorStatusWord(status: ConnectorStatus): string {
  const words: Readonly<Record<ConnectorStatus, string>> = {
    connected: l10n.t('connected'),
    disconnected: l10n.t('disconnected'),
    error: l10n.t('error'),
    unknown: l10n.t('not tested'),
  }
  return words[status] ?? status
}

/** Connectors by the names that their makers write. */
export function connectorTypeWord(type: ConnectorRow['type']): string {
  const words: Readonly<Record<ConnectorRow['type'], string>> = {
    sqlite: 'SQLite',
    postgresql: 'PostgreSQL',
    mysql: 'MySQL, MariaDB',
    redis: 'Redis',
    http: 'HTTP',
    rabbitmq: 'RabbitMQ',
  }
  return words[type] ?? type
}

/** What is known about a connector, for hovers and questions. */
export const connectorLines = (row: ConnectorRow): readonly Line[] => [
  [l10n.t('Status'), connectorStatusWord(row.status)],
  [l10n.t('Reason'), row.reason],
  [l10n.t('What to do'), row.advice],
  [l10n.t('Type'), connectorTypeWord(row.type)],
  [l10n.t('App'), row.app],
  [l10n.t('Address'), row.address],
  [l10n.t('Server'), row.version],
  [l10n.t('Tested'), row.testedAt === null ? null : moment(row.testedAt)],
  [l10n.t('Took'), row.latencyMs === null ? null : took(row.latencyMs)],
]

const took = (milliseconds: number): string => `${Math.max(1, Math.round(milliseconds))} ms`

/** Red only where something is wrong; what nobody has tested is not. */
const icon = (status: ConnectorStatus): ThemeIcon => {
  const [name, color] = icons[status] ?? ['question']
  return new ThemeIcon(name, color === undefined ? undefined : new ThemeColor(color))
}

export function connectorItem({ connector }: ConnectorNode): TreeItem {
  const { name, app, status, reason, latencyMs, testedAt, type } = connector
  const item = new TreeItem(label(name))
  item.id = `connector:${JSON.stringify([app, name])}`
  const parts = [
    connectorStatusWord(status),
    latencyMs === null ? null : took(latencyMs),
    // Before what is known anyway: a narrow view shows the beginning alone.
    reason,
    connectorTypeWord(type),
    testedAt === null ? null : age(testedAt),
  ]
  item.description = parts
    .filter((part) => part !== null)
    .map(label)
    .join(' · ')
  item.iconPath = icon(status)
  item.contextValue = app === null ? 'connector own' : 'connector'
  item.accessibilityInformation = { label: l10n.t('Connector {0}, {1}', label(name), item.description) }
  return item
}

const order: readonly ConnectorStatus[] = ['error', 'disconnected', 'connected', 'unknown']

export function connectorGroupItem({ app, connectors }: ConnectorGroupNode): TreeItem {
  const word = app === null ? l10n.t('My Connectors') : l10n.t('Connectors')
  const item = new TreeItem(word, TreeItemCollapsibleState.Expanded)
  item.id = `connectors:${app ?? ''}`
  const counts = order.flatMap((status) => {
    const count = connectors.filter((row) => row.status === status).length
    return count === 0 ? [] : [`${count} ${connectorStatusWord(status)}`]
  })
  item.description = counts.join(' · ')
  item.iconPath = new ThemeIcon('plug')
  item.contextValue = 'connectorGroup'
  item.accessibilityInformation = { label: `${word}, ${counts.join(', ')}` }
  return item
}
