import { errorKinds, type ErrorCode } from '#contract/errors.ts'

/** An error that can be explained to a person. Anything else that is thrown is a bug. */
export class Failure extends Error {
  readonly code: ErrorCode
  readonly hint: string

  /** @param message - one sentence that names what is wrong and where. */
  constructor(code: ErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'Failure'
    this.code = code
    this.hint = options.hint ?? errorKinds[code].hint
  }
}

/** The `code` of a system error such as `ENOENT`, or undefined. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** The text of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Whatever was thrown as a Failure; what is none is a bug, `internal`. */
export const asFailure = (error: unknown): Failure =>
  error instanceof Failure ? error : new Failure('internal', messageOf(error), { cause: error })
