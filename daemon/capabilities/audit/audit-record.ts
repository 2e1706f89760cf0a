import { hash } from 'node:crypto'
import type { Value } from '../../store/inserts.ts'
import type { AuditRecordTable } from '../../store/database.ts'

/** One record as it is stored. */
export type AuditRecord = AuditRecordTable

/** What a record says, without what proves it. */
export type RecordContent = Omit<AuditRecord, 'hash' | 'seal' | 'signature'>

/** Who did what to what, in the order of {@link contentColumns}. */
export const actionColumns = [
  'actor_id',
  'actor_name',
  'actor_client',
  'actor_address',
  'action',
  'resource_type',
  'resource_id',
  'resource_name',
  'project',
  'details',
] as const satisfies readonly (keyof RecordContent)[]

/** The columns that the chain covers, in the order in which it covers them. */
export const contentColumns = [
  'sequence',
  'kind',
  'timestamp',
  'clock_run',
  'id',
  'intent',
  ...actionColumns,
  'outcome',
  'error_code',
  'duration_ms',
] as const satisfies readonly (keyof RecordContent)[]

export const recordColumns = [...contentColumns, 'hash', 'seal', 'signature'] as const

/** What the first record follows: 64 zeros. */
export const genesis = '0'.repeat(64)

/** Names what is hashed, so that a hash of something else can never pass for one of a record. */
const format = 'quantum-admin audit record 1'

/** What the chain covers, in the order of {@link contentColumns}; spelt out, because looking each up takes longer. */
const contentValues = (record: RecordContent): Value[] => [
  record.sequence,
  record.kind,
  record.timestamp,
  record.clock_run,
  record.id,
  record.intent,
  record.actor_id,
  record.actor_name,
  record.actor_client,
  record.actor_address,
  record.action,
  record.resource_type,
  record.resource_id,
  record.resource_name,
  record.project,
  record.details,
  record.outcome,
  record.error_code,
  record.duration_ms,
]

/** A record's values in the order of {@link recordColumns}. */
export function recordValues(record: AuditRecord): readonly Value[] {
  const values = contentValues(record)
  values.push(record.hash, record.seal, record.signature)
  return values
}

/**
 * A record as the text that is hashed: a JSON array of the format's name and all content in column order.
 * JSON escapes lone surrogates and control characters, so different contents are different texts.
 */
export const canonical = (record: RecordContent): string => JSON.stringify([format, ...contentValues(record)])

/** SHA-256 of the previous record's hash (64 hex digits) followed by the record's canonical text. */
export const chainHash = (previous: string, record: RecordContent): string =>
  hash('sha256', previous + canonical(record), 'hex')
