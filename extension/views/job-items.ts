import { l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode'
import type { RunRow, RunState } from '#contract/jobs.ts'
import { fullText, label, moment } from '../display.ts'
import { agoText, countsText, currentRun, dueText, outcomeText, runStateWord, tookText } from '../runs.ts'
import type { AppJobNode, AppJobsNode, AppTestsNode } from './app-nodes.ts'
import { tooltip, type Line } from './tooltip.ts'

const failedColor = 'testing.iconFailed'
const icons: Readonly<Record<RunState, readonly [icon: string, color?: string]>> = {
  running: ['sync~spin'],
  passed: ['pass', 'testing.iconPassed'],
  failed: ['error', failedColor],
  timeout: ['error', failedColor],
  lost: ['question', 'testing.iconSkipped'],
  cancelled: ['circle-slash', 'testing.iconSkipped'],
  skipped: ['debug-step-over', 'testing.iconSkipped'],
}

function iconOf(run: RunRow | null, otherwise: string): ThemeIcon {
  if (run === null) return new ThemeIcon(otherwise)
  const [name, color] = icons[run.state] ?? ['question']
  return new ThemeIcon(name, color === undefined ? undefined : new ThemeColor(color))
}

/** What is known of a run, for hovers and questions. */
export const runLines = (run: RunRow | null): readonly Line[] =>
  run === null
    ? []
    : [
        [l10n.t('State'), runStateWord(run.state)],
        [l10n.t('Reason'), run.reason],
        [l10n.t('Started'), moment(run.startedAt)],
        [l10n.t('Took'), tookText(run)],
        [l10n.t('Tests'), run.tests === null ? null : countsText(run.tests)],
        [l10n.t('Asked for by'), run.trigger === 'schedule' ? l10n.t('its schedule') : run.by],
      ]

export function jobsItem({ row, jobs }: AppJobsNode): TreeItem {
  const item = new TreeItem(l10n.t('Jobs'), TreeItemCollapsibleState.Expanded)
  const failed = jobs.filter((job) => ['failed', 'timeout', 'lost'].includes(job.lastRun?.state ?? '')).length
  item.id = `appJobs:${row.name}`
  item.iconPath = new ThemeIcon('calendar')
  item.description = failed === 0 ? String(jobs.length) : l10n.t('{0} failed', failed)
  item.contextValue = 'appJobs'
  item.accessibilityInformation = { label: l10n.t('Jobs of {0}, {1}', label(row.name), item.description) }
  return item
}

export function jobItem({ row, job }: AppJobNode): TreeItem {
  const item = new TreeItem(label(job.job))
  const run = currentRun(job)
  const next = job.nextRun === null ? null : dueText(job.nextRun)
  item.id = `appJob:${row.name}:${job.job}`
  item.iconPath = iconOf(run, 'clock')
  item.description = [run === null ? null : outcomeText(run), next]
    .filter((part) => part !== null)
    .join(' · ')
  item.contextValue = [
    'appJob',
    job.running.length > 0 ? 'cancellable' : 'runnable',
    run !== null && 'output',
  ]
    .filter(Boolean)
    .join(' ')
  item.tooltip = tooltip(job.job, [
    [l10n.t('Command'), job.command],
    [l10n.t('Schedule'), job.schedule === null ? null : `${job.schedule} (${job.timezone})`],
    [l10n.t('Next run'), job.nextRun === null ? null : moment(job.nextRun)],
    ...runLines(run),
  ])
  item.accessibilityInformation = { label: l10n.t('Job {0}, {1}', label(job.job), item.description) }
  return item
}

export function testsItem({ row, tests }: AppTestsNode): TreeItem {
  const item = new TreeItem(l10n.t('Tests'))
  const run = tests.running ?? tests.lastRun
  // The icon says whether they passed: how many matters more than that word.
  const counts = run === null || run.tests === null ? null : countsText(run.tests)
  item.id = `appTests:${row.name}`
  item.iconPath = iconOf(run, 'beaker')
  item.description = run === null ? '' : counts === null ? outcomeText(run) : `${counts} · ${agoText(run)}`
  item.contextValue = [
    'appTests',
    tests.running === null ? 'runnable' : 'cancellable',
    run !== null && 'output',
  ]
    .filter(Boolean)
    .join(' ')
  item.tooltip = tooltip(l10n.t('Tests'), [
    [l10n.t('Command'), tests.command === null ? null : fullText(tests.command.value)],
    [l10n.t('From'), tests.command?.where ?? null],
    ...runLines(run),
  ])
  const spoken = run === null ? '' : `${outcomeText(run)} ${counts ?? ''}`
  item.accessibilityInformation = { label: l10n.t('Tests of {0}, {1}', label(row.name), spoken) }
  return item
}
