import { l10n, ThemeIcon, TreeItem, type MarkdownString } from 'vscode'
import { label, moment, shortPath } from '../display.ts'
import type { PortHolding } from '../resources.ts'
import type { PortNode } from './nodes.ts'
import { tooltip, type Line } from './tooltip.ts'

/** `:3000`, or `:5353 udp`. */
export const portTitle = ({ port, protocol }: PortHolding): string =>
  protocol === 'tcp' ? `:${port}` : `:${port} ${protocol}`

/** Who holds the port, in as few words as tell it: of a published port that is the container, not its proxy. */
export const holderOf = ({ row }: PortHolding): string =>
  row.container?.name ?? row.process ?? l10n.t('unknown process')

/** `127.0.0.1:3000`, or `[::1]:3000`. */
export const addressOf = ({ address, family, port }: PortHolding['row']): string =>
  family === 'ipv6' ? `[${address}]:${port}` : `${address}:${port}`

export const portLines = ({ rows, row, protocol }: PortHolding): readonly Line[] => [
  [l10n.t('Process'), row.process === null ? l10n.t('not visible to you') : row.process],
  [l10n.t('Process id'), row.pids.length > 1 ? row.pids.join(', ') : row.pid],
  [l10n.t('Command'), row.command],
  [l10n.t('Folder'), row.cwd],
  [l10n.t('User'), row.user],
  [l10n.t('Started'), row.startedAt === null ? null : moment(row.startedAt)],
  [l10n.t('Address'), rows.map((one) => `${addressOf(one)} (${protocol})`).join(', ')],
  [l10n.t('Container'), row.container?.name],
  [l10n.t('App'), row.app],
  [l10n.t('Lease'), row.lease],
]

function icon({ row }: PortHolding): ThemeIcon {
  if (row.container !== null) return new ThemeIcon('package')
  if (row.pid === null) return new ThemeIcon('question')
  return new ThemeIcon(row.lease === null ? 'plug' : 'key')
}

const folderOf = (cwd: string | null): string | null => (cwd === null || cwd === '/' ? null : shortPath(cwd))

const flags = ({ protocol, row }: PortHolding): string =>
  [
    'port',
    protocol,
    row.pid !== null && 'held',
    row.cwd !== null && 'folder',
    row.command !== null && 'command',
    row.lease !== null && 'leased',
  ]
    .filter(Boolean)
    .join(' ')

export const portTooltip = (holding: PortHolding): MarkdownString =>
  tooltip(l10n.t('Port {0}', portTitle(holding)), portLines(holding))

export function portItem({ holding }: PortNode): TreeItem {
  const { row } = holding
  const title = portTitle(holding)
  const item = new TreeItem(title)
  item.id = `port:${holding.id}`
  item.description = [
    holderOf(holding),
    row.container === null ? folderOf(row.cwd) : row.process,
    row.lease === null ? null : l10n.t('lease {0}', row.lease),
  ]
    .filter((part) => part !== null)
    .map(label)
    .join(' · ')
  item.iconPath = icon(holding)
  item.contextValue = flags(holding)
  item.accessibilityInformation = {
    label: l10n.t('Port {0} {1}, held by {2}', holding.port, holding.protocol, item.description),
  }
  return item
}
