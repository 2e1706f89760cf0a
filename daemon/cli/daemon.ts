import { setTimeout as delay } from 'node:timers/promises'
import { Option } from 'commander'
import type { DaemonStatus } from '#contract/system.ts'
import { Failure, systemCode } from '#base/failure.ts'
import { build } from '#base/version.ts'
import { wholeNumber } from './arguments.ts'
import type { Declare } from './noun.ts'
import type { Session } from './session.ts'
import { fields } from './table.ts'
import { fullTime, relativeTime } from './text.ts'

interface RunOptions {
  readonly listen?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly public: boolean
}

interface LogOptions {
  readonly follow: boolean
  readonly tail: number
}

export const declare: Declare = (noun, session) => {
  noun
    .command('start')
    .description('start it in the background; nothing happens when it runs already')
    .action(() => start(session))
  noun
    .command('stop')
    .description('stop it; what it has started goes on running')
    .action(() => stop(session))
  noun
    .command('restart')
    .description('stop it and start it again')
    .action(() => restart(session))
  noun
    .command('status')
    .description('whether it runs, since when, and where it listens')
    .action(() => status(session))
  noun
    .command('run')
    .description('run it here, in the foreground, until Ctrl-C')
    .option('--listen <host:port>', 'also let a team in over the network')
    .option('--tls-cert <file>', 'with --listen: its certificate (PEM)')
    .option('--tls-key <file>', 'with --listen: the key of the certificate (PEM)')
    .option('--public', 'with --listen: allow an address that means every network', false)
    .action((options: RunOptions) => run(session, options))
  noun
    .command('logs')
    .description("the daemon's own log")
    .option('--follow', 'go on until Ctrl-C', false)
    .addOption(
      new Option('--tail <lines>', 'how many of the last lines')
        .argParser(wholeNumber('--tail', 0, 100_000))
        .default(200),
    )
    .action(async (options: LogOptions) => (await import('./daemon-logs.ts')).logs(session, options))
}

async function start(session: Session): Promise<void> {
  session.localOnly('daemon start')
  print(session, await session.query('daemon.status', {}))
}

async function status(session: Session): Promise<void> {
  session.connectOnly()
  print(session, await session.query('daemon.status', {}))
}

function print({ out }: Session, at: DaemonStatus): void {
  if (out.json) return out.data(at)
  const other = at.version === build.version ? '' : ` (this command line is ${build.version})`
  out.lines(
    fields(out, [
      ['State', at.state],
      ['Process', `pid ${at.pid}`],
      ['Version', `${at.version}${other}, protocol ${at.protocol}`],
      ['Started', fullTime(at.startedAt, Date.now())],
      ['Socket', at.socket],
      ['Network', at.url ?? 'not open to the network'],
    ]),
  )
}

async function stop(session: Session): Promise<void> {
  const { out } = session
  session.connectOnly()
  const at = await running(session)
  if (at !== null) await end(session, at, 'Stop the daemon?')
  if (out.json) out.data({ stopped: at !== null })
  else out.line(at === null ? 'The daemon does not run.' : 'The daemon was stopped.')
}

async function restart(session: Session): Promise<void> {
  session.localOnly('daemon restart')
  session.connectOnly()
  const at = await running(session)
  if (at !== null) await end(session, at, 'Restart the daemon?')
  await session.disconnect()
  session.mayStart()
  await start(session)
}

/** What the daemon says of itself, or null when none runs here. */
async function running(session: Session): Promise<DaemonStatus | null> {
  try {
    return await session.query('daemon.status', {})
  } catch (error) {
    if (error instanceof Failure && error.code === 'daemon-unreachable' && !session.remote) return null
    throw error
  }
}

const goneWithinMs = 15_000

/** Stops it and waits until its process is gone. */
async function end(session: Session, at: DaemonStatus, question: string): Promise<void> {
  await session.command(
    'daemon.stop',
    {},
    {
      question,
      name: 'daemon',
      touches: fields(session.out, [
        ['Daemon', `pid ${at.pid}, version ${at.version}, started ${relativeTime(at.startedAt, Date.now())}`],
        ['Effect', 'VS Code and other clients lose their connection; what runs on the machine goes on'],
      ]),
    },
  )
  if (session.remote) return
  const deadline = performance.now() + goneWithinMs
  while (alive(at.pid)) {
    if (performance.now() > deadline)
      throw new Failure('timeout', `The daemon (pid ${at.pid}) has not ended after ${goneWithinMs / 1000} s`)
    await delay(20, undefined, { signal: session.signal })
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}

async function run(session: Session, options: RunOptions): Promise<void> {
  session.localOnly('daemon run')
  const { runInForeground } = await import('./daemon-process.ts')
  const code = await runInForeground(words(options), () =>
    session.out.note(`The daemon runs (version ${build.version}). Ctrl-C stops it.`),
  )
  process.exitCode = code
}

/** Flags as the daemon's own program takes them. @throws Failure `wrong-use` for some without the others. */
function words({ listen, tlsCert, tlsKey, public: everywhere }: RunOptions): string[] {
  if (listen === undefined) {
    if (tlsCert !== undefined || tlsKey !== undefined || everywhere)
      throw new Failure('wrong-use', '--tls-cert, --tls-key and --public only go with --listen HOST:PORT')
    return []
  }
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new Failure(
      'wrong-use',
      '--listen needs --tls-cert FILE and --tls-key FILE: the network is only served over TLS',
      {
        hint: '`quantum-admin docs teams` shows how to make a certificate.',
      },
    )
  }
  // With `=`, a value that begins with a dash stays a value.
  return [
    `--listen=${listen}`,
    `--tls-cert=${tlsCert}`,
    `--tls-key=${tlsKey}`,
    ...(everywhere ? ['--public'] : []),
  ]
}
