import { existsSync } from 'node:fs'
import type { AuditVerification } from '#contract/audit.ts'
import { Failure, messageOf } from '#base/failure.ts'
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
  const evidence = {
    key,
    head,
    checkpoints: lines.filter((line) => line.type === 'checkpoint'),
    breaks: lines.filter((line) => line.type === 'break'),
    pins: options.pin === undefined ? [] : [options.pin],
  }
  const unread = { records: [], damage: () => null }
  if (!existsSync(options.store)) return verifyTrail({ ...evidence, ...unread, problems })
  let snapshot: Snapshot
  try {
    snapshot = openSnapshot(options.store)
  } catch (error) {
    problems.push({ sequence: 1, reason: messageOf(error) })
    return verifyTrail({ ...evidence, ...unread, problems })
  }
  try {
    const damage = () => snapshot.damage('audit_records')
    return verifyTrail({ ...evidence, records: records(snapshot), damage, problems })
  } finally {
    snapshot.close()
  }
}

function* records(snapshot: Snapshot): Generator<AuditRecord> {
  for (const page of snapshot.pages('audit_records', recordColumns)) {
    for (const row of page) yield recordOf(row)
  }
}

/**
 * Columns as they were read; one that is of another type than it should be changes the hash and is found so.
 * Spelt out, because an object built in a loop costs a fifth of the whole verification.
 */
const recordOf = (row: readonly unknown[]): AuditRecord => {
  const [
    sequence,
    kind,
    timestamp,
    clock_run,
    id,
    intent,
    actor_id,
    actor_name,
    actor_client,
    actor_address,
  ] = row
  return {
    sequence,
    kind,
    timestamp,
    clock_run,
    id,
    intent,
    actor_id,
    actor_name,
    actor_client,
    actor_address,
    action: row[10],
    resource_type: row[11],
    resource_id: row[12],
    resource_name: row[13],
    project: row[14],
    details: row[15],
    outcome: row[16],
    error_code: row[17],
    duration_ms: row[18],
    hash: row[19],
    seal: row[20],
    signature: row[21],
  } as AuditRecord
}
