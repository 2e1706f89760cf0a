import { readFileSync } from 'node:fs'
import type { AuditVerification } from '#contract/audit.ts'
import { errorKinds } from '#contract/errors.ts'
import { asFailure, Failure, messageOf } from '#base/failure.ts'
import { stateFolder, statePaths } from '#base/state-paths.ts'
import { verifyExport } from './capabilities/audit/audit-export-source.ts'
import { verifyStore } from './capabilities/audit/audit-store-source.ts'
import type { Pin } from './capabilities/audit/audit-verify.ts'

/** The options of `daemon verify`, as they stand on the command line. */
export interface VerifyOptions {
  /** State folder; the usual one when neither this nor `file` is given. */
  readonly home?: string | undefined
  /** An export (jsonl, without a filter) instead of a store. */
  readonly file?: string | undefined
  /** `SEQUENCE:HASH` of a head that somebody kept. */
  readonly pin?: string | undefined
  /** A file with the PEM that the trail must have been signed with. */
  readonly 'public-key'?: string | undefined
}

/**
 * Verifies a store, in use or not, or an export, without a daemon, and prints an {@link AuditVerification} as
 * JSON. Takes as long as reading all of it.
 * @returns the exit code: 0 when all is as it was written, 6 when not, another when it could not be checked.
 */
export function runVerify(options: VerifyOptions): number {
  try {
    const result = verification(options)
    process.stdout.write(`${JSON.stringify(result)}\n`)
    return result.ok ? 0 : 6
  } catch (error) {
    const { code, message, hint } = asFailure(error)
    process.stderr.write(`quantum-admin: ${message}\ncode: ${code}\n${hint}\n`)
    return errorKinds[code].exit
  }
}

/** As {@link runVerify}, but answers instead of printing. @throws Failure when nothing can be checked. */
export function verification(options: VerifyOptions): AuditVerification {
  const pin = options.pin === undefined ? undefined : parsePin(options.pin)
  const keyFile = options['public-key']
  const publicKey = keyFile === undefined ? undefined : readFile(keyFile)
  if (options.file !== undefined) return verifyExport({ file: options.file, pin, publicKey })
  const paths = statePaths(options.home ?? stateFolder())
  return verifyStore({ store: paths.store, folder: paths.audit, pin, publicKey })
}

function parsePin(text: string): Pin {
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text)
  if (match === null) throw new Failure('wrong-use', `${JSON.stringify(text)} is not a pin: SEQUENCE:HASH`)
  return { sequence: Number(match[1]), hash: match[2] ?? '' }
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Failure('not-found', `The file ${file} cannot be read: ${messageOf(error)}`, { cause: error })
  }
}
