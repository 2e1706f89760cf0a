/** What the files of one folder may import. Whatever is not listed is refused. */
export interface Rule {
  /** `*` stands for one folder name: each such folder is a house of its own. */
  readonly folder: string
  /** Files of ours outside the folder, as path patterns with `*` and `**`. */
  readonly ours: readonly string[]
  /** Packages, by name. */
  readonly packages: readonly string[]
  /** In files of {@link queryFiles} alone: all types of these packages, and the named values. */
  readonly inQueries?: Readonly<Record<string, readonly string[]>>
  /** Node.js' own modules. */
  readonly node: boolean
}

const contract = 'daemon/contract/**'
const base = 'daemon/base/**'
const client = 'daemon/client/**'
/** `Change`, `CallContext` and the like: the one door's types, which everything behind it asks for. */
const door = 'daemon/kernel/**'
/** What `quantum.config.yaml` says. */
const config = 'daemon/config/**'
/** The interfaces of the outside world. What stands behind them is known to the composition root alone. */
const ports = [
  'daemon/adapters/host/host.ts',
  'daemon/adapters/host/machine.ts',
  'daemon/adapters/docker/engine.ts',
  'daemon/adapters/docker/container-output.ts',
  'daemon/adapters/git/git.ts',
  'daemon/adapters/process/programs.ts',
  'daemon/adapters/project/project.ts',
  'daemon/adapters/project/folder-watcher.ts',
  'daemon/adapters/project/trees.ts',
  'daemon/adapters/docker/compose.ts',
  'daemon/adapters/project/config-files.ts',
  'daemon/adapters/project/reports.ts',
  'daemon/adapters/connectors/prober.ts',
  'daemon/adapters/checks/checker.ts',
  'daemon/adapters/secrets/vault.ts',
  'daemon/logs/log-engine.ts',
]

const adapter = (name: string, packages: readonly string[] = []): Rule => ({
  folder: `daemon/adapters/${name}`,
  ours: [contract, base, door],
  packages,
  node: true,
})

/** The whole house, deny by default: a folder without a rule here may not exist. */
export const rules: readonly Rule[] = [
  { folder: 'daemon/contract', ours: [], packages: ['zod'], node: false },
  { folder: 'daemon/base', ours: [contract], packages: [], node: true },
  { folder: 'daemon/client', ours: [contract, base], packages: ['ws'], node: true },
  { folder: 'daemon/config', ours: [contract, base], packages: ['croner', 'yaml', 'zod'], node: true },
  // What files of other monitoring tools say, in the words of the configuration.
  { folder: 'daemon/exchange', ours: [contract, base, config], packages: ['yaml'], node: true },
  {
    folder: 'daemon/language',
    ours: [contract, base, config],
    packages: ['vscode-languageserver', 'vscode-languageserver-textdocument'],
    node: true,
  },
  { folder: 'daemon/kernel', ours: [contract, base], packages: ['json-rpc-2.0', 'ws'], node: true },
  {
    folder: 'daemon/store',
    ours: [contract, base, door, 'migrations/**'],
    packages: ['better-sqlite3', 'kysely'],
    node: true,
  },
  // Lines are understood by what they say alone: no file, no store, no packages.
  { folder: 'daemon/logs/format', ours: [contract, base], packages: [], node: true },
  { folder: 'migrations', ours: [], packages: ['kysely'], node: false },
  {
    folder: 'daemon/logs',
    ours: [contract, base, 'daemon/adapters/docker/container-output.ts'],
    packages: ['re2js'],
    node: true,
  },
  adapter('connectors', ['amqplib', 'better-sqlite3', 'ioredis', 'mysql2', 'pg']),
  adapter('checks'),
  adapter('docker', ['dockerode', 'zod']),
  adapter('files', ['zod']),
  adapter('git', ['simple-git']),
  adapter('host', ['systeminformation']),
  adapter('process'),
  adapter('http'),
  adapter('project', ['fast-xml-parser']),
  adapter('secrets'),
  {
    folder: 'daemon/capabilities/*',
    ours: [contract, base, door, config, 'daemon/exchange/**', 'daemon/store/**', ...ports],
    packages: [],
    // What makes a query, and nothing that opens a database.
    inQueries: { kysely: ['CompiledQuery', 'sql'] },
    node: true,
  },
  { folder: 'daemon/logs/intake', ours: [contract, base, 'daemon/logs/scan/**'], packages: [], node: true },
  // The composition root, and the entries of processes that it starts.
  { folder: 'daemon', ours: ['daemon/**'], packages: [], node: true },
  {
    folder: 'daemon/cli',
    ours: [contract, base, client],
    packages: ['commander', 'string-width', 'tail'],
    node: true,
  },
  // What is common to pages.
  { folder: 'webviews/ui', ours: [], packages: [], node: false },
  {
    folder: 'webviews/*',
    // What a browser can run: the words and the query language, the contract's types, and how text is made printable.
    ours: [
      'webviews/ui/**',
      'daemon/contract/log-words.ts',
      'daemon/contract/log-query.ts',
      'daemon/contract/logs.ts',
      'daemon/base/printable.ts',
    ],
    packages: ['@vscode/webview-ui-toolkit', 'uplot'],
    node: false,
  },
  {
    folder: 'extension',
    // What its pages and it say to each other.
    ours: [contract, base, client, 'webviews/ui/check.ts', 'webviews/*/{messages,strings,view}.ts'],
    // The last of these starts the language server: the bundle beside the extension's own, in a process of its own.
    packages: ['tail', 'vscode', 'vscode-languageclient'],
    node: true,
  },
]

/** Where queries are written: the stores, and the reading side of the audit trail, which is too long for one file. */
export const queryFiles = /(-store|\/audit-entries|\/audit-facets)\.ts$/

/** The only files that may start programs, and why each must. */
export const startsPrograms: Readonly<Record<string, string>> = {
  'daemon/client/launch.ts': 'the daemon, when none runs',
  'daemon/capabilities/audit/audit-verify-child.ts': 'verification of a trail, in a process of its own',
  'daemon/adapters/process/shell-programs.ts':
    'the apps: what their configuration says, in the shell it is written for',
  'daemon/adapters/process/bounded-output.ts': 'fallocate, to cut a file that programs are writing to',
  'daemon/adapters/docker/compose-command.ts': 'compose, which has no API but its command line',
  'daemon/adapters/connectors/child-prober.ts':
    'the test of a connection, in a process of its own that ends with it',
  'daemon/adapters/checks/command-check.ts':
    'the command by which an app says that it is well, in the shell it is written for',
  'daemon/adapters/secrets/keychain.ts': "the system's own program that speaks with its keychain",
  'daemon/cli/browser.ts': 'the browser, for the documentation',
  'daemon/cli/daemon-process.ts': 'the daemon in the foreground, and its offline verification',
  'daemon/adapters/host/socket-details.ts': 'ss, once at the start, for what /proc does not tell of a socket',
  'extension/node-version.ts': 'the Node.js that a setting names, to ask for its version',
}

/** Running text through a shell is how a name becomes a command: these are never used. */
export const shellFunctions = ['exec', 'execSync']
