import type { jobsMethods, testsMethods } from '#contract/jobs.ts'
import type { HandlersOf } from '../../kernel/execute.ts'
import type { JobsService } from './jobs-service.ts'

export const jobsHandlers = (jobs: JobsService): HandlersOf<typeof jobsMethods> => ({
  'jobs.list': ({ app }) => jobs.list(app),
  'jobs.queue': ({ app, limit }) => jobs.queue(app, limit),
  'jobs.history': ({ app, job, limit }) => jobs.history({ app, job }, limit),
  'jobs.show': ({ run }) => jobs.show(run),
  'jobs.output': ({ run, from }) => jobs.output(run, from),
  'jobs.run': ({ app, job, wait }, change) => jobs.run(change, app, job, wait),
  'jobs.cancel': ({ run }, change) => jobs.cancel(change, run, 'job'),
  'jobs.fire': ({ app, job, time }, change) => jobs.fire(change, app, job, time),
  'jobs.schedule': ({ app, job }, change) => jobs.schedule(change, app, job),
  'jobs.settle': ({ run }, change) => jobs.settle(change, run),
})

export const testsHandlers = (jobs: JobsService): HandlersOf<typeof testsMethods> => ({
  'tests.list': ({ app }) => jobs.listTests(app),
  'tests.history': ({ app, limit }) => jobs.history({ app, job: null }, limit),
  'tests.show': ({ run }) => jobs.showTests(run),
  'tests.output': ({ run, from }) => jobs.output(run, from),
  'tests.run': ({ app, wait }, change) => jobs.runTests(change, app, wait),
  'tests.cancel': ({ run }, change) => jobs.cancel(change, run, 'tests'),
})
