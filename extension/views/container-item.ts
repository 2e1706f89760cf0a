import { l10n, ThemeColor, ThemeIcon, TreeItem } from 'vscode'
import type { ContainerRow, ContainerState } from '#contract/resources.ts'
import { label, moment } from '../display.ts'
import type { ContainerNode } from './nodes.ts'
import type { Line } from './tooltip.ts'

const good = 'testing.iconPassed'
const icons: Readonly<Record<ContainerState, readonly [icon: string, color?: string]>> = {
  created: ['circle-large-outline'],
  running: ['vm-running', good],
  paused: ['debug-pause'],
  restarting: ['sync'],
  stopping: ['sync'],
  removing: ['trash'],
  exited: ['vm-outline'],
  dead: ['error', 'problemsErrorIcon.foreground'],
}

function icon({ state, health }: ContainerRow): ThemeIcon {
  if (state === 'running' && health === 'unhealthy')
    return new ThemeIcon('warning', new ThemeColor('problemsWarningIcon.foreground'))
  const [name, color] = icons[state] ?? ['vm']
  return new ThemeIcon(name, color === undefined ? undefined : new ThemeColor(color))
}

const published = ({ ports }: ContainerRow): string =>
  [...new Set(ports.map(({ hostPort, containerPort }) => `:${hostPort}→${containerPort}`))].join(' ')

/** The states and healths of containers, in the reader's words. */
export const stateWord = (row: ContainerRow): string => {
  const states: Readonly<Record<ContainerState, string>> = {
    created: l10n.t('created'),
    running: l10n.t('running'),
    paused: l10n.t('paused'),
    restarting: l10n.t('restarting'),
    removing: l10n.t('being removed'),
    exited: l10n.t('stopped'),
    dead: l10n.t('dead'),
    stopping: l10n.t('stopping'),
  }
  return states[row.state] ?? row.state
}

const healthWord = ({ health }: ContainerRow): string | null => {
  if (health === 'healthy') return l10n.t('healthy')
  if (health === 'unhealthy') return l10n.t('unhealthy')
  return health === 'starting' ? l10n.t('health starting') : null
}

export const containerLines = (row: ContainerRow): readonly Line[] => [
  [l10n.t('Image'), row.image],
  [l10n.t('State'), `${stateWord(row)} (${row.status})`],
  [l10n.t('Health'), healthWord(row)],
  [l10n.t('Ports'), published(row)],
  [l10n.t('Created'), moment(row.createdAt)],
  [l10n.t('App'), row.app],
  [l10n.t('Id'), row.id.slice(0, 12)],
]

export function containerItem({ row }: ContainerNode, following: boolean): TreeItem {
  const item = new TreeItem(label(row.name))
  item.id = `container:${row.id}`
  item.description = [stateWord(row), healthWord(row), row.image, published(row)]
    .filter((part) => part !== null && part !== '')
    .map((part) => label(part ?? ''))
    .join(' · ')
  item.iconPath = icon(row)
  const runs = ['running', 'paused', 'restarting'].includes(row.state)
  item.contextValue = ['container', runs ? 'runs' : 'stopped', following && 'following']
    .filter(Boolean)
    .join(' ')
  item.accessibilityInformation = { label: l10n.t('Container {0}, {1}', label(row.name), item.description) }
  return item
}
