import { readFileSync } from 'node:fs'
import { Argument, Option } from 'commander'
import type { ConnectorDetail, ConnectorRow, ConnectorStatus, ConnectorTls } from '#contract/connectors.ts'
import { Failure, messageOf } from '#base/failure.ts'
import { printable } from '#base/printable.ts'
import { show as showView, type View } from './live.ts'
import type { Declare } from './noun.ts'
import type { Look, Output } from './output.ts'
import type { Session } from './session.ts'
import { fields, table, type Column } from './table.ts'
import { fullTime, plural, relativeTime } from './text.ts'

export const declare: Declare = (noun, session) => {
  const ofApp = () => new Option('--app <name>', 'whose datasource, where several have that name')
  noun
    .command('list')
    .description('the datasources of all apps and your own connectors, as they were last tested')
    .option('--app <name>', 'only those of one app')
    .action(({ app }: OfApp) => showView(session, list(session, app)))
  noun
    .command('show')
    .description('everything about one connector; what its password is stays where it is')
    .argument('<name>', 'its name in the list')
    .addOption(ofApp())
    .action((name: string, { app }: OfApp) => show(session, name, app))
  noun
    .command('test')
    .description('connect, log in and leave again; exit code 6 when one does not work')
    .argument('[names...]', 'their names in the list')
    .addOption(ofApp())
    .option('--all', 'every connector in the list, or with --app every one of that app', false)
    .addOption(
      new Option('--timeout <time>', 'how long each may take').argParser(patience).default(10_000, '10s'),
    )
    .action((names: string[], options: Testing) => test(session, names, options))
  noun
    .command('add')
    .description('add a connector of your own')
    .argument('<name>', 'what to call it')
    .addArgument(new Argument('<address>', 'such as redis://localhost:6379, without a password'))
    .option(
      '--password-from <where>',
      'where the password comes from: secret:NAME, or ${NAME} for a variable',
    )
    .addOption(new Option('--tls <how>', 'whether to speak TLS').choices(['off', 'on', 'unverified']))
    .option('--authority <file>', 'certificates to trust besides the usual ones (PEM)')
    .action((name: string, address: string, options: Adding) => add(session, name, address, options))
  noun
    .command('remove')
    .description('forget a connector of your own')
    .argument('<name>', 'its name in the list')
    .action((name: string) => remove(session, name))
}

interface OfApp {
  readonly app?: string
}
interface Testing extends OfApp {
  readonly all: boolean
  readonly timeout: number
}
interface Adding {
  readonly passwordFrom?: string
  readonly tls?: ConnectorTls
  readonly authority?: string
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }

/** @returns milliseconds. */
function patience(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,5})(ms|s|m)$/.exec(text) ?? []
  const time = Number(count) * (units[unit] ?? 0)
  if (time >= 100 && time <= 60_000) return time
  throw new Failure('wrong-use', `--timeout must be from 100ms to 60s, not ${JSON.stringify(text)}`)
}

interface Listing {
  readonly rows: readonly ConnectorRow[]
}

const list = (session: Session, app: string | undefined): View<Listing> => ({
  topics: ['connectors', 'apps'],
  load: async () => {
    const { rows } = await session.query('connectors.list', {})
    return { rows: app === undefined ? rows : rows.filter((row) => row.app === app) }
  },
  json: ({ rows }) => rows,
  lines: ({ rows }) =>
    rows.length === 0
      ? [
          'There is no connector. Those of apps come from `datasources:` in quantum.config.yaml;',
          '`quantum-admin connectors add NAME ADDRESS` adds one of your own.',
        ]
      : table(session.out, columns(Date.now()), rows),
})

const looks: Readonly<Record<ConnectorStatus, Look>> = {
  connected: 'green',
  disconnected: 'red',
  error: 'red',
  unknown: 'dim',
}

const columns = (now: number): readonly Column<ConnectorRow>[] => [
  { title: 'NAME', least: 10, value: ({ name }) => name, look: () => 'bold' },
  { title: 'APP', value: ({ app }) => app ?? '' },
  { title: 'TYPE', value: ({ type }) => type },
  { title: 'STATUS', value: ({ status }) => status, look: ({ status }) => looks[status] },
  { title: 'ADDRESS', least: 16, spare: 3, value: ({ address }) => address },
  { title: 'TESTED', spare: 5, value: ({ testedAt }) => relativeTime(testedAt, now) },
  { title: 'TOOK', spare: 6, value: ({ latencyMs }) => took(latencyMs) },
  { title: 'NOTE', least: 10, spare: 1, value: ({ reason, version }) => reason ?? version ?? '' },
]

const took = (milliseconds: number | null): string =>
  milliseconds === null ? '' : `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`

/** The one that is meant. @throws Failure `not-found`, `wrong-use` when several have that name. */
function pick(rows: readonly ConnectorRow[], name: string, app: string | undefined): ConnectorRow {
  const found = rows.filter((row) => row.name === name && (app === undefined || row.app === app))
  const [first, second] = found
  if (first === undefined)
    throw new Failure(
      'not-found',
      `There is no connector ${JSON.stringify(name)}${app === undefined ? '' : ` of ${app}`}`,
      {
        hint: '`quantum-admin connectors list` shows them all.',
      },
    )
  if (second === undefined) return first
  // A person's own goes before those of apps, which have another way to be named.
  const own = found.find((row) => row.app === null)
  if (own !== undefined) return own
  throw new Failure(
    'wrong-use',
    `${plural(found.length, 'app')} have a datasource ${name}; say which with --app`,
  )
}

const nameOf = ({ name, app }: ConnectorRow) => ({ name, app })

async function show(session: Session, name: string, app: string | undefined): Promise<void> {
  const { rows } = await session.query('connectors.list', {})
  const detail = await session.query('connectors.show', nameOf(pick(rows, name, app)))
  if (session.out.json) session.out.data(detail)
  else session.out.lines(describe(session.out, detail))
}

function describe(out: Output, detail: ConnectorDetail): string[] {
  const { file, line, testedAt } = detail
  return fields(out, [
    ['Connector', detail.name],
    ['Of', detail.app ?? 'you'],
    ['Type', detail.type],
    ['Address', detail.address],
    ['Password', detail.password === null ? 'none' : `from ${detail.password}`],
    ['TLS', tlsWords[detail.tls]],
    ['Configured in', file === null ? '' : `${file}:${line}`],
    ['Status', detail.status],
    ['Tested', testedAt === null ? 'never as it is now' : fullTime(testedAt, Date.now())],
    ['Took', took(detail.latencyMs)],
    ['Server', detail.version ?? ''],
    ['Reason', detail.reason ?? ''],
    ['What to do', detail.advice ?? ''],
  ])
}

const tlsWords: Readonly<Record<ConnectorTls, string>> = {
  off: 'off',
  on: 'on',
  unverified: 'on, and nobody checks with whom',
}

async function test(
  session: Session,
  names: readonly string[],
  { app, all, timeout }: Testing,
): Promise<void> {
  if (all === names.length > 0)
    throw new Failure('wrong-use', all ? '--all goes without names' : 'Name a connector, or say --all')
  const { rows } = await session.query('connectors.list', {})
  const chosen = all
    ? rows.filter((row) => app === undefined || row.app === app)
    : names.map((name) => pick(rows, name, app))
  const params = chosen.map((row) => ({ ...nameOf(row), timeoutMs: timeout }))
  const results = await session.commands('connectors.test', params, null)
  const tested = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  if (session.out.json) session.out.data(tested)
  else session.out.lines(tested.flatMap((row) => outcome(session.out, row)))
  for (const result of results) if (result.status === 'rejected') throw result.reason
  const bad = tested.filter(({ status }) => status !== 'connected')
  if (bad.length === 0) return
  const shown = bad.map((row) => (row.app === null ? row.name : `${row.name} of ${row.app}`)).join(', ')
  throw new Failure(
    'connector-failed',
    `${plural(bad.length, 'connector')} ${bad.length === 1 ? 'does' : 'do'} not work: ${shown}`,
  )
}

function outcome(out: Output, row: ConnectorRow): string[] {
  const who = printable(row.app === null ? row.name : `${row.name} of ${row.app}`)
  const status = out.paint(looks[row.status], row.status)
  if (row.reason === null)
    return [
      `${who}: ${status} in ${took(row.latencyMs)}${row.version === null ? '' : `, ${printable(row.version)}`}`,
    ]
  return [`${who}: ${status}`, `  ${printable(row.reason, 1000)}`, `  ${printable(row.advice ?? '', 1000)}`]
}

async function add(session: Session, name: string, url: string, options: Adding): Promise<void> {
  const { out } = session
  const row = await session.command('connectors.add', {
    name,
    url,
    ...(options.passwordFrom === undefined ? {} : { password: options.passwordFrom }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.authority === undefined ? {} : { ca: read(options.authority) }),
  })
  if (out.json) return out.data(row)
  out.line(`The connector ${printable(row.name)} was added: ${printable(row.address)}`)
  out.note(`Test it with \`quantum-admin connectors test ${row.name}\`.`)
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Failure('not-found', `The file ${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
}

async function remove(session: Session, name: string): Promise<void> {
  const { rows } = await session.query('connectors.list', {})
  const own = rows.find((row) => row.name === name && row.app === null)
  if (own === undefined && rows.some((row) => row.name === name))
    throw new Failure(
      'wrong-use',
      `${name} is a datasource of an app: it goes when it leaves quantum.config.yaml`,
    )
  const row = own ?? pick([], name, undefined)
  const touches = fields(session.out, [
    ['Connector', row.name],
    ['Address', row.address],
    ['Status', row.status],
  ])
  await session.command('connectors.remove', { name }, { question: 'Forget this connector?', name, touches })
  if (session.out.json) session.out.data({ name })
  else session.out.line(`The connector ${printable(name)} was removed.`)
}
