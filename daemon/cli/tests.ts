import type { RunRow, TestCase, TestsRow } from '#contract/jobs.ts'
import { printable } from '#base/printable.ts'
import { wholeNumber } from './arguments.ts'
import { show as showView, type View } from './live.ts'
import type { Declare } from './noun.ts'
import {
  countsText,
  describeRun,
  findRun,
  outcomeLook,
  outcomeText,
  runsView,
  tellCancelled,
  tellRun,
  type RunOptions,
} from './runs.ts'
import type { Session } from './session.ts'
import { table, type Column } from './table.ts'

export const declare: Declare = (noun, session) => {
  noun
    .command('list')
    .description('how the tests of every app are run, and how they went last')
    .option('--app <name>', 'of this app only')
    .action(({ app }: { readonly app?: string }) => showView(session, list(session, app)))
  noun
    .command('run')
    .description('run the tests of an app')
    .argument('<app>', 'its name in the list')
    .option('--wait', 'until they have ended', false)
    .option('--follow', 'as --wait, and show what they write', false)
    .action(async (app: string, options: RunOptions) =>
      tellRun(session, await session.command('tests.run', { app }), options, 'tests-failed'),
    )
  noun
    .command('show')
    .description('everything about one run, and which tests failed')
    .argument('<run>', 'its id, or how that begins')
    .action((wanted: string) => show(session, wanted))
  noun
    .command('history')
    .description('which tests ran, newest first')
    .option('--app <name>', 'of this app only')
    .option('--limit <n>', 'how many at most', wholeNumber('--limit', 1, 1000), 50)
    .action((options: { readonly app?: string; readonly limit: number }) =>
      showView(session, history(session, options)),
    )
  noun
    .command('cancel')
    .description('end a run of tests with all its processes')
    .argument('<run>', 'its id, or how that begins')
    .action((wanted: string) => cancel(session, wanted))
}

const list = (session: Session, app: string | undefined): View<readonly TestsRow[]> => ({
  topics: ['jobs', 'apps'],
  load: async () => (await session.query('tests.list', app === undefined ? {} : { app })).rows,
  json: (rows) => rows,
  lines: (rows) =>
    rows.length === 0
      ? ['There is no app yet. `quantum-admin apps add` adds those in this folder.']
      : table(session.out, columns(Date.now()), rows),
})

const columns = (now: number): readonly Column<TestsRow>[] => [
  { title: 'APP', least: 8, value: ({ app }) => app, look: () => 'bold' },
  {
    title: 'LAST',
    value: ({ running, lastRun }) => outcomeText(running ?? lastRun, now),
    look: ({ running, lastRun }) => outcomeLook(running ?? lastRun),
  },
  { title: 'TESTS', value: ({ lastRun }) => countsText(lastRun?.tests ?? null) },
  { title: 'COMMAND', least: 12, value: ({ command }) => command?.value ?? '(none known)' },
  { title: 'FROM', least: 8, spare: 1, value: ({ command }) => command?.where ?? '', look: () => 'dim' },
]

const history = (
  session: Session,
  { app, limit }: { readonly app?: string; readonly limit: number },
): View<readonly RunRow[]> => {
  const of = app === undefined ? {} : { app }
  return runsView(session, () => session.query('tests.history', { limit, ...of }), 'No tests have run yet.')
}

async function show(session: Session, wanted: string): Promise<void> {
  const { out } = session
  const { run } = await findRun(session, wanted, 'tests')
  const detail = await session.query('tests.show', { run })
  if (out.json) return out.data(detail)
  out.lines(describeRun(out, detail))
  for (const one of detail.cases.filter(({ state }) => state === 'failed')) out.lines(failedText(one))
}

function failedText({ suite, name, message }: TestCase): string[] {
  const title = `Failed: ${[...suite, name].join(' > ')}`
  return [printable(title), ...(message ?? '').split('\n').map((line) => `  ${printable(line)}`)]
}

async function cancel(session: Session, wanted: string): Promise<void> {
  const { run } = await findRun(session, wanted, 'tests')
  tellCancelled(session, await session.command('tests.cancel', { run }))
}
