import type { Actor } from '#contract/audit.ts'
import type { AuditTarget } from '#contract/method.ts'
import { redactDetails } from '#base/redact.ts'
import type { RecordContent } from './audit-record.ts'

/** A record before it has its place in the sequence. */
export type Draft = Omit<RecordContent, 'sequence' | 'timestamp' | 'clock_run'>

/** Longest details kept, in UTF-16 units of JSON. */
const longestDetails = 16 * 1024
const longestText = 1000

const nothing = {
  id: null,
  intent: null,
  actor_id: null,
  actor_name: null,
  actor_client: null,
  actor_address: null,
  action: null,
  resource_type: null,
  resource_id: null,
  resource_name: null,
  project: null,
  outcome: null,
  error_code: null,
  duration_ms: null,
} as const satisfies Partial<Draft>

export const intentDraft = (id: string, actor: Actor, target: AuditTarget): Draft => ({
  ...nothing,
  kind: 'intent',
  id,
  actor_id: text(actor.id),
  actor_name: text(actor.name),
  actor_client: text(actor.client),
  actor_address: text(actor.address),
  action: target.action,
  resource_type: text(target.resource.type),
  resource_id: text(target.resource.id),
  resource_name: text(target.resource.name),
  project: target.project === undefined ? null : text(target.project),
  details: detailsText(target.details ?? {}),
})

export const outcomeDraft = (
  intent: number,
  outcome: {
    readonly outcome: 'ok' | 'failed' | 'refused' | 'interrupted'
    readonly errorCode?: string | null
    readonly durationMs?: number | null
    readonly details?: Readonly<Record<string, unknown>>
  },
): Draft => ({
  ...nothing,
  kind: 'outcome',
  intent,
  outcome: outcome.outcome,
  error_code: outcome.errorCode ?? null,
  duration_ms: outcome.durationMs ?? null,
  details: detailsText(outcome.details ?? {}),
})

/** SQLite keeps UTF-8, which has no lone surrogates: they are replaced before they are hashed, not after. */
const text = (value: string): string => value.slice(0, longestText).toWellFormed()

/** Details as JSON without secrets. What is longer than {@link longestDetails} is cut and says so. */
function detailsText(details: Readonly<Record<string, unknown>>): string {
  const whole = JSON.stringify(redactDetails(details)).toWellFormed()
  if (whole.length <= longestDetails) return whole
  return JSON.stringify({ cutFrom: whole.length, text: whole.slice(0, longestDetails / 2).toWellFormed() })
}
