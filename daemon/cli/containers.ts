import { Option, type Command } from 'commander'
import type { ContainerDetail, ContainerRow, EngineStatus, Snapshot } from '#contract/resources.ts'
import { Failure } from '#base/failure.ts'
import { printable, printableJson, printableLine } from '#base/printable.ts'
import { wholeNumber } from './arguments.ts'
import { show as showView, type View } from './live.ts'
import type { Look, Output } from './output.ts'
import type { Declare } from './noun.ts'
import type { Session } from './session.ts'
import { fields, table, type Column } from './table.ts'
import { fullTime, memorySize, percent, relativeTime } from './text.ts'

interface LogOptions {
  readonly follow: boolean
  readonly tail: number
}

const described = '<container>'
const meaning = 'a name or the beginning of an id'

export const declare: Declare = (noun, session) => {
  const verb = (name: string, description: string): Command =>
    noun.command(name).description(description).argument(described, meaning)
  noun
    .command('list')
    .description('every container, running or not')
    .action(() => showView(session, list(session)))
  verb('show', 'everything about one container').action((name: string) => show(session, name))
  verb('start', 'start a container').action((name: string) => start(session, name))
  verb('stop', 'stop a container').action((name: string) => end(session, name, 'stop'))
  verb('restart', 'stop a container and start it again').action((name: string) =>
    end(session, name, 'restart'),
  )
  verb('logs', 'what a container has written')
    .option('--follow', 'go on until Ctrl-C', false)
    .addOption(
      new Option('--tail <lines>', 'how many of the last lines')
        .argParser(wholeNumber('--tail', 0, 100_000))
        .default(200),
    )
    .action((name: string, options: LogOptions) => logs(session, name, options))
}

type Listing = Snapshot<ContainerRow> & { readonly engine: EngineStatus }

const list = (session: Session): View<Listing> => ({
  topics: ['containers'],
  load: () => session.query('containers.list', {}),
  json: ({ rows }) => rows,
  lines: async ({ rows, engine }) => {
    if (engine.state !== 'connected') return noEngine(session.out, engine)
    if (rows.length === 0) return ['There is no container. One that is created appears here at once.']
    return table(session.out, columns(Date.now()), rows)
  },
})

/** Why there is no list: the engine's state is an answer, not an error. */
function noEngine(out: Output, { reason, endpoint }: EngineStatus): string[] {
  return [
    printable(reason ?? 'No container engine was found.'),
    ...fields(out, [['Tried', endpoint ?? '']]),
    'Start the engine, or set DOCKER_HOST to its socket; `quantum-admin docs containers` says more.',
  ]
}

const stateLooks: Readonly<Partial<Record<ContainerRow['state'], Look>>> = {
  running: 'green',
  restarting: 'yellow',
  paused: 'yellow',
  dead: 'red',
  exited: 'dim',
}

const columns = (now: number): readonly Column<ContainerRow>[] => [
  { title: 'NAME', least: 12, value: ({ name }) => name, look: () => 'bold' },
  { title: 'STATE', value: ({ state }) => state, look: ({ state }) => stateLooks[state] },
  {
    title: 'HEALTH',
    value: ({ health }) => health ?? '',
    look: ({ health }) => (health === 'unhealthy' ? 'red' : undefined),
  },
  { title: 'STATUS', least: 10, spare: 3, value: ({ status }) => status },
  { title: 'IMAGE', least: 12, spare: 2, value: ({ image }) => image },
  { title: 'PORTS', least: 10, value: portsText },
  { title: 'APP', least: 8, value: ({ app }) => app ?? '' },
  { title: 'ID', spare: 4, value: ({ id }) => id.slice(0, 12), look: () => 'dim' },
  { title: 'CREATED', spare: 5, value: ({ createdAt }) => relativeTime(createdAt, now) },
]

function portsText({ ports }: ContainerRow): string {
  const texts = ports.map(({ hostPort, containerPort, protocol }) =>
    protocol === 'tcp' ? `${hostPort}→${containerPort}` : `${hostPort}→${containerPort}/${protocol}`,
  )
  // The engine publishes on each family; one mention is enough to read.
  return [...new Set(texts)].join(', ')
}

/** Finds one container by its name or the beginning of its id. */
async function find(session: Session, wanted: string): Promise<ContainerRow> {
  const { rows, engine } = await session.query('containers.list', {})
  if (engine.state !== 'connected')
    throw new Failure('engine-unavailable', engine.reason ?? 'No container engine was found')
  const named = rows.find(({ name, id }) => name === wanted || id === wanted)
  if (named !== undefined) return named
  const matching = /^[0-9a-f]{2,64}$/.test(wanted) ? rows.filter(({ id }) => id.startsWith(wanted)) : []
  const [only, ...others] = matching
  if (only === undefined) {
    throw new Failure('not-found', `There is no container ${JSON.stringify(wanted)}`, {
      hint: '`quantum-admin containers list` shows them all.',
    })
  }
  if (others.length > 0) {
    const names = matching.map(({ name }) => name).join(', ')
    throw new Failure('conflict', `${wanted} is the beginning of more than one id: ${names}`, {
      hint: 'Give the name, or more of the id.',
    })
  }
  return only
}

async function show(session: Session, wanted: string): Promise<void> {
  const { id } = await find(session, wanted)
  const detail = await session.query('containers.show', { id })
  if (session.out.json) session.out.data(detail)
  else session.out.lines(describe(session.out, detail))
}

function describe(out: Output, detail: ContainerDetail): string[] {
  const now = Date.now()
  return fields(out, [
    ...summary(detail),
    ['Command', detail.command ?? ''],
    ['Process', detail.pid === null ? '' : `pid ${detail.pid}`],
    ['Exit code', detail.exitCode === null ? '' : String(detail.exitCode)],
    ['Started', detail.startedAt === null ? '' : fullTime(detail.startedAt, now)],
    ['Created', fullTime(detail.createdAt, now)],
    ['CPU', detail.cpuPercent === null ? '' : `${percent(detail.cpuPercent)} % of a core`],
    ['Memory', detail.memoryBytes === null ? '' : memorySize(detail.memoryBytes)],
    ...Object.entries(detail.labels).map(([name, value]) => ['Label', `${name}=${value}`] as const),
  ])
}

const summary = (row: ContainerRow): (readonly [string, string])[] => [
  ['Container', `${row.name} (${row.id.slice(0, 12)})`],
  ['Image', row.image],
  [
    'State',
    row.health === null ? `${row.state}, ${row.status}` : `${row.state}, ${row.status}, ${row.health}`,
  ],
  ['Ports', portsText(row)],
  ['App', row.app ?? ''],
]

async function start(session: Session, wanted: string): Promise<void> {
  const { id, name } = await find(session, wanted)
  await session.command('containers.start', { id, name })
  done(session, id, name, 'started')
}

const past = { stop: 'stopped', restart: 'restarted' } as const

async function end(session: Session, wanted: string, verb: 'stop' | 'restart'): Promise<void> {
  const row = await find(session, wanted)
  const { id, name } = row
  const question = verb === 'stop' ? 'Stop this container?' : 'Restart this container?'
  await session.command(
    `containers.${verb}`,
    { id, name },
    { question, name, touches: fields(session.out, summary(row)) },
  )
  done(session, id, name, past[verb])
}

function done({ out }: Session, id: string, name: string, what: string): void {
  if (out.json) out.data({ id, name })
  else out.line(`The container ${printable(name)} was ${what}.`)
}

async function logs(session: Session, wanted: string, options: LogOptions): Promise<void> {
  const { out } = session
  const { id } = await find(session, wanted)
  const write = (lines: readonly string[]): void =>
    out.lines(
      lines.map((line) =>
        out.json ? printableJson({ line }) : out.interactive ? printableLine(line, out.colour) : line,
      ),
    )
  await session.query(
    'containers.logs',
    { id, tail: options.tail, follow: options.follow },
    // The contract: every piece of this stream is a batch of lines.
    { onPiece: (piece) => write((piece as { readonly lines: readonly string[] }).lines) },
  )
  session.signal.throwIfAborted()
}
