import { l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode'
import type { AppProblem, AppRow, AppState } from '#contract/apps.ts'
import { canRemove, canRestart, canStart, canStop, firstError, hostOf, placeOf } from '../apps.ts'
import { worstOf } from '../app-folders.ts'
import { age, bytes, label, moment, percent } from '../display.ts'
import type { AppFolderGroupNode, AppNode } from './app-nodes.ts'
import type { Line } from './tooltip.ts'

const warning = 'problemsWarningIcon.foreground'
const icons: Readonly<Record<AppState, readonly [icon: string, color?: string]>> = {
  stopped: ['circle-large-outline'],
  starting: ['sync~spin', warning],
  running: ['play-circle', 'testing.iconPassed'],
  stopping: ['sync~spin', warning],
  waiting: ['watch', warning],
  failed: ['error', 'problemsErrorIcon.foreground'],
  external: ['debug-disconnect', warning],
}

/** The states of apps, in the reader's words. */
export function appStateWord(state: AppState): string {
  const words: Readonly<Record<AppState, string>> = {
    stopped: l10n.t('stopped'),
    starting: l10n.t('starting'),
    running: l10n.t('running'),
    stopping: l10n.t('stopping'),
    waiting: l10n.t('is started again soon'),
    failed: l10n.t('failed'),
    external: l10n.t('started by somebody else'),
  }
  return words[state] ?? state
}

export const problemWord = ({ severity }: AppProblem): string =>
  severity === 'error' ? l10n.t('Problem') : l10n.t('Warning')

const problemLine = (problem: AppProblem, folder: string): Line => {
  const place = placeOf(problem, folder)
  return [problemWord(problem), place === null ? problem.message : `${place}: ${problem.message}`]
}

/** What is known about an app, for hovers and questions. */
export const appLines = (row: AppRow): readonly Line[] => [
  [l10n.t('State'), appStateWord(row.state)],
  [l10n.t('Reason'), row.reason],
  [l10n.t('Kind'), row.kind],
  [l10n.t('Folder'), row.folder],
  [l10n.t('Branch'), row.branch],
  [l10n.t('Address'), row.url],
  [l10n.t('Process id'), row.pid],
  [l10n.t('Started'), row.startedAt === null ? null : moment(row.startedAt)],
  [l10n.t('Restarts'), row.restarts === 0 ? null : row.restarts],
  [l10n.t('Processor'), row.cpuPercent === null ? null : percent(row.cpuPercent)],
  [l10n.t('Memory'), row.memoryBytes === null ? null : bytes(row.memoryBytes)],
  [l10n.t('Restart to apply'), row.restartToApply.join(', ')],
  [l10n.t('Containers'), containerNames(row, true)],
  [l10n.t('Containers that go on when it stops'), containerNames(row, false)],
  ...row.problems.map((problem) => problemLine(problem, row.folder)),
]

/** What an app wrote that went wrong, for its hover. */
export const errorLines = ({ errors }: AppNode): readonly Line[] =>
  errors === null
    ? []
    : [
        [l10n.t('Errors in the last hour'), errors.errors.toLocaleString()],
        [
          l10n.t('Newest error'),
          errors.newest === null ? null : `${moment(errors.newest.time)} · ${errors.newest.message}`,
        ],
      ]

const errorsWord = (count: number): string =>
  count === 1 ? l10n.t('1 error') : l10n.t('{0} errors', count.toLocaleString())

const containerNames = ({ containers }: AppRow, stopsWithApp: boolean): string =>
  containers
    .filter((container) => container.stopsWithApp === stopsWithApp)
    .map(({ name }) => name)
    .join(', ')

function icon(row: AppRow, incidents: AppNode['incidents'] = []): ThemeIcon {
  if (incidents.length > 0) return new ThemeIcon('warning', new ThemeColor('problemsErrorIcon.foreground'))
  // Running without an answer, or not runnable at all, must not look like running or merely stopped.
  if (row.state === 'running' && row.reason !== null) return new ThemeIcon('warning', new ThemeColor(warning))
  if (row.state === 'stopped' && firstError(row) !== undefined)
    return new ThemeIcon('warning', new ThemeColor(warning))
  const [name, color] = icons[row.state] ?? ['question']
  return new ThemeIcon(name, color === undefined ? undefined : new ThemeColor(color))
}

/** Who says where an app answers and for how long needs no reason; who has one says that instead. */
function description({ row, errors, incidents }: AppNode): string {
  const alive = row.startedAt !== null && row.state !== 'external' ? age(row.startedAt) : null
  // A stranger's reason only says in more words what the state says.
  const reason = row.state === 'external' ? null : (row.reason ?? firstError(row)?.message ?? null)
  const changed = row.restartToApply.length === 0 ? null : l10n.t('restart to apply')
  const wrote = errors === null ? null : errorsWord(errors.errors)
  const open = incidents.map(({ number }) => l10n.t('incident #{0}', number))
  return [appStateWord(row.state), ...open, wrote, changed, hostOf(row.url), alive, reason]
    .filter((part) => part !== null)
    .map(label)
    .join(' · ')
}

const flags = ({ row, errors, incidents }: AppNode): string =>
  [
    'app',
    row.state,
    canStart(row) && 'startable',
    canStop(row) && 'stoppable',
    canRestart(row) && 'restartable',
    canRemove(row) && 'removable',
    hostOf(row.url) !== null && 'url',
    errors !== null && 'erring',
    incidents.length > 0 && 'incident',
  ]
    .filter(Boolean)
    .join(' ')

export function appItem(node: AppNode): TreeItem {
  const { row } = node
  const item = new TreeItem(label(row.name), TreeItemCollapsibleState.Collapsed)
  item.id = `app:${row.name}`
  item.description = description(node)
  item.iconPath = icon(row, node.incidents)
  item.contextValue = flags(node)
  item.accessibilityInformation = { label: l10n.t('App {0}, {1}', label(row.name), item.description) }
  return item
}

/** A folder looks like the worst of its apps, and says how many are in each state. */
export function appGroupItem({ group: { name, folder, rows } }: AppFolderGroupNode): TreeItem {
  const shown = name === null ? l10n.t('Elsewhere') : label(name)
  const item = new TreeItem(shown, TreeItemCollapsibleState.Expanded)
  const counts = Map.groupBy(rows, ({ state }) => state)
  const worst = worstOf(rows)
  item.id = `appGroup:${folder ?? ''}`
  item.description = [...counts].map(([state, { length }]) => `${length} ${appStateWord(state)}`).join(' · ')
  if (worst !== undefined) item.iconPath = icon(worst)
  item.contextValue = 'appGroup'
  item.tooltip = folder ?? shown
  item.accessibilityInformation = { label: `${shown}, ${item.description}` }
  return item
}
