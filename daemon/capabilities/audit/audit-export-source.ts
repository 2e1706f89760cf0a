import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import type { AuditVerification } from '#contract/audit.ts'
import { Failure, messageOf } from '#base/failure.ts'
import { isCheckpoint } from './audit-checkpoints.ts'
import type { ExportEnd } from './audit-export.ts'
import type { AuditRecord } from './audit-record.ts'
import { AuditVerifier } from './audit-signing.ts'
import { verifyTrail, type Finding, type Pin } from './audit-verify.ts'

export interface ExportToVerify {
  readonly file: string
  readonly pin?: Pin | undefined
  /** SubjectPublicKeyInfo as PEM, kept by somebody: the export must have been signed with it. */
  readonly publicKey?: string | undefined
}

/** Longer than any last line. */
const tailBytes = 64 * 1024
const pieceBytes = 1024 * 1024

/** Verifies an export made without a filter. Without `publicKey` or `pin` it shows only that it is whole in itself. */
export function verifyExport(options: ExportToVerify): AuditVerification {
  const descriptor = openExport(options.file)
  try {
    return verifyOpen(descriptor, options)
  } finally {
    closeSync(descriptor)
  }
}

function openExport(file: string): number {
  try {
    return openSync(file, 'r')
  } catch (error) {
    throw new Failure('not-found', `The export ${file} cannot be read: ${messageOf(error)}`, { cause: error })
  }
}

function verifyOpen(descriptor: number, options: ExportToVerify): AuditVerification {
  const end = readEnd(descriptor)
  if (end === null) return failed('the export does not end with its checkpoint: it was cut, or is not one')
  if (end.filtered) return failed('an export made with a filter leaves records out and cannot be verified')
  const key = new AuditVerifier(end.publicKey)
  const problems: Finding[] = []
  if (options.publicKey !== undefined && new AuditVerifier(options.publicKey).publicKey !== key.publicKey) {
    problems.push({ sequence: null, reason: 'the export is signed with another key than the given one' })
  }
  if (!isCheckpoint(end.checkpoint)) problems.push({ sequence: null, reason: 'the export has no checkpoint' })
  return verifyTrail({
    records: records(descriptor),
    key,
    head: null,
    checkpoints: isCheckpoint(end.checkpoint) ? [end.checkpoint] : [],
    breaks: end.breaks,
    pins: options.pin === undefined ? [] : [options.pin],
    problems,
    damage: () => null,
  })
}

const failed = (reason: string): AuditVerification => ({
  ok: false,
  entries: 0,
  checkpoints: 0,
  firstBadSequence: null,
  reason,
})

function* records(descriptor: number): Generator<AuditRecord> {
  for (const line of lines(descriptor)) {
    const value = JSON.parse(line) as AuditRecord | ExportEnd
    if (!('type' in value)) yield value
  }
}

function* lines(descriptor: number): Generator<string> {
  const piece = Buffer.alloc(pieceBytes)
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for (let position = 0; ;) {
    const read = readSync(descriptor, piece, 0, pieceBytes, position)
    if (read === 0) break
    position += read
    const parts = (rest + decoder.write(piece.subarray(0, read))).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) if (part !== '') yield part
  }
  if (rest !== '') yield rest
}

/** The last line: what vouches for the others. Null when it is not there. */
function readEnd(descriptor: number): ExportEnd | null {
  const { size } = fstatSync(descriptor)
  const tail = Buffer.alloc(Math.min(size, tailBytes))
  readSync(descriptor, tail, 0, tail.length, size - tail.length)
  const line = tail.toString().trimEnd().split('\n').at(-1) ?? ''
  try {
    const value = JSON.parse(line) as Partial<ExportEnd>
    const whole = value.type === 'end' && typeof value.publicKey === 'string' && Array.isArray(value.breaks)
    return whole ? (value as ExportEnd) : null
  } catch {
    // Cut in the middle of a line.
    return null
  }
}
