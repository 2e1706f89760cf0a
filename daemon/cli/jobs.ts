import type { JobRow, QueuedJob, RunRow } from '#contract/jobs.ts'
import { printable } from '#base/printable.ts'
import { wholeNumber } from './arguments.ts'
import { show as showView, type View } from './live.ts'
import type { Declare } from './noun.ts'
import {
  describeRun,
  findRun,
  outcomeLook,
  outcomeText,
  runsView,
  summary,
  tellCancelled,
  tellRun,
  type RunOptions,
} from './runs.ts'
import type { Session } from './session.ts'
import { fields, table, type Column } from './table.ts'
import { relativeTime } from './text.ts'

export const declare: Declare = (noun, session) => {
  noun
    .command('list')
    .description('the jobs of every app, when they run next and how they went last')
    .option('--app <name>', 'of this app only')
    .action(({ app }: OfApp) => showView(session, list(session, app)))
  noun
    .command('run')
    .description('run a job now')
    .argument('<app>', 'its name in the list')
    .argument('<job>', 'its name in quantum.config.yaml')
    .option('--wait', 'until it has ended', false)
    .option('--follow', 'as --wait, and show what it writes', false)
    .action((app: string, job: string, options: RunOptions) => run(session, app, job, options))
  noun
    .command('show')
    .description('everything about one run')
    .argument('<run>', 'its id, or how that begins')
    .action((wanted: string) => show(session, wanted))
  noun
    .command('history')
    .description('what ran, newest first')
    .option('--app <name>', 'of this app only')
    .option('--job <name>', 'of this job only')
    .option('--limit <n>', 'how many at most', wholeNumber('--limit', 1, 1000), 50)
    .action((options: HistoryOptions) => showView(session, history(session, options)))
  noun
    .command('queue')
    .description('the queue that a Quantum app keeps itself, in its quantum_jobs.db')
    .argument('<app>', 'its name in the list')
    .option('--limit <n>', 'how many at most', wholeNumber('--limit', 1, 1000), 50)
    .action((app: string, { limit }: { readonly limit: number }) => queue(session, app, limit))
  noun
    .command('cancel')
    .description('end a run with all its processes')
    .argument('<run>', 'its id, or how that begins')
    .action((wanted: string) => cancel(session, wanted))
}

interface OfApp {
  readonly app?: string
}

interface HistoryOptions extends OfApp {
  readonly job?: string
  readonly limit: number
}

const list = (session: Session, app: string | undefined): View<readonly JobRow[]> => ({
  topics: ['jobs', 'apps'],
  load: async () => (await session.query('jobs.list', app === undefined ? {} : { app })).rows,
  json: (rows) => rows,
  lines: (rows) =>
    rows.length === 0
      ? [
          'There is no job. They are named in quantum.config.yaml, admin.jobs; `quantum-admin docs jobs` says how.',
        ]
      : table(session.out, columns(Date.now()), rows),
})

const columns = (now: number): readonly Column<JobRow>[] => [
  { title: 'APP', least: 8, value: ({ app }) => app, look: () => 'bold' },
  { title: 'JOB', least: 8, value: ({ job }) => job },
  { title: 'SCHEDULE', value: ({ schedule }) => schedule ?? '' },
  { title: 'ZONE', spare: 3, value: ({ timezone }) => timezone ?? '' },
  { title: 'NEXT', value: ({ nextRun }) => relativeTime(nextRun, now) },
  {
    title: 'LAST',
    value: ({ running, lastRun }) => outcomeText(running[0] ?? lastRun, now),
    look: ({ running, lastRun }) => outcomeLook(running[0] ?? lastRun),
  },
  { title: 'COMMAND', least: 12, spare: 2, value: ({ command }) => command, look: () => 'dim' },
]

const history = (session: Session, { app, job, limit }: HistoryOptions): View<readonly RunRow[]> => {
  const of = { ...(app === undefined ? {} : { app }), ...(job === undefined ? {} : { job }) }
  return runsView(session, () => session.query('jobs.history', { limit, ...of }), 'No job has run yet.')
}

async function run(session: Session, app: string, job: string, options: RunOptions): Promise<void> {
  await tellRun(session, await session.command('jobs.run', { app, job }), options, 'job-failed')
}

async function show(session: Session, wanted: string): Promise<void> {
  const { run: id } = await findRun(session, wanted, 'jobs')
  const detail = await session.query('jobs.show', { run: id })
  if (session.out.json) session.out.data(detail)
  else session.out.lines(describeRun(session.out, detail))
}

async function cancel(session: Session, wanted: string): Promise<void> {
  const row = await findRun(session, wanted, 'jobs')
  const touches = fields(session.out, summary(row))
  const asked = { question: 'Cancel this run?', name: row.run, touches }
  tellCancelled(session, await session.command('jobs.cancel', { run: row.run }, asked))
}

async function queue(session: Session, app: string, limit: number): Promise<void> {
  const { out } = session
  const found = await session.query('jobs.queue', { app, limit })
  if (out.json) return out.data(found)
  if (found.file === null) return out.line(printable(`${app} has no quantum_jobs.db.`))
  if (found.problem !== null) return out.line(printable(`${found.file}: ${found.problem}.`))
  const counts = Object.entries(found.counts).map(([status, count]) => `${count} ${status}`)
  out.lines(await table(out, queueColumns, found.rows))
  out.note(printable(counts.length === 0 ? 'It is empty.' : `${counts.join(', ')}.`))
}

const queueColumns: readonly Column<QueuedJob>[] = [
  { title: 'ID', value: ({ id }) => id, look: () => 'dim' },
  { title: 'JOB', least: 8, value: ({ name }) => name ?? '', look: () => 'bold' },
  { title: 'QUEUE', spare: 2, value: ({ queue: name }) => name ?? '' },
  { title: 'STATUS', value: ({ status }) => status },
  {
    title: 'ATTEMPTS',
    spare: 3,
    value: ({ attempts, mostAttempts }) => (attempts === null ? '' : `${attempts} of ${mostAttempts ?? '?'}`),
  },
  { title: 'CREATED', spare: 1, value: ({ createdAt }) => createdAt ?? '' },
  { title: 'ERROR', least: 10, value: ({ error }) => error ?? '' },
]
