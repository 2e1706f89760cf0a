import { homedir } from 'node:os'
import { Option } from 'commander'
import type { LeaseKind, LeaseStatus } from '#contract/leases.ts'
import type { PortRow } from '#contract/resources.ts'
import { port } from './arguments.ts'
import { show, type View } from './live.ts'
import { free, who } from './port-holders.ts'
import type { Declare } from './noun.ts'
import type { Session } from './session.ts'
import { fields, table, type Column } from './table.ts'
import { relativeTime, shortPath } from './text.ts'
import { Failure } from '#base/failure.ts'

const kinds: readonly LeaseKind[] = ['web', 'database', 'queue', 'cache', 'app']

export const declare: Declare = (noun, session) => {
  noun
    .command('list')
    .description('every port that is open on this machine, and who holds it')
    .action(() => show(session, list(session)))
  noun
    .command('leases')
    .description('ports that are reserved by name')
    .action(() => show(session, leases(session)))
  noun
    .command('who')
    .description('who holds a port, where they come from and what belongs to them')
    .argument('<port>', 'a port number', port)
    .action((number: number) => who(session, number))
  noun
    .command('lease')
    .description('reserve a port by name; the same name answers the same port')
    .argument('<name>', 'letters, digits and . _ @ / -')
    .addOption(new Option('--kind <kind>', 'which range the port comes from').choices(kinds))
    .addOption(new Option('--port <port>', 'exactly this port').argParser(port))
    .action((name: string, options: LeaseOptions) => lease(session, name, options))
  noun
    .command('release')
    .description('give a reserved port back')
    .argument('<name>', 'the name it was reserved by')
    .action((name: string) => release(session, name))
  noun
    .command('free')
    .description('stop exactly the processes that hold a port, after showing them')
    .argument('<port>', 'a port number', port)
    .action((number: number) => free(session, number))
}

interface LeaseOptions {
  readonly kind?: LeaseKind
  readonly port?: number
}

const list = (session: Session): View<readonly PortRow[]> => ({
  topics: ['ports', 'leases', 'containers'],
  load: async () => (await session.query('ports.list', {})).rows,
  json: (rows) => rows,
  lines: async (rows) =>
    rows.length === 0
      ? ['No port is open. A program that listens appears here at once.']
      : table(
          session.out,
          portColumns(Date.now()),
          rows.toSorted((a, b) => a.port - b.port),
        ),
})

/** How sockets read in every table of them. */
const portColumns = (now: number): readonly Column<PortRow>[] => [
  { title: 'PORT', align: 'right', value: (row) => String(row.port), look: () => 'bold' },
  { title: 'PROTO', value: (row) => row.protocol },
  // `*` is what ss prints for a socket that takes both families.
  { title: 'ADDRESS', least: 9, value: (row) => (row.dualStack ? '*' : row.address) },
  { title: 'PROCESS', least: 10, value: holder, look: (row) => (row.pid === null ? 'dim' : undefined) },
  { title: 'PID', align: 'right', value: (row) => (row.pid === null ? '' : String(row.pid)) },
  { title: 'USER', least: 6, spare: 2, value: (row) => row.user ?? '' },
  { title: 'LEASE', least: 8, value: (row) => row.lease ?? '' },
  { title: 'APP', least: 8, value: (row) => row.app ?? '' },
  { title: 'CONTAINER', least: 9, value: (row) => row.container?.name ?? '' },
  { title: 'STARTED', spare: 3, value: (row) => relativeTime(row.startedAt, now) },
  { title: 'FOLDER', least: 12, spare: 1, value: (row) => shortPath(row.cwd, homedir()) },
]

function holder(row: PortRow): string {
  if (row.process !== null)
    return row.pids.length > 1 ? `${row.process} +${row.pids.length - 1}` : row.process
  return row.container === null ? '(not visible to you)' : '(container engine)'
}

const leases = (session: Session): View<readonly LeaseStatus[]> => ({
  topics: ['leases', 'ports'],
  load: async () => (await session.query('leases.list', {})).rows,
  json: (rows) => rows.map(({ name, kind, port, createdAt }) => ({ name, kind, port, createdAt })),
  lines: async (rows) =>
    rows.length === 0
      ? ['No port is reserved. Reserve one with `quantum-admin ports lease NAME`.']
      : table(session.out, leaseColumns(Date.now()), rows),
})

const leaseStates = { free: 'free', held: 'in use', stranger: 'taken by a stranger' } as const

const leaseColumns = (now: number): readonly Column<LeaseStatus>[] => [
  { title: 'NAME', least: 10, value: ({ name }) => name, look: () => 'bold' },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'PORT', align: 'right', value: ({ port }) => String(port) },
  {
    title: 'STATE',
    value: ({ state }) => leaseStates[state],
    look: ({ state }) => (state === 'stranger' ? 'red' : state === 'held' ? 'green' : 'dim'),
  },
  { title: 'PROCESS', least: 10, value: ({ process }) => process ?? '' },
  { title: 'PID', align: 'right', value: ({ pid }) => (pid === null ? '' : String(pid)) },
  { title: 'RESERVED', spare: 1, value: ({ createdAt }) => relativeTime(createdAt, now) },
]

async function lease(session: Session, name: string, options: LeaseOptions): Promise<void> {
  const { out } = session
  const answer = await session.command('leases.allocate', { name, ...options })
  if (out.json) out.data(answer)
  else if (out.quiet) out.line(String(answer.port))
  else
    out.line(
      `Port ${out.paint('bold', String(answer.port))} is reserved for ${answer.name} (${answer.kind}).`,
    )
}

async function release(session: Session, name: string): Promise<void> {
  const { out } = session
  const { rows } = await session.query('leases.list', {})
  const found = rows.find((row) => row.name === name)
  if (found === undefined) {
    throw new Failure('not-found', `There is no lease named ${JSON.stringify(name)}`, {
      hint: '`quantum-admin ports leases` lists them.',
    })
  }
  const touches = fields(out, [
    ['Lease', found.name],
    ['Port', `${found.port} (${leaseStates[found.state]})`],
    ['Held by', found.process === null ? '' : `${found.process} (pid ${found.pid})`],
  ])
  const answer = await session.command(
    'leases.release',
    { name },
    { question: `Give port ${found.port} back?`, name, touches },
  )
  if (out.json) out.data(answer)
  else out.line(`Port ${answer.port} is no longer reserved for ${answer.name}.`)
}
