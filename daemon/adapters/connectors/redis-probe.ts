import { AbstractConnector, Redis, ReplyError } from 'ioredis'
import type { ConnectorFault } from '#contract/connectors.ts'
import { messageOf } from '#base/failure.ts'
import { asFault, ProbeFault } from './probe-fault.ts'
import { openSocket, type Wire } from './probe-socket.ts'
import type { ProbeTarget } from './prober.ts'

/** The first word of an error reply is its code (Redis' protocol specification, Simple errors). */
const faults: Readonly<Record<string, ConnectorFault>> = {
  WRONGPASS: 'login-refused',
  NOAUTH: 'password-missing',
  DENIED: 'access-refused',
  NOPERM: 'access-refused',
  LOADING: 'not-ready',
  MASTERDOWN: 'not-ready',
  BUSY: 'not-ready',
}

/** @returns what the server calls itself. @throws ProbeFault. */
export async function probeRedis(target: ProbeTarget, wire: Wire): Promise<string | null> {
  class TargetConnector extends AbstractConnector {
    override async connect() {
      this.connecting = true
      this.stream = await openSocket(target, wire)
      this.stream.once('error', (error) => (this.firstError = error))
      return this.stream
    }
  }
  const errors: unknown[] = []
  const redis = new Redis({
    lazyConnect: true,
    retryStrategy: () => null,
    reconnectOnError: () => false,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    enableOfflineQueue: true,
    // The time is kept by whoever called.
    connectTimeout: 0,
    protocol: 2,
    disableClientInfo: true,
    Connector: TargetConnector as never,
  })
  // What comes after the answer is of no interest, and without a listener it would be printed.
  redis.on('error', (error) => errors.push(error))
  try {
    await redis.connect()
    await login(redis, target)
    return await versionOf(redis)
  } catch (error) {
    throw toFault(errors[0] ?? error)
  } finally {
    redis.disconnect()
  }
}

async function login(redis: Redis, { user, password, database }: ProbeTarget): Promise<void> {
  if (password !== null)
    await refusing('login-refused', user === null ? redis.auth(password) : redis.auth(user, password))
  // Whoever says yes to everything is none.
  if ((await redis.ping()) !== 'PONG') throw new ProbeFault('wrong-protocol')
  if (database !== null && database !== '0') await refusing('no-database', redis.select(database))
}

/** For commands that servers refuse with the word that stands for any error. */
async function refusing(fault: ConnectorFault, reply: Promise<unknown>): Promise<void> {
  try {
    await reply
  } catch (error) {
    throw error instanceof ReplyError && wordOf(error) === 'ERR' ? new ProbeFault(fault, 'ERR') : error
  }
}

/** A user may be allowed to work with the data and not to ask for this. */
async function versionOf(redis: Redis): Promise<string | null> {
  try {
    const version = /^(?:redis|valkey)_version:([\w.-]{1,40})\r?$/m.exec(await redis.info('server'))?.[1]
    return version === undefined ? 'Redis' : `Redis ${version}`
  } catch (error) {
    if (error instanceof ReplyError) return 'Redis'
    throw error
  }
}

const wordOf = (error: unknown): string => /^[A-Z]{2,20}/.exec(messageOf(error))?.[0] ?? ''

function toFault(error: unknown): ProbeFault {
  if (error instanceof ReplyError) {
    const word = wordOf(error)
    return new ProbeFault(faults[word] ?? 'bad-answer', word === '' ? null : word)
  }
  // The driver says that the connection ended, without a code of the system.
  return asFault(error, 'closed')
}
