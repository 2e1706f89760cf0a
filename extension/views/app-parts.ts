import { l10n, Range, ThemeColor, ThemeIcon, TreeItem, Uri } from 'vscode'
import { hostOf, placeOf } from '../apps.ts'
import { fullText, label, shortPath } from '../display.ts'
import type { AppNode, AppPartNode, AppProblemNode } from './app-nodes.ts'
import { problemWord } from './app-item.ts'
import { jobItem, jobsItem, testsItem } from './job-items.ts'
import { tooltip } from './tooltip.ts'

/** What stands below an app: its problems, where it answers, and where it lies. */
export const appParts = ({ row, jobs, tests }: AppNode): readonly AppPartNode[] => [
  ...row.problems.map((problem, index) => ({ kind: 'appProblem', row, problem, index }) as const),
  ...(hostOf(row.url) === null ? [] : [{ kind: 'appUrl', row } as const]),
  ...(jobs.length === 0 ? [] : [{ kind: 'appJobs', row, jobs } as const]),
  ...(tests === null || tests.command === null ? [] : [{ kind: 'appTests', row, tests } as const]),
  { kind: 'appFolder', row },
]

export function appPartItem(node: AppPartNode): TreeItem {
  switch (node.kind) {
    case 'appProblem':
      return problemItem(node)
    case 'appJobs':
      return jobsItem(node)
    case 'appJob':
      return jobItem(node)
    case 'appTests':
      return testsItem(node)
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
function placeArguments({ line, column }: AppProblemNode['problem'], file: string): unknown[] {
  const uri = Uri.file(file)
  if (line === null) return [uri]
  const [row, character] = [line - 1, (column ?? 1) - 1]
  return [uri, { selection: new Range(row, character, row, character) }]
}
