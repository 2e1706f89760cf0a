import { l10n, ThemeIcon, TreeItem } from 'vscode'
import type { EngineStatus } from '#contract/resources.ts'
import { fullText, label } from '../display.ts'
import type { SnapshotTopic } from '../model.ts'
import type { NoteNode, ResourceTopic } from './nodes.ts'
import { tooltip } from './tooltip.ts'

/** Stands in a group or tree until its first picture is there. */
export const waitingNote = (topic: SnapshotTopic): NoteNode => ({
  kind: 'note',
  id: `waiting:${topic}`,
  text: l10n.t('Looking…'),
  tooltip: l10n.t('The first look at the machine is not done yet.'),
  icon: 'loading~spin',
})

/** Stands in a group with no entries, and says whether a filter is why. */
export const nothingNote = (topic: ResourceTopic, filtered: boolean): NoteNode => {
  const words: Readonly<Record<ResourceTopic, string>> = {
    ports: l10n.t('No port is open'),
    processes: l10n.t('No process is visible'),
    containers: l10n.t('No containers'),
    leases: l10n.t('No port is leased'),
  }
  return {
    kind: 'note',
    id: `nothing:${topic}`,
    text: filtered ? l10n.t('Nothing matches the filter') : words[topic],
    tooltip: filtered ? l10n.t('Clear the filter to see everything.') : words[topic],
    icon: filtered ? 'filter' : 'info',
    ...(filtered ? { command: { id: 'quantumAdmin.resources.clearFilter', arguments: [] } } : {}),
  }
}

export const noLeaseNote = (): NoteNode => ({
  kind: 'note',
  id: 'no-lease',
  text: l10n.t('Lease a port that nobody else will get…'),
  tooltip: l10n.t('A leased port stays yours until you release it.'),
  icon: 'add',
  command: { id: 'quantumAdmin.leases.allocate', arguments: [] },
})

/** Says why there are no containers, and opens the page that helps. */
export const engineNote = ({ state, reason }: EngineStatus): NoteNode => {
  const words: Readonly<Record<EngineStatus['state'], string>> = {
    connected: '',
    absent: l10n.t('No container engine was found'),
    denied: l10n.t('You may not use the container engine'),
    unreachable: l10n.t('The container engine does not answer'),
  }
  return {
    kind: 'note',
    id: `engine:${state}`,
    text: words[state],
    tooltip: reason ?? words[state],
    icon: state === 'absent' ? 'info' : 'warning',
    command: { id: 'quantumAdmin.docs.learnMore', arguments: ['engine-unavailable'] },
  }
}

export function noteItem(note: NoteNode): TreeItem {
  const item = new TreeItem(label(note.text))
  item.id = `note:${note.id}`
  if (note.tooltip !== note.text) item.description = fullText(note.tooltip)
  item.tooltip = tooltip(note.text, note.tooltip === note.text ? [] : [[l10n.t('Reason'), note.tooltip]])
  item.iconPath = new ThemeIcon(note.icon)
  item.contextValue = 'note'
  if (note.command !== undefined)
    item.command = {
      command: note.command.id,
      title: note.text,
      arguments: [...note.command.arguments],
    }
  item.accessibilityInformation = { label: `${note.text}. ${fullText(note.tooltip)}` }
  return item
}
