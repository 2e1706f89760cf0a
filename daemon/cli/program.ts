import { Command, Help, Option } from 'commander'
import { Failure } from '#base/failure.ts'
import { build } from '#base/version.ts'
import { declare as apps } from './apps.ts'
import { declare as audit } from './audit.ts'
import { declare as completion } from './completion.ts'
import { declare as connectors } from './connectors.ts'
import { declare as containers } from './containers.ts'
import { declare as daemon } from './daemon.ts'
import { declare as docs } from './docs.ts'
import { declare as doctor } from './doctor.ts'
import { declare as health } from './health.ts'
import { declare as incidents } from './incidents.ts'
import { declare as jobs } from './jobs.ts'
import { declare as logs } from './logs.ts'
import { declare as metrics } from './metrics.ts'
import { declare as overview } from './overview.ts'
import { declare as ports } from './ports.ts'
import { declare as processes } from './processes.ts'
import { declare as secrets } from './secrets.ts'
import { declare as tests } from './tests.ts'
import { declare as users } from './users.ts'
import { declare as version } from './version.ts'
import type { Declare } from './noun.ts'
import type { Session } from './session.ts'

interface Noun {
  readonly name: string
  readonly description: string
  readonly declare: Declare
}

/** One file each. They are in one chunk of the bundle: reading many small ones takes longer than they are. */
export const nouns: readonly Noun[] = [
  {
    name: 'overview',
    description: 'the machine at a glance; also what you get without any command',
    declare: overview,
  },
  { name: 'apps', description: 'add, start, stop and restart apps, and see how they fare', declare: apps },
  {
    name: 'jobs',
    description: 'run the jobs of apps, see when they run next and how they went',
    declare: jobs,
  },
  { name: 'tests', description: 'run the tests of apps, and see how they went', declare: tests },
  {
    name: 'health',
    description: 'whether apps are well; check now, pause and resume checks',
    declare: health,
  },
  {
    name: 'incidents',
    description: 'what was not well, since when and why; acknowledge it and note what there is to know',
    declare: incidents,
  },
  { name: 'logs', description: 'search, follow and export what apps write', declare: logs },
  {
    name: 'metrics',
    description: 'what the machine and apps use, and how apps answer, now and over time',
    declare: metrics,
  },
  { name: 'ports', description: 'who listens where; lease, release and free ports', declare: ports },
  { name: 'processes', description: 'list, inspect and stop processes', declare: processes },
  { name: 'containers', description: 'list, inspect, start, stop and read containers', declare: containers },
  {
    name: 'connectors',
    description: 'test whether databases and other servers can be reached; add your own',
    declare: connectors,
  },
  { name: 'secrets', description: 'keep passwords for connectors, never shown again', declare: secrets },
  { name: 'audit', description: 'the record of every action: read, verify and export it', declare: audit },
  { name: 'users', description: 'who may connect over the network, and their tokens', declare: users },
  { name: 'daemon', description: 'the background program: start, stop and look at it', declare: daemon },
  { name: 'doctor', description: 'check that everything Quantum Admin needs is in order', declare: doctor },
  { name: 'docs', description: 'open or print the documentation', declare: docs },
  { name: 'completion', description: 'print a completion script for bash, zsh or fish', declare: completion },
  { name: 'version', description: 'print the version', declare: version },
]

/** The command line's tree, without the verbs of the nouns. */
export function program(): Command {
  const root = new Command('quantum-admin')
    .description('What runs on this machine, live and true, and a record of everything that was done to it.')
    .usage('[options] <noun> [verb]')
    .exitOverride()
    .configureOutput({ outputError: () => {}, writeErr: () => {} })
    .configureHelp({ showGlobalOptions: true, optionDescription: describeOption })
    .helpCommand(false)
    .version(build.version, '-V, --version', 'print the version')
    .option('--json', 'print data as JSON, in the shapes that docs/cli.md promises', false)
    .option('--yes', 'answer yes to the question that a dangerous command asks', false)
    .option('--no-color', 'no colour, whatever the terminal can do')
    .option('--quiet', 'only the answer: no notes and no progress', false)
    .option('--watch', 'keep the answer up to date (overview and the lists)', false)
    .option('--url <address>', 'speak to a daemon elsewhere, such as https://host:7443')
    .option('--ca <file>', 'with --url: the certificate authority of that daemon (PEM)')
    .addOption(new Option('--token [token]').hideHelp())
  for (const { name, description } of nouns) root.command(name).description(description).helpCommand(false)
  return root
}

/** As commander says it, but that a flag is off and a list empty unless it is given goes without saying. */
function describeOption(option: Option): string {
  const isUnsaid = option.defaultValue === false || Array.isArray(option.defaultValue)
  return isUnsaid ? option.description : new Help().optionDescription(option)
}

const declared = new WeakSet<Command>()

/** Declares a noun's verbs once: completion declares every noun, its own among them. */
function declareNoun(root: Command, { name, declare }: Noun, session: Session): void {
  const command = root.commands.find((candidate) => candidate.name() === name)
  if (command === undefined || declared.has(command)) return
  declared.add(command)
  declare(command, session, () => nouns.forEach((noun) => declareNoun(root, noun, session)))
}

/** The verbs that `--watch` makes sense for, by the path people type. */
const watchable = new Set([
  'overview',
  'ports list',
  'ports leases',
  'processes list',
  'containers list',
  'apps list',
  'jobs list',
  'jobs history',
  'tests list',
  'tests history',
  'connectors list',
  'health',
  'incidents',
  'logs sources',
  'metrics',
])

/**
 * Prepares the tree for one command line: declares the noun it names when commander gets there, puts `overview`
 * where there is no noun, and turns `help NOUN` into `NOUN --help`.
 */
export function withNoun(root: Command, argv: readonly string[], session: Session): string[] {
  root.hook('preSubcommand', (_, command) => {
    const noun = nouns.find(({ name }) => name === command.name())
    if (noun !== undefined) declareNoun(root, noun, session)
  })
  root.hook('preAction', (_, command) => check(root, command))
  const { operands, unknown } = root.parseOptions([...argv])
  if (operands[0] === 'help') return [...argv.filter((word) => word !== 'help'), '--help']
  const wantsHelp = unknown.some((word) => word === '--help' || word === '-h')
  return operands.length === 0 && !wantsHelp ? ['overview', ...argv] : [...argv]
}

function check(root: Command, command: Command): void {
  const options = root.opts<{ readonly token?: unknown; readonly watch: boolean; readonly json: boolean }>()
  if (options.token !== undefined) {
    throw new Failure(
      'wrong-use',
      'A token is never taken from the command line, where other users can read it',
      {
        hint: 'Put it into QUANTUM_ADMIN_TOKEN or a file that only you can read; see `quantum-admin docs teams`.',
      },
    )
  }
  const path = commandPath(root, command)
  if (options.watch && !watchable.has(path))
    throw new Failure(
      'wrong-use',
      `--watch does not go with ${path}; it goes with ${[...watchable].join(', ')}`,
    )
}

/** The words people type for a command, such as `ports list`. */
function commandPath(root: Command, command: Command): string {
  const words: string[] = []
  for (let at: Command | null = command; at !== null && at !== root; at = at.parent) words.unshift(at.name())
  return words.join(' ')
}
