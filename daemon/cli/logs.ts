import { Option, type Command } from 'commander'
import { logKinds, logLevels } from '#contract/log-words.ts'
import type { LogDetail, LogFilter, LogLine, LogSourceRow } from '#contract/logs.ts'
import { Failure } from '#base/failure.ts'
import { logFormats, messageLines, type LogFormat } from '#base/log-records.ts'
import { printable } from '#base/printable.ts'
import { moment, wholeNumber } from './arguments.ts'
import { show as showView, type View } from './live.ts'
import { exportLogs } from './log-export.ts'
import { logFilter, type FilterOptions } from './log-filter.ts'
import { follow } from './log-follow.ts'
import { forwarding } from './log-forwarding.ts'
import { jsonOf, localTime, LogPrinter } from './log-lines.ts'
import { newest, passages } from './log-pages.ts'
import type { Declare } from './noun.ts'
import type { Output } from './output.ts'
import type { Session } from './session.ts'
import { fields, table, type Column } from './table.ts'
import { mebibytes, relativeTime } from './text.ts'
import { toStdout } from './whole-file.ts'

interface Options extends FilterOptions {
  readonly follow: boolean
  readonly limit?: number
  readonly context?: number
  readonly count: boolean
  readonly export?: LogFormat
  readonly output?: string
}

/** Lines that are shown unless told. */
const usualLimit = 100

export const declare: Declare = (noun, session) => {
  const collected = (text: string, before: readonly string[]): readonly string[] => [...before, text]
  noun
    .argument('[apps...]', 'of these apps only')
    .option('--follow', 'go on with what comes, until Ctrl-C', false)
    .addOption(new Option('--level <level>', 'of this level and those that are graver').choices(logLevels))
    .addOption(new Option('--kind <kind>', 'of this kind only').choices([...logKinds, 'errors']))
    .option('--source <name>', 'of this source only; may be repeated', collected, [])
    .option('--search <query>', 'what it must hold: words, "phrases", name:value; see `docs logs`')
    .option('--regex <pattern>', 'what it must match, in the syntax of RE2')
    .option(
      '--field <name=value>',
      'a member of the line: also >=, <, ~part, !=; may be repeated',
      collected,
      [],
    )
    .option('--since <time>', 'from then on: 15m, 2h, 7d, or a date and time', moment('--since'))
    .option('--until <time>', 'up to then: 15m, 2h, 7d, or a date and time', moment('--until'))
    .option(
      '--limit <n>',
      `how many of the newest at most (default: ${usualLimit}; with --export all)`,
      wholeNumber('--limit', 1, 100_000),
    )
    .option('--context <n>', 'with so many lines before and after each', wholeNumber('--context', 0, 500))
    .option('--count', 'only how many there are', false)
    .addOption(new Option('--export <format>', 'everything, the oldest first').choices(logFormats))
    .option('--output <file>', 'with --export: where to; the standard output by default')
    .action((apps: string[], options: Options) => logs(session, apps, options))
  noun
    .command('sources')
    .description('where lines come from, and how much is kept of each')
    .argument('[apps...]', 'of these apps only')
    .action((apps: string[]) => {
      noOptions(noun, 'sources')
      return showView(session, sources(session, apps))
    })
  noun
    .command('forward')
    .description('how far logs were sent to another engine, for apps whose configuration says so')
    .argument('[apps...]', 'of these apps only')
    .action((apps: string[]) => {
      noOptions(noun, 'forward')
      return showView(session, forwarding(session, apps))
    })
  noun
    .command('show')
    .description('one record with all that is understood of it')
    .argument('<id>', 'its id, as `--json` tells it')
    .action((id: string) => {
      noOptions(noun, 'show')
      return show(session, id)
    })
}

/** The noun's own options stand beside its verbs, where they mean nothing. @throws Failure `wrong-use`. */
function noOptions(noun: Command, verb: string): void {
  const given = noun.options.find((option) => {
    const from = noun.getOptionValueSource(option.attributeName())
    return from !== undefined && from !== 'default'
  })
  if (given !== undefined)
    throw new Failure('wrong-use', `${given.long ?? given.flags} does not go with logs ${verb}`)
}

/** What cannot be asked for together, because one of them would be left out silently. */
const exclusive = [
  ['follow', 'until'],
  ['follow', 'context'],
  ['follow', 'count'],
  ['follow', 'export'],
  ['count', 'context'],
  ['count', 'limit'],
  ['count', 'export'],
  ['context', 'export'],
] as const satisfies readonly (readonly [keyof Options, keyof Options])[]

async function logs(session: Session, apps: readonly string[], options: Options): Promise<void> {
  const given = (name: keyof Options): boolean => options[name] !== undefined && options[name] !== false
  const wrong = exclusive.find(([one, other]) => given(one) && given(other))
  if (wrong !== undefined) throw new Failure('wrong-use', `--${wrong[0]} does not go with --${wrong[1]}`)
  if (options.output !== undefined && options.export === undefined)
    throw new Failure('wrong-use', `--output only goes with --export, one of ${logFormats.join(', ')}`)
  const { limit, output, context } = options
  const ask = (): Promise<LogFilter> => logFilter(session, apps, options)
  if (options.follow) return follow(session, ask, limit ?? usualLimit, printing(session.out))
  const filter = await ask()
  if (options.export !== undefined)
    return exportLogs(session, filter, { format: options.export, output, limit })
  if (options.count) return count(session, filter)
  const { lines } = await newest(session, filter, limit ?? usualLimit)
  if (lines.length === 0) session.out.note('Nothing in the logs matches.')
  if (context === undefined) await printing(session.out)(lines)
  else await inContext(session, lines, context)
}

/** Shows records one after the other. */
function printing(out: Output): (lines: readonly LogLine[]) => Promise<unknown> | undefined {
  const printer = new LogPrinter(out)
  return (records) => write(out.json ? records.map((record) => jsonOf(record)) : printer.lines(records))
}

const write = (lines: readonly string[]): Promise<unknown> | undefined =>
  lines.length === 0 ? undefined : toStdout(`${lines.join('\n')}\n`)

/** Shows records among those that stand around them. */
async function inContext(session: Session, records: readonly LogLine[], context: number): Promise<void> {
  const { out } = session
  const matching = new Set(records.map(({ id }) => id))
  const printer = new LogPrinter(out)
  const found = await passages(session, records, context)
  for (const [index, { lines }] of found.entries()) {
    const shown = out.json
      ? lines.map((record) => jsonOf(record, { match: matching.has(record.id) }))
      : printer.lines(lines, ({ id }) => !matching.has(id))
    await write(index === 0 || out.json ? shown : [out.paint('dim', '--'), ...shown])
  }
}

async function count(session: Session, filter: LogFilter): Promise<void> {
  const { total, buckets } = await session.query('logs.histogram', { ...filter, buckets: 1 })
  if (!session.out.json) return session.out.line(String(total))
  const levels: Record<string, number> = {}
  for (const { counts } of buckets)
    for (const [level, records] of Object.entries(counts)) levels[level] = (levels[level] ?? 0) + records
  session.out.data({ total, levels })
}

const sources = (session: Session, apps: string[]): View<readonly LogSourceRow[]> => ({
  topics: ['logs', 'apps'],
  load: async () => {
    // An app that is none is told.
    await logFilter(session, apps, { source: [], field: [] })
    return (await session.query('logs.sources', apps.length === 0 ? {} : { apps })).rows
  },
  json: (rows) => rows,
  lines: (rows) =>
    rows.length === 0
      ? ['Nothing is read yet. `quantum-admin docs logs` says what is.']
      : table(session.out, sourceColumns(Date.now()), rows),
})

const sourceColumns = (now: number): readonly Column<LogSourceRow>[] => [
  { title: 'APP', least: 8, value: ({ app }) => app, look: () => 'bold' },
  { title: 'SOURCE', least: 12, value: ({ source }) => source },
  { title: 'KIND', spare: 2, value: ({ kind }) => kind },
  { title: 'RECORDS', align: 'right', value: ({ lines }) => String(lines) },
  { title: 'MIB', align: 'right', spare: 1, value: ({ bytes }) => mebibytes(bytes) },
  { title: 'NEWEST', value: ({ newest: at }) => relativeTime(at, now) },
  { title: 'PROBLEM', least: 10, value: ({ problem }) => problem ?? '', look: () => 'red' },
]

async function show(session: Session, id: string): Promise<void> {
  const { out } = session
  const detail = await session.query('logs.show', { id })
  if (out.json) return out.data(detail)
  out.lines([...describe(out, detail), '', ...messageLines(detail.text, out.colour)])
}

function describe(out: Output, detail: LogDetail): string[] {
  const { time, timeFrom } = detail
  return fields(out, [
    ['Id', detail.id],
    ['App', detail.app],
    ['Source', detail.source],
    ['Time', `${localTime(time)} (${time})${timeFrom === 'line' ? '' : ', when it was first seen'}`],
    ['Level', detail.level ?? 'it does not say'],
    ['Kind', detail.kind],
    ['Format', detail.format],
    ...Object.entries(detail.fields).map(([name, value]) => [`  ${printable(name, 200)}`, value] as const),
  ])
}
