import type { AuditEntry, AuditOutcome } from '#contract/audit.ts'
import type { Look } from './output.ts'
import type { Column } from './table.ts'
import { relativeTime } from './text.ts'

const outcomeLooks: Readonly<Record<AuditOutcome, Look>> = {
  ok: 'green',
  pending: 'cyan',
  failed: 'red',
  refused: 'yellow',
  interrupted: 'yellow',
}

/** How an outcome reads: with its error code where it has one. */
export const outcomeText = ({ outcome, errorCode }: AuditEntry): string =>
  errorCode === null ? outcome : `${outcome} (${errorCode})`

/** What was acted on: `lease shop`, but `daemon` and `audit trail` once only. */
export const resourceText = ({ resource: { type, name } }: AuditEntry): string =>
  name.startsWith(type) ? name : `${type} ${name}`

/** The audit trail as a table, the same in every place that shows it. */
export const auditColumns = (now: number): readonly Column<AuditEntry>[] => [
  { title: 'SEQ', align: 'right', value: ({ sequence }) => String(sequence) },
  { title: 'WHEN', value: ({ timestamp }) => relativeTime(timestamp, now) },
  { title: 'WHO', least: 8, spare: 1, value: ({ actor }) => actor.name },
  { title: 'FROM', least: 8, spare: 3, value: ({ actor }) => actor.client },
  { title: 'ACTION', value: ({ action }) => action },
  { title: 'WHAT', least: 12, value: resourceText },
  { title: 'PROJECT', least: 8, spare: 2, value: ({ project }) => project ?? '' },
  { title: 'OUTCOME', value: outcomeText, look: ({ outcome }) => outcomeLooks[outcome] },
]
