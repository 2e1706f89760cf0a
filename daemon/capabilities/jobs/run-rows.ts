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

/** So much of what they wrote is kept of all runs of a job, in bytes. */
const keptOutput = 64 * 1024 * 1024

/**
 * Those of one job's runs, newest first, that are more than are kept, by their number or by what they wrote.
 * @param sizes - of what is kept of each, in bytes.
 */
export function tooMany(runs: readonly StoredRun[], sizes: ReadonlyMap<string, number>): readonly string[] {
  let written = 0
  const isOld = runs.map(({ run }, index) => {
    written += sizes.get(run) ?? 0
    return index >= keptRuns || (written > keptOutput && index > 0)
  })
  return runs.filter(({ endedAt }, index) => isOld[index] === true && endedAt !== null).map(({ run }) => run)
}
