import type { RunRow } from '#contract/jobs.ts'
import type { StoredRun } from './jobs-store.ts'

/** A run as clients see it. */
export function runRow(stored: StoredRun): RunRow {
  const { run, app, job, state, reason, trigger, by, scheduledFor, startedAt, endedAt } = stored
  const { exitCode, signal, tests } = stored
  const durationMs = endedAt === null ? null : Math.max(0, Date.parse(endedAt) - Date.parse(startedAt))
  return {
    run,
    app,
    job,
    state,
    reason,
    trigger,
    by,
    scheduledFor,
    startedAt,
    endedAt,
    durationMs,
    exitCode,
    signal,
    tests,
  }
}

/** So many runs of a job are kept, with what they wrote. */
export const keptRuns = 50

/** Those of one job's runs, newest first, that are more than are kept. */
export const tooMany = (runs: readonly StoredRun[]): readonly string[] =>
  runs
    .slice(keptRuns)
    .filter(({ endedAt }) => endedAt !== null)
    .map(({ run }) => run)
