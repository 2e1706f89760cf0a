import { homedir } from 'node:os'
import { Option } from 'commander'
import type { ProcessRow } from '#contract/resources.ts'
import { Failure } from '#base/failure.ts'
import { pid } from './arguments.ts'
import { show as showView, type View } from './live.ts'
import { stopText } from './port-holders.ts'
import { orderedTree, type TreeRow } from './process-tree.ts'
import type { Declare } from './noun.ts'
import type { Session } from './session.ts'
import { fields, table, type Column } from './table.ts'
import { fullTime, mebibytes, memorySize, percent, relativeTime, shortPath } from './text.ts'

const orders = ['pid', 'cpu', 'memory', 'name', 'started'] as const
type Order = (typeof orders)[number]

interface ListOptions {
  readonly tree: boolean
  readonly sort: Order
}

export const declare: Declare = (noun, session) => {
  noun
    .command('list')
    .description('every process, with what it uses and which ports it holds')
    .option('--tree', 'children under their parents', false)
    .addOption(new Option('--sort <by>', 'the order').choices(orders).default('pid'))
    .action((options: ListOptions) => showView(session, list(session, options)))
  noun
    .command('show')
    .description('everything about one process')
    .argument('<pid>', 'a process id', pid)
    .action((id: number) => show(session, id))
  noun
    .command('stop')
    .description('ask a process to stop, and kill it if it does not')
    .argument('<pid>', 'a process id', pid)
    .option('--force', 'kill at once', false)
    .action((id: number, { force }: { readonly force: boolean }) => stop(session, id, force))
}

const list = (session: Session, { tree, sort }: ListOptions): View<readonly ProcessRow[]> => ({
  topics: ['processes'],
  load: async () => (await session.query('processes.list', {})).rows.toSorted(compare[sort]),
  json: (rows) => rows,
  lines: (rows) => {
    const shown = tree ? orderedTree(rows) : rows.map((row) => ({ row, branch: '' }))
    return table(session.out, columns(Date.now()), shown)
  },
})

const compare: Readonly<Record<Order, (a: ProcessRow, b: ProcessRow) => number>> = {
  pid: (a, b) => a.pid - b.pid,
  cpu: (a, b) => (b.cpuPercent ?? -1) - (a.cpuPercent ?? -1),
  memory: (a, b) => (b.memoryBytes ?? -1) - (a.memoryBytes ?? -1),
  name: (a, b) => a.name.localeCompare(b.name),
  started: (a, b) => (b.startedAt ?? '').localeCompare(a.startedAt ?? ''),
}

const columns = (now: number): readonly Column<TreeRow>[] => [
  { title: 'PID', align: 'right', value: ({ row }) => String(row.pid) },
  { title: 'NAME', least: 12, value: ({ row, branch }) => branch + row.name, look: () => 'bold' },
  { title: 'CPU %', align: 'right', value: ({ row }) => percent(row.cpuPercent) },
  { title: 'MIB', align: 'right', value: ({ row }) => mebibytes(row.memoryBytes) },
  { title: 'USER', least: 6, spare: 3, value: ({ row }) => row.user ?? '' },
  { title: 'PORTS', least: 6, spare: 2, value: ({ row }) => row.ports.join(',') },
  { title: 'KIND', spare: 4, value: ({ row }) => (row.kind === 'other' ? '' : row.kind) },
  { title: 'APP', least: 8, value: ({ row }) => row.app ?? '' },
  { title: 'CONTAINER', least: 9, value: ({ row }) => row.container?.name ?? '' },
  { title: 'STARTED', spare: 5, value: ({ row }) => relativeTime(row.startedAt, now) },
  { title: 'COMMAND', least: 16, spare: 1, value: ({ row }) => row.command ?? '' },
]

async function show(session: Session, id: number): Promise<void> {
  const { out } = session
  const row = await session.query('processes.show', { pid: id })
  if (out.json) out.data(row)
  else out.lines(describe(session, row))
}

function describe({ out }: Session, row: ProcessRow): string[] {
  return fields(out, [
    ['Process', `${row.name} (pid ${row.pid}, child of ${row.ppid})`],
    ['Command', row.command ?? 'not visible to you'],
    ['Folder', row.cwd === null ? 'not visible to you' : shortPath(row.cwd, homedir())],
    ['User', row.user ?? 'unknown'],
    ['Started', fullTime(row.startedAt, Date.now())],
    ['CPU', row.cpuPercent === null ? '' : `${percent(row.cpuPercent)} % of a core`],
    ['Memory', row.memoryBytes === null ? '' : memorySize(row.memoryBytes)],
    ['Ports', row.ports.join(', ')],
    ['Container', row.container?.name ?? ''],
    ['App', row.app ?? ''],
    ['Kind', row.kind === 'other' ? '' : row.kind],
  ])
}

async function stop(session: Session, id: number, force: boolean): Promise<void> {
  const { out } = session
  const row = await session.query('processes.show', { pid: id })
  if (row.startedAt === null)
    throw new Failure(
      'permission-denied',
      `When process ${id} started is not visible to you, so it cannot be told apart for sure`,
    )
  const result = await session.command(
    'processes.stop',
    { pid: id, startedAt: row.startedAt, name: row.name.slice(0, 300), force },
    {
      question: force ? 'Kill this process?' : 'Stop this process?',
      name: row.name,
      touches: describe(session, row),
    },
  )
  if (out.json) out.data(result)
  else out.line(stopText(result))
}
