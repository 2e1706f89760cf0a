import { isErrorCode } from '#contract/errors.ts'
import { Failure } from '#base/failure.ts'

/** The `error` member of a JSON-RPC 2.0 response. */
export interface RpcError {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

/** JSON-RPC 2.0, section 5.1. Every server that speaks it says so of a method it does not know. */
const methodNotFound = -32601

/** Turns a JSON-RPC error back into the Failure the daemon threw. */
export function failureOf(error: RpcError): Failure {
  const data = error.data as { code?: unknown; hint?: unknown } | undefined
  if (isErrorCode(data?.code))
    return new Failure(data.code, error.message, typeof data.hint === 'string' ? { hint: data.hint } : {})
  if (error.code === methodNotFound) return new Failure('unknown-method', error.message)
  // A newer daemon may know codes that we do not.
  return new Failure('internal', error.message)
}
