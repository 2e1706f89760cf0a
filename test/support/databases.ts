import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { findProgram, peers } from './peers.ts'
import { freePort } from './free-port.ts'
import { answers, isRoot, launch, makeFolder, own, run, type TestServer } from './test-server.ts'
import type { TestCertificate } from './tls.ts'

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

/** RabbitMQ with its usual user, and with an Erlang port mapper of its own. @param certificate - then a second port speaks TLS. */
export async function startRabbitmq(
  certificate: TestCertificate,
): Promise<TestServer & { readonly tlsPort: number }> {
  const folder = makeFolder()
  const [port, tlsPort, dist, mapper] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  const [cert, key] = copyCertificate(folder, certificate)
  const config = path.join(folder, 'rabbitmq.conf')
  const options = [
    `certfile = ${cert}`,
    `cacertfile = ${cert}`,
    `keyfile = ${key}`,
    'verify = verify_none',
    'fail_if_no_peer_cert = false',
  ]
  const lines = [
    `listeners.ssl.1 = 127.0.0.1:${tlsPort}`,
    ...options.map((option) => `ssl_options.${option}`),
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
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
    RABBITMQ_CONFIG_FILE: config,
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
  const server = await launch({
    program: program('rabbitmq'),
    args: [],
    folder,
    port,
    env,
    cleanUp: endMapper,
  })
  while (!(await answers(tlsPort))) await wait(50)
  return { ...server, tlsPort }
}
