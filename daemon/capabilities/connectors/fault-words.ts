import type { ConnectorFault, ConnectorTls, ConnectorType } from '#contract/connectors.ts'

/** What the sentences are made of. None of it was written by the server. */
export interface FaultParts {
  readonly type: ConnectorType
  /** Host and port. */
  readonly place: string
  readonly host: string | null
  readonly user: string | null
  /** SQLite's file. */
  readonly file: string
  /** The protocol by name. */
  readonly language: string
  /** What was asked for, such as `database shop`. */
  readonly container: string
  readonly tls: ConnectorTls
  /** What answered instead; null when its first bytes do not tell. */
  readonly speaks: string | null
  /** A code in brackets after a space, or nothing. */
  readonly code: string
  readonly limit: string
  /** `the datasource` or `the connector`. */
  readonly whose: string
  /** Where the password comes from. */
  readonly passwordFrom: string
  readonly problem: string | null
}

export type Sentences = readonly [reason: string, advice: string]

const trustAdvice =
  'Give the connector the certificate of its authority, or let the daemon trust it with NODE_EXTRA_CA_CERTS.'

const ofUser = ({ user }: FaultParts): string => (user === null ? '' : ` for ${user}`)

/** What is wrong and what to do, for each fault. */
export const faultWords: Readonly<Record<ConnectorFault, (parts: FaultParts) => Sentences>> = {
  'nothing-listens': ({ place }) => [
    `Nothing listens on ${place}`,
    'Start the server, or correct host and port.',
  ],
  'host-not-found': ({ host }) => [
    `The host name ${host} was not found`,
    'Check its spelling, and that this machine can look it up.',
  ],
  unreachable: ({ place, code }) => [
    `${place} cannot be reached from this machine${code}`,
    'Check the network, a VPN, and the address.',
  ],
  'timed-out': ({ place, limit }) => [
    `No connection to ${place} within ${limit}`,
    'A firewall may drop what is sent there, or the address is of another network.',
  ],
  silent: ({ place, limit, language, tls }) => [
    `${place} took the connection and then said nothing for ${limit}`,
    tls === 'off'
      ? `Check that it is ${language} that listens there.`
      : `Check that it is ${language} that listens there, and that it speaks TLS.`,
  ],
  closed: ({ place, language }) => [
    `${place} closed the connection without an answer`,
    `Check that it is ${language} that listens there, and its log.`,
  ],
  'wrong-protocol': ({ place, language, speaks }) => [
    speaks === null ? `${place} does not speak ${language}` : `${place} is ${speaks}, not ${language}`,
    'Correct the port, or the type.',
  ],
  'too-much-data': ({ place, language }) => [
    `${place} sent more than ${language} would`,
    'Check what listens there.',
  ],
  'login-refused': (parts) => [
    `The password${ofUser(parts)} was refused by ${parts.place}`,
    `Correct the user, or what the password comes from: ${parts.passwordFrom}.`,
  ],
  'password-missing': (parts) => [
    `${parts.place} wants a password${ofUser(parts)}, and none is given`,
    `Keep it with \`quantum-admin secrets set NAME\`, and name it as secret:NAME in ${parts.whose}.`,
  ],
  'no-database': ({ type, place, container, user }) => [
    `There is no ${container} on ${place}${type === 'rabbitmq' ? `, or ${user ?? 'guest'} may not use it` : ''}`,
    'Create it, or correct its name.',
  ],
  'access-refused': ({ type, place, container, user, code }) => [
    type === 'http'
      ? `${place} refuses access${code}`
      : `${place} does not let ${user ?? 'us'} use the ${container}${code}`,
    'Correct the name, or ask whoever runs the server to allow it.',
  ],
  busy: ({ place, code }) => [`${place} takes no more connections${code}`, 'Close some, or raise its limit.'],
  'not-ready': ({ place, code }) => [
    `${place} is not ready yet${code}`,
    'Wait until it has started, and test again.',
  ],
  'bad-answer': ({ type, place, language, code }) => [
    type === 'http' && code !== ''
      ? `${place} answered with an error${code}`
      : `${place} answered what no ${language} server would${code}`,
    'Look into the log of the server.',
  ],
  'tls-required': ({ place, whose }) => [`${place} only speaks TLS`, `Turn TLS on in ${whose}.`],
  'tls-unsupported': ({ place, whose }) => [
    `${place} does not speak TLS`,
    `Turn TLS on at the server, or off in ${whose}.`,
  ],
  'tls-untrusted': ({ place, code }) => [
    `The certificate of ${place} is of nobody that is trusted${code}`,
    trustAdvice,
  ],
  'tls-expired': ({ place, code }) => [
    `The certificate of ${place} is not valid today${code}`,
    'Renew it, and check the clocks.',
  ],
  'tls-wrong-host': ({ place, host }) => [
    `The certificate of ${place} is for another name than ${host}`,
    'Use the name that stands in it.',
  ],
  'tls-failed': ({ place, code }) => [
    `No TLS connection with ${place}${code}`,
    'Check which versions of TLS the server speaks.',
  ],
  'file-missing': ({ file }) => [`There is no file ${file}`, 'Create the database, or correct the path.'],
  'file-unreadable': ({ file, code }) => [
    `The file ${file} cannot be read${code}`,
    "Let the daemon's user read it and the folders above.",
  ],
  'not-a-database': ({ file, language }) => [`${file} is not a ${language} database`, 'Correct the path.'],
  'file-busy': ({ file, limit }) => [
    `${file} was locked by another program for ${limit}`,
    'End what writes to it, and test again.',
  ],
  'address-refused': ({ place }) => [
    `${place} belongs to this machine's cloud or link, and a file of an app must not lead there`,
    'Correct the host.',
  ],
  misconfigured: ({ problem, whose }) => [
    problem ?? 'It cannot be tested as it is configured',
    `Correct ${whose}.`,
  ],
  failed: ({ place, code }) => [`The connection to ${place} failed${code}`, "Look into the server's log."],
}
