import { l10n } from 'vscode'
import type { JobRow, RunRow, TestsRow } from '#contract/jobs.ts'
import type { Actions } from '../actions.ts'
import { label } from '../display.ts'
import type { RunOutputs } from '../logs/run-output.ts'
import { inAppsView } from '../progress.ts'
import { runTitle } from '../runs.ts'
import { runLines } from '../views/job-items.ts'
import { linesOf } from '../views/tooltip.ts'
import type { Handlers } from './register.ts'
import type { Targets } from './targets.ts'

export interface JobCommandsDeps {
  readonly actions: Actions
  readonly targets: Targets
  readonly outputs: RunOutputs
}

/** What can be done with jobs and tests. */
export const jobCommands = ({ actions, targets, outputs }: JobCommandsDeps): Handlers => ({
  'quantumAdmin.runJob': async (node) =>
    outputs.show(await runJob(actions, await targets.job(node, l10n.t('Run a Job')))),
  'quantumAdmin.runAppTests': async (node) =>
    outputs.show(await runTests(actions, await targets.tests(node, l10n.t('Run the Tests of an App')))),
  'quantumAdmin.cancelRun': async (node) =>
    cancel(actions, await targets.run(node, l10n.t('Cancel a Run'), isRunning)),
  'quantumAdmin.showRunOutput': async (node) =>
    outputs.show(await targets.run(node, l10n.t('Show the Output of a Run'))),
})

const isRunning = ({ state }: RunRow): boolean => state === 'running'

function runJob(actions: Actions, { app, job }: JobRow): Promise<RunRow> {
  const shown = label(runTitle({ app, job }))
  const question = { message: l10n.t('Run {0}?', shown), detail: '', yes: l10n.t('Run'), name: shown }
  return inAppsView(() => actions.run({ name: 'jobs.run', params: { app, job }, question }))
}

function runTests(actions: Actions, { app }: TestsRow): Promise<RunRow> {
  const shown = label(runTitle({ app, job: null }))
  const question = { message: l10n.t('Run {0}?', shown), detail: '', yes: l10n.t('Run'), name: shown }
  return inAppsView(() => actions.run({ name: 'tests.run', params: { app }, question }))
}

async function cancel(actions: Actions, row: RunRow): Promise<void> {
  const shown = label(runTitle(row))
  const question = {
    message: l10n.t('Cancel {0}?', shown),
    detail: linesOf(runLines(row)).join('\n'),
    yes: l10n.t('Cancel Run'),
    name: shown,
  }
  const params = { run: row.run }
  if (row.job === null) await actions.run({ name: 'tests.cancel', params, question })
  else await actions.run({ name: 'jobs.cancel', params, question })
}
