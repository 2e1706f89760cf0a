import type { ConnectorFault, ConnectorStatus } from '#contract/connectors.ts'
import type { ProbeResult } from '../../adapters/connectors/prober.ts'
import { placeText, referenceOf, type Definition } from './definition.ts'
import { faultWords } from './fault-words.ts'

/** What a fault means for a person. */
export interface Told {
  readonly status: Exclude<ConnectorStatus, 'unknown'>
  readonly reason: string
  readonly advice: string
}

/** Where nothing answered at all. */
const unanswered: ReadonlySet<ConnectorFault> = new Set([
  'nothing-listens',
  'host-not-found',
  'unreachable',
  'timed-out',
  'file-missing',
])

/** Where it helps to know who it is that answers there. */
const ofSomebody: ReadonlySet<ConnectorFault> = new Set([
  'silent',
  'closed',
  'wrong-protocol',
  'too-much-data',
  'bad-answer',
  'login-refused',
  'tls-required',
  'tls-unsupported',
])

const languages: Readonly<Record<Definition['type'], string>> = {
  sqlite: 'SQLite',
  postgresql: 'PostgreSQL',
  mysql: 'MySQL',
  redis: 'Redis',
  http: 'HTTP',
  rabbitmq: 'RabbitMQ',
}

/** What contains the data, in each server's own words. */
const containers: Readonly<Partial<Record<Definition['type'], string>>> = {
  redis: 'database number',
  rabbitmq: 'virtual host',
}

/**
 * Says what is wrong and what to do.
 * @param holder - who listens there, where that is known: `redis-server (pid 12)`.
 */
export function tell(
  definition: Definition,
  { fault, speaks, code }: Extract<ProbeResult, { ok: false }>,
  limitMs: number,
  holder: string | null,
): Told {
  const { host, port, user, type, database, app, tls, password, problem } = definition
  const [reason, advice] = faultWords[fault]({
    type,
    place: placeText(host, port),
    host,
    user,
    file: database ?? 'the file',
    language: languages[type],
    container: [containers[type] ?? 'database', database ?? user].filter((part) => part !== null).join(' '),
    tls,
    speaks,
    code: code === null ? '' : ` (${code})`,
    limit: `${limitMs / 1000} s`,
    whose: app === null ? 'the connector' : 'the datasource',
    passwordFrom: referenceOf(password) ?? 'nothing',
    problem,
  })
  const who = holder !== null && ofSomebody.has(fault) ? `; ${holder} listens there` : ''
  return {
    status: unanswered.has(fault) ? 'disconnected' : 'error',
    reason: `${reason}${who}`,
    advice,
  }
}
