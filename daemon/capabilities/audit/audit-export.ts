import type { AuditCheckpoint, AuditEntry } from '#contract/audit.ts'
import { csvLine } from '#base/record-lines.ts'
import type { BreakLine } from './audit-checkpoints.ts'

/** The last line of an export: what vouches for the lines before it. */
export interface ExportEnd {
  readonly type: 'end'
  readonly checkpoint: AuditCheckpoint
  readonly publicKey: string
  /** Findings the daemon keeps; without them an export would hide them. */
  readonly breaks: readonly BreakLine[]
  /** An export made with a filter leaves records out, so it cannot be verified as a whole. */
  readonly filtered: boolean
}

const columns = [
  'sequence',
  'timestamp',
  'id',
  'actor_id',
  'actor_name',
  'client',
  'address',
  'action',
  'resource_type',
  'resource_id',
  'resource_name',
  'project',
  'outcome',
  'error_code',
  'duration_ms',
  'details',
] as const

const cells = (entry: AuditEntry): Record<(typeof columns)[number], string | number | null> => ({
  sequence: entry.sequence,
  timestamp: entry.timestamp,
  id: entry.id,
  actor_id: entry.actor.id,
  actor_name: entry.actor.name,
  client: entry.actor.client,
  address: entry.actor.address,
  action: entry.action,
  resource_type: entry.resource.type,
  resource_id: entry.resource.id,
  resource_name: entry.resource.name,
  project: entry.project,
  outcome: entry.outcome,
  error_code: entry.errorCode,
  duration_ms: entry.durationMs,
  details: JSON.stringify(entry.details),
})

/** The heading of the CSV form (RFC 4180: lines end with CR LF). */
export const csvHeading = `${columns.join(',')}\r\n`

/** One entry as a line of the CSV form. */
export function csvEntry(entry: AuditEntry): string {
  const values = cells(entry)
  return csvLine(columns.map((column) => values[column]))
}
