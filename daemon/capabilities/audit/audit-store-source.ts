import { existsSync } from 'node:fs'
import type { AuditVerification } from '#contract/audit.ts'
import { Failure } from '#base/failure.ts'
import { openSnapshot, type Snapshot } from '../../store/read-only.ts'
import { readHead, readTrailLines } from './audit-checkpoints.ts'
import { auditPaths } from './audit-files.ts'
import { readSigner } from './audit-key.ts'
import { recordColumns, type AuditRecord } from './audit-record.ts'
import { AuditVerifier } from './audit-signing.ts'
import { verifyTrail, type Finding, type Pin } from './audit-verify.ts'

export interface StoreToVerify {
  readonly store: string
  readonly folder: string
  readonly pin?: Pin | undefined
  /** SubjectPublicKeyInfo as PEM, kept by somebody: the trail must have been signed with it. */
  readonly publicKey?: string | undefined
}

/**
 * Verifies a store, also one in use, without changing it. @throws Failure `not-found` when there is nothing.
 */
export function verifyStore(options: StoreToVerify): AuditVerification {
  const paths = auditPaths(options.folder)
  // All of this is read before the records: what is written meanwhile can then only be more than it says.
  const lines = readTrailLines(paths.checkpoints)
  const head = readHead(paths.head)
  const own = readSigner(paths)
  const problems: Finding[] = []
  const key = own ?? (options.publicKey === undefined ? null : new AuditVerifier(options.publicKey))
  if (key === null) throw new Failure('not-found', `There is no audit key ${paths.key}`)
  if (options.publicKey !== undefined && new AuditVerifier(options.publicKey).publicKey !== key.publicKey) {
    problems.push({ sequence: null, reason: 'the trail is signed with another key than the given one' })
  }
  if (head === null && lines.length > 0) problems.push({ sequence: null, reason: 'the head file is missing' })
  return verifyTrail({
    records: storeRecords(options.store),
    key,
    head,
    checkpoints: lines.filter((line) => line.type === 'checkpoint'),
    breaks: lines.filter((line) => line.type === 'break'),
    pins: options.pin === undefined ? [] : [options.pin],
    problems,
  })
}

function* storeRecords(file: string): Generator<AuditRecord> {
  if (!existsSync(file)) return
  let snapshot: Snapshot | undefined
  try {
    snapshot = openSnapshot(file)
    for (const page of snapshot.pages('audit_records', recordColumns)) {
      for (const row of page) yield recordOf(row)
    }
  } finally {
    snapshot?.close()
  }
}

/** Columns as they were read; what is of another type than it should be changes the hash and is found so. */
function recordOf(row: readonly unknown[]): AuditRecord {
  const record: Record<string, unknown> = {}
  for (let i = 0; i < recordColumns.length; i++) record[recordColumns[i] ?? ''] = row[i]
  return record as unknown as AuditRecord
}
