/** Why a check failed, for programs; the words for people are made elsewhere. */
export type CheckFault =
  | 'host-not-found'
  /** The address belongs to the machine's cloud or link. */
  | 'address-refused'
  | 'nothing-listens'
  | 'unreachable'
  /** No connection in time; `silent`: one, and no whole answer in time. */
  | 'timed-out'
  | 'silent'
  | 'closed'
  | 'not-http'
  | 'headers-too-long'
  | 'redirect-loop'
  | 'too-many-redirects'
  | 'redirect-nowhere'
  | 'tls-expired'
  | 'tls-not-yet-valid'
  | 'tls-wrong-host'
  | 'tls-self-signed'
  | 'tls-untrusted'
  | 'tls-revoked'
  | 'tls-not-spoken'
  | 'tls-failed'
  /** A command ended with another code than 0, or by a signal. */
  | 'command-failed'
  | 'command-not-started'
  | 'failed'

export interface CheckFailure {
  readonly ok: false
  readonly fault: CheckFault
  /** What there is to say beside it: a code of the system, the address of a redirect, whose certificate it is. */
  readonly detail: string | null
  /** Where a redirect had led to; null without one. */
  readonly at: string | null
}

/** Times in ms. */
export interface HttpQuestion {
  /** http or https. */
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  /** For all of it: look-up, connection, redirects, answer. */
  readonly timeoutMs: number
  /** The first and the last status, of each range, that need no redirect to be followed. */
  readonly expect: readonly (readonly [first: number, last: number])[]
  readonly redirects: number
  readonly verifyCertificate: boolean
  /** Whether the body is wanted. */
  readonly wantsBody: boolean
  /** How much of it is read, in bytes; 1 MiB where nothing is said. */
  readonly mostBody?: number
}

export interface HttpAnswer {
  readonly ok: true
  readonly status: number
  readonly latencyMs: number
  /** Null when it was not wanted. */
  readonly body: string | null
  /** Whether there was more of it than is read. */
  readonly cut: boolean
  /** When the certificate of the server ends, in ms since the epoch; null without TLS. */
  readonly certificateEndsAt: number | null
  /** Where a redirect had led to; null without one. */
  readonly at: string | null
}

export interface CommandAnswer {
  readonly ok: true
  readonly latencyMs: number
}

export interface CommandQuestion {
  /** A line for the shell. */
  readonly command: string
  readonly folder: string
  /** All of its environment. */
  readonly environment: Readonly<Record<string, string>>
  /** What it may read; null: nothing. */
  readonly input: string | null
  readonly timeoutMs: number
}

/** Looks once whether something answers. No method rejects: whatever a server does is an answer. */
export interface Checker {
  http(question: HttpQuestion): Promise<HttpAnswer | CheckFailure>
  tcp(host: string, port: number, timeoutMs: number): Promise<CommandAnswer | CheckFailure>
  /** `detail` of a failure is the last line that the command wrote. */
  command(question: CommandQuestion): Promise<CommandAnswer | CheckFailure>
}
