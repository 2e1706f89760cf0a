import { Failure, messageOf, systemCode } from '#base/failure.ts'

/** The engine answered, and said no. */
export class EngineRefusal extends Error {
  /** HTTP status. */
  readonly status: number

  /** @param message - the engine's own words. */
  constructor(status: number, message: string) {
    super(message)
    this.name = 'EngineRefusal'
    this.status = status
  }
}

/** An error message from outside, short enough to be shown. */
const shorten = (text: string): string => (text.length > 500 ? `${text.slice(0, 500)}…` : text)

/**
 * Explains what the engine or the way to it made of a call.
 * @param what - the call in words that follow "could not", such as `start container web`.
 */
export function engineFailure(error: unknown, what: string): Failure {
  if (error instanceof Failure) return error
  if (error instanceof EngineRefusal) return refusal(error, what)
  return new Failure(
    'engine-unavailable',
    `The engine could not be asked to ${what}: ${shorten(messageOf(error))}`,
    {
      cause: error,
    },
  )
}

function refusal(error: EngineRefusal, what: string): Failure {
  const words = shorten(error.message)
  if (error.status === 404) return new Failure('not-found', `Could not ${what}: ${words}`, { cause: error })
  // The engine has no code for this: its message is all there is, the same since Docker 1.0 and in Podman.
  if (/port is already allocated|address already in use/i.test(error.message))
    return new Failure('port-in-use', `Could not ${what}: ${words}`, { cause: error })
  if (error.status === 401 || error.status === 403)
    return new Failure('permission-denied', `Could not ${what}: ${words}`, { cause: error })
  const hint = 'The engine itself refused; its words in the message say why.'
  return new Failure('conflict', `Could not ${what}: ${words}`, { cause: error, hint })
}

/** Why an engine cannot be reached, in words that are the same at each attempt with the same cause. */
export function unreachableReason(error: unknown): string {
  const code = systemCode(error)
  if (code === 'ECONNREFUSED') return 'nothing listens there'
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'it closed the connection'
  return shorten(messageOf(error))
}

/** What a failed attempt to reach an engine says about it. */
export function reachability(error: unknown): 'absent' | 'denied' | 'unreachable' {
  const code = systemCode(error)
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent'
  if (code === 'EACCES' || code === 'EPERM') return 'denied'
  if (error instanceof EngineRefusal && (error.status === 401 || error.status === 403)) return 'denied'
  return 'unreachable'
}
