import { Option, type Command } from 'commander'
import type { AuditEntry, AuditFilter, AuditOutcome } from '#contract/audit.ts'
import { moment, wholeNumber } from './arguments.ts'
import { filterOf } from './audit-filter.ts'
import { exportTrail, type ExportOptions } from './audit-export.ts'
import { auditColumns, outcomeText, resourceText } from './audit-table.ts'
import { verify, type VerifyOptions } from './audit-verify.ts'
import type { Declare } from './noun.ts'
import type { Session } from './session.ts'
import { fields, table } from './table.ts'
import { fullTime } from './text.ts'

const outcomes: readonly AuditOutcome[] = ['pending', 'ok', 'failed', 'refused', 'interrupted']
const formats = ['jsonl', 'csv'] as const

type ListOptions = AuditFilter & { readonly limit: number; readonly cursor?: string; readonly all: boolean }

export const declare: Declare = (noun, session) => {
  filters(noun.command('list').description('what was done, by whom, newest first'))
    .addOption(
      new Option('--limit <count>', 'entries on a page')
        .argParser(wholeNumber('--limit', 1, 1000))
        .default(100),
    )
    .option('--cursor <cursor>', 'the next page: `next` of the page before')
    .option('--all', 'every page', false)
    .action((options: ListOptions) => list(session, options))
  noun
    .command('show')
    .description('one entry with all its details')
    .argument('<sequence>', 'its number in the list', wholeNumber('SEQUENCE', 1, Number.MAX_SAFE_INTEGER))
    .action((sequence: number) => show(session, sequence))
  noun
    .command('verify')
    .description('check that nothing in the record was changed, removed or added')
    .option('--file <file>', 'check an exported file instead')
    .option('--offline', 'read the files without asking the daemon', false)
    .option('--pin <sequence:hash>', 'a head you wrote down earlier, which the record must still contain')
    .action((options: VerifyOptions) => verify(session, options))
  filters(noun.command('export').description('write the record to a file; this is itself recorded'))
    .addOption(
      new Option('--format <format>', 'jsonl can be verified later, csv opens in a spreadsheet')
        .choices(formats)
        .default('jsonl'),
    )
    .option('--output <file>', 'where to; the standard output by default')
    .action((options: ExportOptions) => exportTrail(session, options))
  noun
    .command('checkpoint')
    .description('sign where the record stands now, to keep somewhere else')
    .action(() => checkpoint(session))
}

/** The flags that narrow the record down, the same for reading and exporting. */
function filters(command: Command): Command {
  return command
    .option('--actor <name>', 'who did it: a name or an id')
    .option('--action <action>', 'what was done, such as create or stop')
    .option('--resource <resource>', 'to what: a type, an id, a name, or type:name')
    .option('--project <name>', 'in which app')
    .addOption(new Option('--outcome <outcome>', 'how it ended').choices(outcomes))
    .option('--since <time>', 'from then on: 2h, 7d, or a date and time', moment('--since'))
    .option('--until <time>', 'up to then: 2h, 7d, or a date and time', moment('--until'))
    .option('--text <text>', 'anywhere in the entry')
}

async function list(session: Session, options: ListOptions): Promise<void> {
  const { out } = session
  const filter = filterOf(options)
  let cursor = options.cursor
  const entries: AuditEntry[] = []
  for (;;) {
    const limit = options.all ? 1000 : options.limit
    const page = await session.query('audit.list', {
      ...filter,
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    })
    entries.push(...page.entries)
    if (options.all && page.next !== null) {
      cursor = page.next
      continue
    }
    if (out.json) return out.data({ entries, next: page.next })
    if (entries.length === 0) return out.line(nothing(filter))
    out.lines(await table(out, auditColumns(Date.now()), entries))
    if (page.next !== null) out.note(`There is more: add --cursor ${page.next}, or --all.`)
    return
  }
}

const nothing = (filter: AuditFilter): string =>
  Object.keys(filter).length === 0
    ? 'Nothing was recorded yet. Everything that Quantum Admin does will be.'
    : 'Nothing in the record matches. Leave a filter out to see more.'

async function show(session: Session, sequence: number): Promise<void> {
  const { out } = session
  const entry = await session.query('audit.show', { sequence })
  if (out.json) out.data(entry)
  else out.lines(describe(session, entry))
}

function describe({ out }: Session, entry: AuditEntry): string[] {
  const { actor, resource } = entry
  return fields(out, [
    ['Sequence', String(entry.sequence)],
    ['Id', entry.id],
    ['When', fullTime(entry.timestamp, Date.now())],
    ['Who', `${actor.name} (${actor.id})`],
    ['From', `${actor.client}, ${actor.address}`],
    ['Action', entry.action],
    ['What', resource.id === resource.name ? resourceText(entry) : `${resourceText(entry)} (${resource.id})`],
    ['Project', entry.project ?? ''],
    ['Outcome', outcomeText(entry)],
    ['Took', entry.durationMs === null ? '' : `${entry.durationMs} ms`],
    ...Object.entries(entry.details).map(([name, value]) => [`  ${name}`, JSON.stringify(value)] as const),
  ])
}

async function checkpoint(session: Session): Promise<void> {
  const { out } = session
  const made = await session.command('audit.checkpoint', {})
  if (out.json) return out.data(made)
  out.lines(
    fields(out, [
      ['Sequence', String(made.sequence)],
      ['Hash', made.hash],
      ['Tree root', made.root],
      ['Signature', made.signature],
      ['Made', made.timestamp],
    ]),
  )
  out.note(`Keep ${made.sequence}:${made.hash} somewhere else; \`audit verify --pin\` checks against it.`)
}
