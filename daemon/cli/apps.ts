import { resolve } from 'node:path'
import type { AppContainer, AppDetail, AppProblem, AppRow, AppState, Sourced } from '#contract/apps.ts'
import type { LogErrors } from '#contract/logs.ts'
import { Failure, messageOf } from '#base/failure.ts'
import { printable } from '#base/printable.ts'
import { wholeNumber } from './arguments.ts'
import { openInBrowser } from './browser.ts'
import { show as showView, type View } from './live.ts'
import { noSuchApp, notFound } from './not-found.ts'
import type { Declare } from './noun.ts'
import type { Look, Output } from './output.ts'
import type { Session } from './session.ts'
import { fields, table, type Column } from './table.ts'
import { fullTime, memorySize, percent, plural, relativeTime } from './text.ts'

export const declare: Declare = (noun, session) => {
  const verb = (name: string, description: string) =>
    noun.command(name).description(description).argument('<app>', 'its name in the list')
  noun
    .command('list')
    .description('every app that was added, and what runs of it')
    .action(() => showView(session, list(session)))
  verb('show', 'everything about one app').action((name: string) => show(session, name))
  verb('open', 'open an app in the browser, or print where it answers').action((name: string) =>
    open(session, name),
  )
  verb('output', 'the last lines of what an app wrote')
    .option('--lines <number>', 'how many at most', wholeNumber('--lines', 1, 10_000), 100)
    .action((name: string, { lines }: { readonly lines: number }) => output(session, name, lines))
  noun
    .command('add')
    .description('add the apps that are in a folder')
    .argument('[folder]', 'where to look', '.')
    .action((folder: string) => add(session, folder))
  verb('remove', 'forget an app; its folder stays as it is').action((name: string) => remove(session, name))
  const several = (name: string, description: string) =>
    noun
      .command(name)
      .description(description)
      .argument('[apps...]', 'their names in the list')
      .option('--all', 'every app in the list', false)
  several('start', 'start apps and wait until they are ready').action((names: string[], { all }: Which) =>
    start(session, names, all),
  )
  several('stop', 'stop all processes of apps').action((names: string[], { all }: Which) =>
    end(session, names, all, 'stop'),
  )
  several('restart', 'stop apps, whoever started them, and start them').action(
    (names: string[], { all }: Which) => end(session, names, all, 'restart'),
  )
}

interface Which {
  readonly all: boolean
}

/** An app, and how many errors it wrote in the last hour; null where the daemon keeps no logs. */
type ListedApp = AppRow & { readonly errors: number | null }

interface Listing {
  readonly rows: readonly ListedApp[]
}

async function loadList(session: Session): Promise<Listing> {
  const [{ rows }, errors] = await Promise.all([session.query('apps.list', {}), errorsOf(session)])
  const of = ({ name }: AppRow): number => errors?.find(({ app }) => app === name)?.errors ?? 0
  return { rows: rows.map((row) => ({ ...row, errors: errors === null ? null : of(row) })) }
}

async function errorsOf(session: Session): Promise<LogErrors['rows'] | null> {
  try {
    return (await session.query('logs.errors', {})).rows
  } catch (error) {
    // A team's daemon may be older, and that of a disk that is broken keeps no logs; the apps are there all the same.
    if (error instanceof Failure && ['unknown-method', 'store-unavailable'].includes(error.code)) return null
    throw error
  }
}

const list = (session: Session): View<Listing> => ({
  topics: ['apps', 'ports'],
  load: () => loadList(session),
  json: ({ rows }) => rows,
  lines: ({ rows }) =>
    rows.length === 0
      ? ['There is no app yet. `quantum-admin apps add` adds those in this folder.']
      : table(session.out, columns(Date.now()), rows),
})

const stateLooks: Readonly<Record<AppState, Look>> = {
  running: 'green',
  starting: 'yellow',
  stopping: 'yellow',
  waiting: 'yellow',
  external: 'yellow',
  failed: 'red',
  stopped: 'dim',
}

const columns = (now: number): readonly Column<ListedApp>[] => [
  { title: 'NAME', least: 12, value: ({ name }) => name, look: () => 'bold' },
  { title: 'STATE', value: ({ state }) => state, look: ({ state }) => stateLooks[state] },
  { title: 'URL', value: ({ url }) => url ?? '' },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'SINCE', spare: 5, value: ({ startedAt }) => relativeTime(startedAt, now) },
  { title: 'RESTARTS', spare: 6, value: ({ restarts }) => (restarts === 0 ? '' : String(restarts)) },
  {
    title: 'ERRORS',
    spare: 3,
    value: ({ errors }) => (errors === null || errors === 0 ? '' : String(errors)),
    look: () => 'red',
  },
  { title: 'CPU %', spare: 4, value: ({ cpuPercent }) => (cpuPercent === null ? '' : percent(cpuPercent)) },
  {
    title: 'MEMORY',
    spare: 4,
    value: ({ memoryBytes }) => (memoryBytes === null ? '' : memorySize(memoryBytes)),
  },
  {
    title: 'NOTE',
    least: 10,
    spare: 2,
    value: ({ reason, problems, restartToApply }) =>
      reason ?? problems[0]?.message ?? (restartToApply.length > 0 ? changedNote(restartToApply) : ''),
  },
  { title: 'FOLDER', least: 12, spare: 1, value: ({ folder }) => folder, look: () => 'dim' },
]

const changedNote = (changes: readonly string[]): string => `restart to apply: ${changes.join(', ')}`

async function show(session: Session, name: string): Promise<void> {
  const detail = await session.query('apps.show', { app: name })
  if (session.out.json) session.out.data(detail)
  else session.out.lines(describe(session.out, detail))
}

async function output(session: Session, name: string, lines: number): Promise<void> {
  const written = await session.query('apps.output', { app: name, lines })
  if (session.out.json) session.out.data(written)
  else session.out.lines(written.lines.map((line) => printable(line)))
}

function describe(out: Output, detail: AppDetail): string[] {
  const now = Date.now()
  const { command, askedPort, health, lastExit, cpuPercent, memoryBytes } = detail
  return fields(out, [
    ...summary(detail),
    ['Process', detail.pid === null ? '' : `pid ${detail.pid}`],
    ['Started', detail.startedAt === null ? '' : fullTime(detail.startedAt, now)],
    ['CPU', cpuPercent === null ? '' : `${percent(cpuPercent)} % of a core`],
    ['Memory', memoryBytes === null ? '' : memorySize(memoryBytes)],
    ['Command', sourced(command)],
    ['Port asked for', sourced(askedPort)],
    ['Health', sourced(health)],
    ['Variables', detail.variables.join(', ')],
    ['Output', detail.output ?? ''],
    ['Last end', lastExit === null ? '' : `${lastExit.reason}, ${fullTime(lastExit.at, now)}`],
    ...detail.problems.map((problem) => ['Problem', problemText(problem)] as const),
    ...detail.lastLines.map((line) => ['Wrote last', line] as const),
  ])
}

const summary = (row: AppRow): (readonly [string, string])[] => [
  ['App', row.name],
  ['Kind', row.kind],
  ['State', row.reason === null ? row.state : `${row.state}: ${row.reason}`],
  ['URL', row.url ?? ''],
  ['Folder', row.branch === null ? row.folder : `${row.folder} (branch ${row.branch})`],
  ['Restart to apply', row.restartToApply.join(', ')],
  ...row.containers.map((container) => ['Container', containerText(container)] as [string, string]),
]

/** A container in one line, with what a stop of its app does to it. */
function containerText({ name, service, state, health, stopsWithApp }: AppContainer): string {
  const told = [service, state, health, stopsWithApp ? null : 'goes on when the app stops']
  return `${name} (${told.filter((part) => part !== null && part !== name).join(', ')})`
}

const sourced = (value: Sourced<string | number> | null): string =>
  value === null ? '' : `${value.value} (${value.where})`

function problemText({ severity, message, file, line, column }: AppProblem): string {
  const place = file === null ? '' : `${[file, line, column].filter((part) => part !== null).join(':')}: `
  return `${severity}: ${place}${message}`
}

async function open(session: Session, name: string): Promise<void> {
  const { out } = session
  const { url, state } = await session.query('apps.show', { app: name })
  if (url === null)
    throw new Failure('not-found', `${name} is ${state} and has no address`, {
      hint:
        state === 'stopped'
          ? `Start it first: \`quantum-admin apps start ${name}\`.`
          : 'An app has an address once it listens on a port.',
    })
  if (out.json) return out.data({ url })
  const opened = out.interactive && (await openInBrowser(new URL(url)))
  if (opened) out.note(`Opened ${url}`)
  else out.line(url)
}

async function add(session: Session, folder: string): Promise<void> {
  const { out } = session
  const path = session.remote ? folder : resolve(folder)
  const { rows, problems } = await session.command('apps.add', { folder: path })
  for (const problem of problems) out.note(printable(problemText(problem)))
  if (out.json) return out.data(rows)
  out.line(`${plural(rows.length, 'app')} in this folder:`)
  // What they wrote is not asked for: they were not even started.
  const listed = rows.map((row): ListedApp => ({ ...row, errors: null }))
  out.lines(await table(out, columns(Date.now()), listed))
}

async function remove(session: Session, name: string): Promise<void> {
  const row = await session.query('apps.show', { app: name })
  const touches = fields(session.out, summary(row))
  await session.command('apps.remove', { app: name }, { question: 'Forget this app?', name, touches })
  if (session.out.json) session.out.data({ name })
  else session.out.line(`The app ${printable(name)} was removed; its folder is as it was.`)
}

/** The apps that were named. @throws Failure `wrong-use` when none was, `not-found`. */
async function chosen(session: Session, names: readonly string[], all: boolean): Promise<readonly AppRow[]> {
  if (all === names.length > 0)
    throw new Failure('wrong-use', all ? '--all goes without names' : 'Name an app, or say --all')
  const { rows } = await session.query('apps.list', {})
  if (all) return rows
  return names.map((name) => {
    const row = rows.find((one) => one.name === name)
    if (row !== undefined) return row
    const known = rows.map((one) => one.name)
    throw notFound('app', name, known, noSuchApp)
  })
}

async function start(session: Session, names: readonly string[], all: boolean): Promise<void> {
  const rows = await chosen(session, names, all)
  const params = rows.map(({ name }) => ({ app: name }))
  report(session.out, await session.commands('apps.start', params, null))
}

async function end(
  session: Session,
  names: readonly string[],
  all: boolean,
  verb: 'stop' | 'restart',
): Promise<void> {
  const found = await chosen(session, names, all)
  // Whoever means all apps does not mean what others have started in their folders.
  const rows = all ? found.filter(({ state }) => state !== 'external') : found
  const asked = verb === 'stop' ? 'Stop' : 'Restart'
  const results = await session.commands(
    `apps.${verb}`,
    rows.map(({ name }) => ({ app: name })),
    {
      question: rows.length === 1 ? `${asked} this app?` : `${asked} these ${rows.length} apps?`,
      name: rows.map(({ name }) => name).join(' '),
      touches: rows.flatMap((row) => fields(session.out, summary(row))),
    },
  )
  report(session.out, results)
}

/** Tells what became of each. @throws the first failure, when all were told. */
function report(out: Output, results: readonly PromiseSettledResult<AppRow>[]): void {
  const done = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  if (out.json) out.data(done)
  else for (const row of done) tell(out, row)
  const [first, ...others] = results.flatMap((result) => (result.status === 'rejected' ? [result] : []))
  for (const { reason } of others) out.note(printable(messageOf(reason)))
  if (first !== undefined) throw first.reason
}

/** What became of an app, in one line. */
function tell(out: Output, row: AppRow): void {
  const where = row.url !== null && row.state === 'running' ? ` at ${row.url}` : ''
  const why = row.reason === null ? '' : `: ${row.reason}`
  out.line(printable(`${row.name} is ${row.state}${where}${why}.`))
}
