import { l10n, Range, ThemeColor, ThemeIcon, TreeItem, Uri } from 'vscode'
import { hostOf, placeOf } from '../apps.ts'
import { fullText, label, shortPath } from '../display.ts'
import type {
  AppChangesNode,
  AppContainerNode,
  AppNode,
  AppPartNode,
  AppProblemNode,
  ConnectorGroupNode,
} from './app-nodes.ts'
import { problemWord } from './app-item.ts'
import { checkItem, healthItem, incidentItem } from './health-items.ts'
import { jobItem, jobsItem, testsItem } from './job-items.ts'
import { tooltip } from './tooltip.ts'

/** What stands below an app: its problems, what a restart would apply, where it answers, its parts and its folder. */
export const appParts = ({
  row,
  jobs,
  tests,
  connectors,
  checks,
  incidents,
}: AppNode): readonly (AppPartNode | ConnectorGroupNode)[] => [
  ...incidents.map((incident) => ({ kind: 'appIncident', row, incident }) as const),
  ...row.problems.map((problem, index) => ({ kind: 'appProblem', row, problem, index }) as const),
  ...(row.restartToApply.length === 0 ? [] : [{ kind: 'appChanges', row } as const]),
  ...(hostOf(row.url) === null ? [] : [{ kind: 'appUrl', row } as const]),
  ...row.containers.map((container) => ({ kind: 'appContainer', row, container }) as const),
  ...(checks.length === 0 ? [] : [{ kind: 'appHealth', row, checks } as const]),
  ...(connectors.length === 0 ? [] : [{ kind: 'connectorGroup', app: row.name, connectors } as const]),
  ...(jobs.length === 0 ? [] : [{ kind: 'appJobs', row, jobs } as const]),
  ...(tests === null || tests.command === null ? [] : [{ kind: 'appTests', row, tests } as const]),
  { kind: 'appFolder', row },
]

export function appPartItem(node: AppPartNode): TreeItem {
  switch (node.kind) {
    case 'appProblem':
      return problemItem(node)
    case 'appChanges':
      return changesItem(node)
    case 'appContainer':
      return containerItem(node)
    case 'appJobs':
      return jobsItem(node)
    case 'appJob':
      return jobItem(node)
    case 'appTests':
      return testsItem(node)
    case 'appHealth':
      return healthItem(node)
    case 'appCheck':
      return checkItem(node)
    case 'appIncident':
      return incidentItem(node)
    case 'appUrl':
      return partItem(node, node.row.url ?? '', 'link-external', 'quantumAdmin.openApp', l10n.t('Address'))
    case 'appFolder':
      return partItem(node, node.row.folder, 'folder', 'quantumAdmin.revealFolder', l10n.t('Folder'))
  }
}

function partItem(node: AppPartNode, value: string, icon: string, command: string, word: string): TreeItem {
  const item = new TreeItem(label(node.kind === 'appFolder' ? shortPath(value) : value))
  item.id = `${node.kind}:${node.row.name}`
  item.iconPath = new ThemeIcon(icon)
  item.contextValue = node.kind
  item.tooltip = tooltip(word, [[word, value]])
  item.command = { command, title: word, arguments: [node] }
  item.accessibilityInformation = { label: `${word} ${fullText(value)}` }
  return item
}

function changesItem(node: AppChangesNode): TreeItem {
  const changes = node.row.restartToApply.map(label).join(', ')
  const item = new TreeItem(l10n.t('Restart to apply: {0}', changes))
  item.id = `appChanges:${node.row.name}`
  item.iconPath = new ThemeIcon('debug-restart', new ThemeColor('problemsWarningIcon.foreground'))
  item.contextValue = 'appChanges'
  item.tooltip = tooltip(l10n.t('Changed in the configuration since the app was started'), [
    [l10n.t('Changed'), changes],
  ])
  return item
}

function containerItem({ row, container }: AppContainerNode): TreeItem {
  const { id, name, service, state, health, stopsWithApp } = container
  const running = state === 'running'
  const item = new TreeItem(label(service ?? name))
  item.id = `appContainer:${row.name}:${id}`
  item.description = [
    running && health !== null ? `${state}, ${health}` : state,
    service === null ? null : name,
  ]
    .filter((part) => part !== null)
    .map((part) => label(part))
    .join(' · ')
  item.iconPath = running
    ? new ThemeIcon('vm-running', new ThemeColor('testing.iconPassed'))
    : new ThemeIcon('vm-outline')
  item.contextValue = `appContainer ${running ? 'runs' : 'stopped'}`
  item.tooltip = tooltip(name, [
    [l10n.t('Service'), service],
    [l10n.t('State'), state],
    [l10n.t('App'), stopsWithApp ? null : l10n.t('It goes on when the app stops.')],
  ])
  item.command = {
    command: 'quantumAdmin.containers.show',
    title: l10n.t('Show a Container'),
    arguments: [{ kind: 'appContainer', row, container }],
  }
  item.accessibilityInformation = { label: l10n.t('Container {0}, {1}', label(name), item.description) }
  return item
}

function problemItem({ row, problem, index }: AppProblemNode): TreeItem {
  const { message, severity, file } = problem
  const item = new TreeItem(fullText(message))
  const place = placeOf(problem, row.folder)
  item.id = `appProblem:${row.name}:${index}`
  if (place !== null) item.description = label(place)
  item.iconPath =
    severity === 'error'
      ? new ThemeIcon('error', new ThemeColor('problemsErrorIcon.foreground'))
      : new ThemeIcon('warning', new ThemeColor('problemsWarningIcon.foreground'))
  item.contextValue = 'appProblem'
  item.tooltip = tooltip(message, [[problemWord(problem), place]])
  if (file !== null)
    item.command = {
      command: 'vscode.open',
      title: l10n.t('Open File'),
      arguments: placeArguments(problem, file),
    }
  item.accessibilityInformation = { label: `${problemWord(problem)}: ${fullText(message)}, ${place ?? ''}` }
  return item
}

/** Opens the file at the place, which is counted from 1 there and from 0 in an editor. */
export function placeArguments({ line, column }: AppProblemNode['problem'], file: string): unknown[] {
  const uri = Uri.file(file)
  if (line === null) return [uri]
  const [row, character] = [line - 1, (column ?? 1) - 1]
  return [uri, { selection: new Range(row, character, row, character) }]
}
