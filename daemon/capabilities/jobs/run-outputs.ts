import type { StoredRun } from './jobs-store.ts'
import type { JobsDeps } from './jobs-deps.ts'

/** Of so many runs of jobs, and as many of tests, outputs are told of: more do not end while nobody looks. */
const most = 100

/** What a run writes to. */
export interface WrittenRun {
  readonly run: StoredRun
  /** Absolute; it may not be there. */
  readonly file: string
}

/** The newest runs that wrote something, or may have. @throws what the store does. */
export async function runOutputs({
  store,
  filesOf,
}: Pick<JobsDeps, 'store' | 'filesOf'>): Promise<readonly WrittenRun[]> {
  const [jobs, tests] = await Promise.all([store.history({}, most), store.history({ job: null }, most)])
  return [...jobs, ...tests]
    .filter(({ state }) => state !== 'skipped')
    .map((run) => ({ run, file: filesOf(run.app, run.run).output }))
}
