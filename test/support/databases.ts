import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { nobody } from './nobody.ts'
import { findProgram, peers } from './peers.ts'
import type { TestCertificate } from './tls.ts'

/** A server of the test's own, on loopback, that leaves nothing behind. */
export interface TestServer {
  readonly port: number
  readonly pid: number
  /** Where its data lies. */
  readonly folder: string
  /** Ends it, so that nothing listens on its port. */
  stop(): Promise<void>
}

/** A port of loopback that nobody had a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return address !== null && typeof address === 'object' ? address.port : 0
}

const isRoot = process.getuid?.() === 0
/** Servers that refuse to run as root run as the user that owns nothing. */
const asNobody = isRoot ? { uid: nobody, gid: nobody } : {}

function makeFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-db-'))
  chmodSync(folder, 0o755)
  return folder
}

function own(file: string): void {
  if (isRoot) chownSync(file, nobody, nobody)
}

interface Launch {
  readonly program: string
  readonly args: readonly string[]
  readonly folder: string
  readonly port: number
  readonly env?: NodeJS.ProcessEnv
  readonly asNobody?: boolean
  /** More to end than the process itself. */
  readonly cleanUp?: () => void | Promise<void>
  readonly signal?: NodeJS.Signals
}

/** Starts a server and waits until its port answers. @throws Error with what it said when it ends instead. */
async function launch(options: Launch): Promise<TestServer> {
  const child = spawn(options.program, options.args, {
    cwd: options.folder,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what a script has started goes with it.
    detached: true,
    ...(options.asNobody === true ? asNobody : {}),
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (said = (said + String(chunk)).slice(-4000)))
  const orphan = () => killGroup(child)
  process.once('exit', orphan)
  const exited = once(child, 'close').then(() => process.off('exit', orphan))
  const deadline = performance.now() + 60_000
  while (!(await answers(options.port))) {
    if (hasEnded(child) || performance.now() > deadline)
      throw new Error(`${options.program} did not come up: ${said}`)
    await wait(50)
  }
  return {
    port: options.port,
    pid: child.pid ?? 0,
    folder: options.folder,
    stop: async () => {
      child.kill(options.signal ?? 'SIGTERM')
      await exited
      killGroup(child)
      await options.cleanUp?.()
      rmSync(options.folder, { recursive: true, force: true })
    },
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // All of it has ended.
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}

/** Runs a program to its end. @throws Error with what it said when it fails. */
function run(
  program: string,
  args: readonly string[],
  options: { input?: string; nobody?: boolean } = {},
): void {
  const { status, stderr, error } = spawnSync(program, args, {
    input: options.input ?? '',
    encoding: 'utf8',
    ...(options.nobody === true ? asNobody : {}),
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C' },
  })
  if (status !== 0) throw new Error(`${program} failed with ${status ?? error?.message}: ${stderr}`)
}

function program(name: 'postgresql' | 'mariadb' | 'redis' | 'rabbitmq'): string {
  const found = findProgram(peers[name].files)
  if (found === null) throw new Error(`${name} is not installed`)
  return found
}

/** Copies a certificate where a server that is nobody may read it, closed to others as servers want it. */
function copyCertificate(folder: string, { certFile, keyFile }: TestCertificate): readonly [string, string] {
  const [cert, key] = [path.join(folder, 'server.crt'), path.join(folder, 'server.key')] as const
  copyFileSync(certFile, cert)
  copyFileSync(keyFile, key)
  chmodSync(key, 0o600)
  for (const file of [cert, key]) own(file)
  return [cert, key]
}

/** What the servers of the tests know: a user, and one who may come with TLS alone. */
export const known = {
  user: 'ana',
  password: 'correct-horse-7391',
  database: 'shop',
  tlsUser: 'tess',
  /** May do everything; of MariaDB. */
  owner: 'olga',
} as const

/** PostgreSQL with a database and two users. */
export async function startPostgresql(certificate?: TestCertificate): Promise<TestServer> {
  const postgres = program('postgresql')
  // Only some of Debian's programs are linked from PATH.
  const bin = path.dirname(realpathSync(postgres))
  const folder = makeFolder()
  own(folder)
  const data = path.join(folder, 'data')
  const secretFile = path.join(folder, 'password')
  writeFileSync(secretFile, known.password)
  own(secretFile)
  const init = [
    '-D',
    data,
    '-U',
    'owner',
    '--pwfile',
    secretFile,
    '-A',
    'scram-sha-256',
    '-E',
    'UTF8',
    '--no-sync',
  ]
  run(path.join(bin, 'initdb'), [...init, '--locale=C'], { nobody: true })
  const rules = [
    'local all all trust',
    `hostnossl all ${known.tlsUser} 127.0.0.1/32 reject`,
    'host all denied 127.0.0.1/32 reject',
    'host all all 127.0.0.1/32 scram-sha-256',
  ]
  writeFileSync(path.join(data, 'pg_hba.conf'), `${rules.join('\n')}\n`)
  const port = await freePort()
  const tls = certificate === undefined ? [] : copyCertificate(folder, certificate)
  const server = await launch({
    program: postgres,
    args: [
      '-D',
      data,
      '-p',
      String(port),
      '-k',
      folder,
      '-h',
      '127.0.0.1',
      '-c',
      'fsync=off',
      ...(tls.length === 0
        ? []
        : ['-c', 'ssl=on', '-c', `ssl_cert_file=${tls[0]}`, '-c', `ssl_key_file=${tls[1]}`]),
    ],
    folder,
    port,
    asNobody: true,
    signal: 'SIGINT',
  })
  const sql = [
    `create role ${known.user} login password '${known.password}'`,
    `create role ${known.tlsUser} login password '${known.password}'`,
    `create role busy login password '${known.password}' connection limit 0`,
    `create role denied login password '${known.password}'`,
    `create database ${known.database} owner ${known.user}`,
    `create database closed`,
    `revoke connect on database closed from public`,
  ]
  const deadline = performance.now() + 20_000
  for (;;) {
    try {
      run(path.join(bin, 'psql'), [
        '-h',
        folder,
        '-p',
        String(port),
        '-U',
        'owner',
        '-d',
        'postgres',
        '-c',
        'select 1',
      ])
      break
    } catch (error) {
      if (performance.now() > deadline) throw error
      await wait(50)
    }
  }
  const flags = [
    '-v',
    'ON_ERROR_STOP=1',
    '-q',
    '-h',
    folder,
    '-p',
    String(port),
    '-U',
    'owner',
    '-d',
    'postgres',
  ]
  for (const statement of sql) run(path.join(bin, 'psql'), [...flags, '-c', statement])
  return server
}

/** MariaDB with a database and two users. */
export async function startMariadb(certificate?: TestCertificate): Promise<TestServer> {
  const folder = makeFolder()
  own(folder)
  const data = path.join(folder, 'data')
  const shared = ['--no-defaults', `--datadir=${data}`]
  const user = isRoot ? ['--user=nobody'] : []
  const install = findProgram(['mariadb-install-db', 'mysql_install_db']) ?? 'mariadb-install-db'
  run(install, [...shared, ...user, '--auth-root-authentication-method=normal', '--skip-test-db'])
  const port = await freePort()
  const setup = path.join(folder, 'setup.sql')
  writeFileSync(
    setup,
    [
      `create database ${known.database};`,
      'create database closed;',
      `create user '${known.user}'@'%' identified by '${known.password}';`,
      `create user '${known.tlsUser}'@'%' identified by '${known.password}' require ssl;`,
      `create user '${known.owner}'@'%' identified by '${known.password}';`,
      `grant all on *.* to '${known.owner}'@'%';`,
      `grant all on ${known.database}.* to '${known.user}'@'%', '${known.tlsUser}'@'%';`,
    ].join('\n'),
  )
  own(setup)
  const tls = certificate === undefined ? [] : copyCertificate(folder, certificate)
  return launch({
    program: program('mariadb'),
    args: [
      ...shared,
      ...user,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      `--socket=${path.join(folder, 'socket')}`,
      `--pid-file=${path.join(folder, 'pid')}`,
      `--init-file=${setup}`,
      '--innodb-flush-log-at-trx-commit=0',
      ...(tls.length === 0 ? [] : [`--ssl-cert=${tls[0]}`, `--ssl-key=${tls[1]}`]),
    ],
    folder,
    port,
  })
}

/** Redis that asks for the password, and knows a user besides. */
export async function startRedis(certificate?: TestCertificate): Promise<TestServer> {
  const folder = makeFolder()
  own(folder)
  const port = await freePort()
  const tls = certificate === undefined ? null : copyCertificate(folder, certificate)
  const lines = [
    'bind 127.0.0.1',
    ...(tls === null
      ? [`port ${port}`]
      : [
          'port 0',
          `tls-port ${port}`,
          `tls-cert-file ${tls[0]}`,
          `tls-key-file ${tls[1]}`,
          'tls-auth-clients no',
        ]),
    'save ""',
    `dir ${folder}`,
    `requirepass ${known.password}`,
    `user ${known.user} on >${known.password} ~* +ping +select`,
  ]
  const config = path.join(folder, 'redis.conf')
  writeFileSync(config, `${lines.join('\n')}\n`)
  own(config)
  return launch({ program: program('redis'), args: [config], folder, port, asNobody: true })
}

/** RabbitMQ with its usual user, and with an Erlang port mapper of its own. */
export async function startRabbitmq(): Promise<TestServer> {
  const folder = makeFolder()
  const [port, dist, mapper] = [await freePort(), await freePort(), await freePort()]
  const env = {
    HOME: folder,
    ERL_EPMD_PORT: String(mapper),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: 'qa@localhost',
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(dist),
    RABBITMQ_MNESIA_BASE: path.join(folder, 'data'),
    RABBITMQ_LOG_BASE: path.join(folder, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_ENABLED_PLUGINS_FILE: path.join(folder, 'plugins'),
    RABBITMQ_CONFIG_FILE: path.join(folder, 'none'),
    RABBITMQ_PID_FILE: path.join(folder, 'pid'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  }
  mkdirSync(env.RABBITMQ_LOG_BASE)
  writeFileSync(env.RABBITMQ_ENABLED_PLUGINS_FILE, '[].\n')
  const epmd = spawn('epmd', ['-port', String(mapper), '-address', '127.0.0.1'], {
    stdio: 'ignore',
    env: { ...process.env, ...env },
  })
  const mapped = once(epmd, 'exit')
  const orphan = () => epmd.kill('SIGKILL')
  process.once('exit', orphan)
  const endMapper = async () => {
    epmd.kill('SIGKILL')
    await mapped
    process.off('exit', orphan)
  }
  while (!(await answers(mapper))) await wait(20)
  return launch({ program: program('rabbitmq'), args: [], folder, port, env, cleanUp: endMapper })
}
