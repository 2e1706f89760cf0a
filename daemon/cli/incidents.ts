import type { IncidentDetail, IncidentRow } from '#contract/health.ts'
import type { IncidentTimeline, TimelineEvent } from '#contract/incident-timeline.ts'
import { printable } from '#base/printable.ts'
import { wholeNumber } from './arguments.ts'
import { show as showView, type View } from './live.ts'
import { declareHooks } from './incident-hooks.ts'
import type { Declare } from './noun.ts'
import type { Look, Output } from './output.ts'
import type { Session } from './session.ts'
import { fields, table, type Column } from './table.ts'
import { duration, fullTime, relativeTime } from './text.ts'

export const declare: Declare = (noun, session) => {
  const number = wholeNumber('The number of an incident', 1, Number.MAX_SAFE_INTEGER)
  noun
    .option('--app <name>', 'of this app only')
    .option('--open', 'only those that go on', false)
    .option('--limit <n>', 'how many at most', wholeNumber('--limit', 1, 1000), 50)
    .action((options: Listing) => showView(session, list(session, options)))
  noun
    .command('show')
    .description('everything about one incident: what changed first before it, and what happened around it')
    .argument('<number>', 'its number in the list', number)
    .action((wanted: number) => show(session, wanted))
  noun
    .command('ack')
    .description('say that you see to it')
    .argument('<number>', 'its number in the list', number)
    .action((wanted: number) => acknowledge(session, wanted))
  noun
    .command('note')
    .description('write something down for those who read of it later')
    .argument('<number>', 'its number in the list', number)
    .argument('<text>', 'what there is to know')
    .action((wanted: number, text: string) => note(session, wanted, text))
  declareHooks(noun, session)
}

interface Listing {
  readonly app?: string
  readonly open: boolean
  readonly limit: number
}

const list = (session: Session, { app, open, limit }: Listing): View<readonly IncidentRow[]> => ({
  topics: ['health'],
  load: async () =>
    (await session.query('incidents.list', { open, limit, ...(app === undefined ? {} : { app }) })).rows,
  json: (rows) => rows,
  lines: (rows) =>
    rows.length === 0
      ? [open ? 'No incident is open.' : 'There was no incident yet.']
      : table(session.out, columns(Date.now()), rows),
})

function stateOf({ resolvedAt, acknowledgedBy }: IncidentRow): {
  readonly text: string
  readonly look: Look
} {
  if (resolvedAt !== null) return { text: 'resolved', look: 'green' }
  return acknowledgedBy === null ? { text: 'open', look: 'red' } : { text: 'acknowledged', look: 'yellow' }
}

const columns = (now: number): readonly Column<IncidentRow>[] => [
  { title: '#', value: ({ number }) => String(number), align: 'right', look: () => 'bold' },
  { title: 'APP', least: 8, value: ({ app }) => app },
  { title: 'WHERE', value: ({ environment }) => environment ?? '' },
  { title: 'STATE', value: (row) => stateOf(row).text, look: (row) => stateOf(row).look },
  { title: 'SEVERITY', spare: 3, value: ({ severity }) => severity },
  { title: 'STARTED', value: ({ startedAt }) => relativeTime(startedAt, now) },
  { title: 'LASTED', spare: 2, value: ({ durationMs }) => duration(durationMs) },
  { title: 'CAUSE', least: 12, spare: 1, value: ({ cause }) => cause },
]

async function show(session: Session, number: number): Promise<void> {
  const [detail, timeline] = await Promise.all([
    session.query('incidents.show', { number }),
    session.query('incidents.timeline', { number }),
  ])
  if (session.out.json) session.out.data({ ...detail, timeline: timelineOf(timeline) })
  else session.out.lines(await describe(session.out, detail, timeline))
}

/** Which incident it is of stands beside it. */
const timelineOf = ({ onset, causes, events, left }: IncidentTimeline) => ({ onset, causes, events, left })

async function describe(out: Output, detail: IncidentDetail, timeline: IncidentTimeline): Promise<string[]> {
  const now = Date.now()
  const { acknowledgedAt, acknowledgedBy, resolvedAt, environment } = detail
  const lines = [
    ...causeLines(out, timeline),
    '',
    ...fields(out, [
      ['Incident', `#${detail.number}`],
      ['App', environment === null ? detail.app : `${detail.app} in ${environment}`],
      ['Check', detail.check],
      ['State', stateOf(detail).text],
      ['Severity', detail.severity],
      ['Cause', detail.cause],
      ['Started', fullTime(detail.startedAt, now)],
      ['First failure', fullTime(timeline.onset, now)],
      [
        'Acknowledged',
        acknowledgedAt === null ? '' : `${fullTime(acknowledgedAt, now)} by ${acknowledgedBy ?? 'somebody'}`,
      ],
      ['Resolved', resolvedAt === null ? '' : fullTime(resolvedAt, now)],
      ['Resolution', detail.resolution ?? ''],
      ['Lasted', duration(detail.durationMs)],
    ]),
  ]
  const { events, left } = timeline
  if (events.length > 0) lines.push('', ...(await table(out, eventColumns(timeline), events)))
  if (left > 0) lines.push(`${left} more that were further away in time are left out.`)
  return detail.notes.length === 0 ? lines : [...lines, '', ...(await table(out, noteColumns, detail.notes))]
}

function causeLines(out: Output, { causes }: IncidentTimeline): readonly string[] {
  const [first, ...others] = causes
  if (first === undefined)
    return fields(out, [['First change before onset', 'nothing changed that is known here']])
  return fields(out, [
    ['First change before onset', first.text],
    ['Because', first.reason],
    ...others.map((one): [string, string] => ['Or', `${one.text}: ${one.reason}`]),
  ])
}

const eventColumns = ({ onset }: IncidentTimeline): readonly Column<TimelineEvent>[] => [
  { title: 'AT', value: ({ at }) => at, look: ({ at }) => (at < onset ? 'dim' : 'red') },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'WHAT', least: 20, spare: 1, value: ({ title }) => title },
  { title: 'MORE', least: 10, spare: 2, value: ({ detail }) => detail ?? '' },
  { title: 'SEE', spare: 3, value: seeOf },
]

/** What shows more of it, as a command or a place. */
function seeOf({ opens }: TimelineEvent): string {
  switch (opens?.type) {
    case 'audit':
      return `audit show ${opens.sequence}`
    case 'log':
      return `logs show ${opens.id}`
    case 'run':
      return `jobs show ${opens.run.slice(0, 8)}`
    case 'check':
      return `health show ${opens.app} ${opens.check}`
    case 'file':
      return opens.line === null ? opens.file : `${opens.file}:${opens.line}`
    case undefined:
      return ''
  }
}

const noteColumns: readonly Column<IncidentDetail['notes'][number]>[] = [
  { title: 'AT', value: ({ at }) => at },
  { title: 'BY', value: ({ by }) => by },
  { title: 'NOTE', least: 10, value: ({ text }) => text },
]

async function acknowledge(session: Session, number: number): Promise<void> {
  const row = await session.command('incidents.acknowledge', { number })
  if (session.out.json) session.out.data(row)
  else session.out.line(`Incident ${number} of ${printable(row.app)} is acknowledged.`)
}

async function note(session: Session, number: number, text: string): Promise<void> {
  const detail = await session.command('incidents.note', { number, text })
  if (session.out.json) session.out.data(detail)
  else session.out.line(`The note was added to incident ${number}.`)
}
