import { l10n } from 'vscode'
import type { JobRow, RunRow, RunState, TestCounts } from '#contract/jobs.ts'
import { age } from './display.ts'

/** The states of runs, in the reader's words. */
export function runStateWord(state: RunState): string {
  const words: Readonly<Record<RunState, string>> = {
    running: l10n.t('running'),
    passed: l10n.t('passed'),
    failed: l10n.t('failed'),
    cancelled: l10n.t('cancelled'),
    timeout: l10n.t('took too long'),
    skipped: l10n.t('skipped'),
    lost: l10n.t('ended unseen'),
  }
  return words[state] ?? state
}

/** How a run went and how long ago, such as `passed · 3 h`. */
export const outcomeText = (row: RunRow): string => [runStateWord(row.state), agoText(row)].join(' · ')

/** How long ago a run ended, or began when it goes on. */
export const agoText = ({ endedAt, startedAt }: RunRow): string => age(endedAt ?? startedAt)

/** When something is due, such as `in 3 h`. */
export const dueText = (iso: string): string =>
  l10n.t('in {0}', age(new Date().toISOString(), Date.parse(iso)))

export const countsText = ({ passed, failed, skipped }: TestCounts): string =>
  [
    l10n.t('{0} passed', passed),
    ...(failed === 0 ? [] : [l10n.t('{0} failed', failed)]),
    ...(skipped === 0 ? [] : [l10n.t('{0} skipped', skipped)]),
  ].join(', ')

/** How long a run took, such as `1.2 s`; null while it goes on. */
export function tookText({ durationMs }: Pick<RunRow, 'durationMs'>): string | null {
  if (durationMs === null) return null
  return durationMs < 120_000
    ? `${(durationMs / 1000).toFixed(durationMs < 10_000 ? 1 : 0)} s`
    : `${Math.round(durationMs / 60_000)} min`
}

/** What a run is one of, such as `nightly of shop`. */
export const runTitle = ({ app, job }: Pick<RunRow, 'app' | 'job'>): string =>
  job === null ? l10n.t('Tests of {0}', app) : l10n.t('{0} of {1}', job, app)

/** The run that a person means by a job: the one that goes on, else the last. */
export const currentRun = ({ running, lastRun }: Pick<JobRow, 'running' | 'lastRun'>): RunRow | null =>
  running[0] ?? lastRun
