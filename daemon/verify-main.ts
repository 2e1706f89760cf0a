import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { AuditVerification } from '#contract/audit.ts'
import { Failure, messageOf } from '#base/failure.ts'
import { stateFolder, statePaths } from '#base/state-paths.ts'
import { verifyExport } from './capabilities/audit/audit-export-source.ts'
import { verifyStore } from './capabilities/audit/audit-store-source.ts'
import type { Pin } from './capabilities/audit/audit-verify.ts'

export interface VerifyOptions {
  /** State folder; the usual one when neither this nor `file` is given. */
  readonly home?: string | undefined
  /** An export (jsonl, without a filter) instead of a store. */
  readonly file?: string | undefined
  /** A head that somebody kept. */
  readonly pin?: Pin | undefined
  /** PEM of the key that the trail must have been signed with. */
  readonly publicKey?: string | undefined
}

/**
 * Verifies a store, in use or not, or an export, without a daemon. Takes as long as reading all of it.
 * @throws Failure when there is nothing that could be checked.
 */
export function runVerify(options: VerifyOptions): AuditVerification {
  const { pin, publicKey, file } = options
  if (file !== undefined) return verifyExport({ file, pin, publicKey })
  const paths = statePaths(options.home ?? stateFolder())
  return verifyStore({ store: paths.store, folder: paths.audit, pin, publicKey })
}

/** Reads `--home FOLDER`, `--file EXPORT`, `--pin SEQUENCE:HASH`, `--public-key FILE`. @throws Failure `wrong-use`. */
export function parseVerifyArguments(args: readonly string[]): VerifyOptions {
  const values = parse(args)
  const publicKey = values['public-key']
  return {
    home: values.home,
    file: values.file,
    pin: values.pin === undefined ? undefined : parsePin(values.pin),
    publicKey: publicKey === undefined ? undefined : readText(publicKey),
  }
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({ args: [...args], options: { home: text, file: text, pin: text, 'public-key': text } })
      .values
  } catch (error) {
    throw new Failure('wrong-use', messageOf(error), { cause: error })
  }
}

function parsePin(text: string): Pin {
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text)
  if (match === null) throw new Failure('wrong-use', `${JSON.stringify(text)} is not a pin: SEQUENCE:HASH`)
  return { sequence: Number(match[1]), hash: match[2] ?? '' }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Failure('not-found', `The file ${file} cannot be read: ${messageOf(error)}`, { cause: error })
  }
}
