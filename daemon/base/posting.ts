/** What comes back of something that was sent. */
export interface Posted {
  /** The HTTP status; null when there was no whole answer. */
  readonly status: number | null
  /** The header `Retry-After`. */
  readonly retryAfter: string | null
  /** The beginning of what it answered; or in words why there is no answer. */
  readonly body: string
  /** The address is one that nothing may be sent to: it was not even asked. */
  readonly forbidden: boolean
}

/** Sends something by HTTP. It follows no redirect, and never rejects. */
export type Post = (request: {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** From the look-up to the end of the answer. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}) => Promise<Posted>
