import type { AuditCheckpoint, AuditEntry } from '#contract/audit.ts'
import type { BreakLine } from './audit-checkpoints.ts'
import type { AuditRecord } from './audit-record.ts'

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

/** Line separators that JSON leaves as they are, but that end a line for some readers. */
const separators = /[\u0085\u2028\u2029]/g

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** One line of JSON, whatever the value holds. */
export const jsonLine = (value: AuditRecord | ExportEnd): string =>
  `${JSON.stringify(value).replaceAll(separators, escaped)}\n`

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

export function csvLine(entry: AuditEntry): string {
  const values = cells(entry)
  return `${columns.map((column) => csvCell(values[column])).join(',')}\r\n`
}

/** What ends a line somewhere, and NUL, which ends a text in some programs. */
const breaking = /[\0\n\v\f\r\u0085\u2028\u2029]/g
const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r' }

/**
 * A cell that no spreadsheet takes for a formula (an apostrophe is set before `= + - @`, tab and CR) and that
 * never breaks its line: what would is written as an escape.
 */
function csvCell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const safe = /^[\s]*[=+\-@\t\r＝＋－＠]/u.test(value) ? `'${value}` : value
  const line = safe.replaceAll(breaking, (character) => named[character] ?? escaped(character))
  return /[",'\t]/.test(line) || line !== value ? `"${line.replaceAll('"', '""')}"` : line
}
