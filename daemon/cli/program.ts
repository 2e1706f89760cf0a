import { Command, Help, Option } from 'commander'
import { Failure } from '#base/failure.ts'
import { build } from '#base/version.ts'
import type { Session } from './session.ts'

/** Declares a noun's verbs, arguments and flags on its command. */
export type Declare = (noun: Command, session: Session) => void

interface Noun {
  readonly name: string
  readonly description: string
  load(): Promise<{ readonly declare: Declare }>
}

/** Each noun's verbs are in a file of its own, which is loaded when the noun is used. */
export const nouns: readonly Noun[] = [
  {
    name: 'overview',
    description: 'the machine at a glance; also what you get without any command',
    load: () => import('./overview.ts'),
  },
  {
    name: 'ports',
    description: 'who listens where; lease, release and free ports',
    load: () => import('./ports.ts'),
  },
  {
    name: 'processes',
    description: 'list, inspect and stop processes',
    load: () => import('./processes.ts'),
  },
  {
    name: 'containers',
    description: 'list, inspect, start, stop and read containers',
    load: () => import('./containers.ts'),
  },
  {
    name: 'audit',
    description: 'the record of every action: read, verify and export it',
    load: () => import('./audit.ts'),
  },
  {
    name: 'users',
    description: 'who may connect over the network, and their tokens',
    load: () => import('./users.ts'),
  },
  {
    name: 'daemon',
    description: 'the background program: start, stop and look at it',
    load: () => import('./daemon.ts'),
  },
  {
    name: 'doctor',
    description: 'check that everything Quantum Admin needs is in order',
    load: () => import('./doctor.ts'),
  },
  { name: 'docs', description: 'open or print the documentation', load: () => import('./docs.ts') },
  {
    name: 'completion',
    description: 'print a completion script for bash, zsh or fish',
    load: () => import('./completion.ts'),
  },
  { name: 'version', description: 'print the version', load: () => import('./version.ts') },
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

/** As commander says it, but that a flag is off unless it is given goes without saying. */
function describeOption(option: Option): string {
  return option.defaultValue === false ? option.description : new Help().optionDescription(option)
}

/** Loads every noun's verbs: for completion, which has to know them all. */
export async function declareAll(root: Command, session: Session): Promise<void> {
  for (const noun of nouns) await declareNoun(root, noun, session)
}

const declared = new WeakSet<Command>()

async function declareNoun(root: Command, noun: Noun, session: Session): Promise<void> {
  const command = root.commands.find((candidate) => candidate.name() === noun.name)
  // Completion declares every noun, its own among them.
  if (command === undefined || declared.has(command)) return
  declared.add(command)
  const { declare } = await noun.load()
  declare(command, session)
}

/** The verbs that `--watch` makes sense for, by the path people type. */
const watchable = new Set(['overview', 'ports list', 'ports leases', 'processes list', 'containers list'])

/**
 * Prepares the tree for one command line: loads the noun it names when commander gets there, puts `overview`
 * where there is no noun, and turns `help NOUN` into `NOUN --help`.
 */
export function withNoun(root: Command, argv: readonly string[], session: Session): string[] {
  root.hook('preSubcommand', async (_, command) => {
    const noun = nouns.find(({ name }) => name === command.name())
    if (noun !== undefined) await declareNoun(root, noun, session)
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
export function commandPath(root: Command, command: Command): string {
  const words: string[] = []
  for (let at: Command | null = command; at !== null && at !== root; at = at.parent) words.unshift(at.name())
  return words.join(' ')
}
