import type { Generated } from 'kysely'
import type { ConnectorFault, ConnectorStatus, ConnectorTls } from '#contract/connectors.ts'
import type { Role } from '#contract/method.ts'

/** One record of the audit trail: an intent, or the outcome that refers to it. See migrations/001-audit.ts. */
export interface AuditRecordTable {
  readonly sequence: number
  readonly kind: 'intent' | 'outcome'
  /** ISO 8601 UTC with milliseconds, as are all times in the store. */
  readonly timestamp: string
  readonly clock_run: number
  readonly id: string | null
  /** Sequence of the intent that an outcome belongs to. */
  readonly intent: number | null
  readonly actor_id: string | null
  readonly actor_name: string | null
  readonly actor_client: string | null
  readonly actor_address: string | null
  readonly action: string | null
  readonly resource_type: string | null
  readonly resource_id: string | null
  readonly resource_name: string | null
  readonly project: string | null
  /** JSON object. */
  readonly details: string
  readonly outcome: string | null
  readonly error_code: string | null
  readonly duration_ms: number | null
  readonly hash: string
  readonly seal: string
  readonly signature: string | null
}

export interface LeaseTable {
  readonly name: string
  readonly kind: string
  readonly port: number
  readonly app: string | null
  readonly created_at: string
}

export interface UserTable {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly created_at: string
}

/** A token is stored as its hash only. */
export interface TokenTable {
  readonly id: string
  readonly user_id: string
  readonly hash: string
  readonly created_at: string
  readonly expires_at: string
  readonly revoked_at: string | null
}

export interface AppTable {
  readonly name: string
  readonly folder: string
  readonly added_at: string
}

/** The newest run of an app; see migrations/004-apps.ts. */
export interface AppRunTable {
  readonly app: string
  readonly run: string
  readonly pid: number | null
  readonly start_key: string | null
  readonly port: number | null
  readonly started_at: string
  readonly wanted: 'running' | 'stopped'
  readonly restarts: number
}

/** See migrations/007-app-starts.ts. */
export interface AppStartTable {
  readonly app: string
  /** JSON object. */
  readonly started_with: string
}

/** One run of a job or of an app's tests; see migrations/005-jobs.ts. */
export interface JobRunTable {
  readonly run: string
  readonly app: string
  /** Empty for a run of its tests. */
  readonly job: string
  readonly command: string
  readonly folder: string
  readonly trigger: 'person' | 'schedule'
  readonly actor: string
  readonly scheduled_for: string | null
  readonly pid: number | null
  readonly start_key: string | null
  readonly timeout_ms: number | null
  readonly report: string | null
  readonly started_at: string
  readonly ended_at: string | null
  readonly state: string
  readonly reason: string | null
  readonly exit_code: number | null
  readonly signal: string | null
  /** JSON, or null. */
  readonly tests: string | null
}

/** Times at which a schedule was due and was seen to. */
export interface JobFiringTable {
  readonly app: string
  readonly job: string
  /** Milliseconds since the epoch. */
  readonly time: number
}

/** Since when a job's schedule counts, and until when it was seen to. */
export interface JobScheduleTable {
  readonly app: string
  readonly job: string
  readonly pattern: string
  readonly zone: string
  /** Milliseconds since the epoch. */
  readonly until: number
}

/** What a person added; see migrations/006-connectors.ts. */
export interface ConnectorTable {
  readonly name: string
  readonly url: string
  readonly password: string | null
  readonly tls: ConnectorTls
  readonly ca: string | null
  readonly added_at: string
}

/** The newest test of a connector; `app` is empty for a person's own. */
export interface ConnectorTestTable {
  readonly app: string
  readonly name: string
  readonly fingerprint: string
  readonly status: Exclude<ConnectorStatus, 'unknown'>
  readonly fault: ConnectorFault | null
  readonly reason: string | null
  readonly advice: string | null
  readonly latency_ms: number | null
  readonly version: string | null
  readonly tested_at: string
}

/** A check that results are kept of; see migrations/008-health.ts. */
export interface HealthCheckTable {
  readonly id: number
  readonly app: string
  /** Empty for this machine. */
  readonly environment: string
  readonly name: string
  readonly paused_at: string | null
  readonly paused_until: string | null
  readonly paused_by: string | null
}

export interface HealthResultTable {
  readonly sequence: Generated<number>
  readonly check_id: number
  /** Milliseconds since the epoch. */
  readonly at: number
  /** 0 good, 1 soft, 2 bad. */
  readonly grade: number
  readonly latency_ms: number | null
  readonly reason: string | null
}

export interface IncidentTable {
  readonly number: Generated<number>
  readonly app: string
  /** Empty for this machine. */
  readonly environment: string
  readonly check_name: string
  readonly severity: 'critical' | 'warning'
  readonly cause: string
  readonly started_at: string
  readonly acknowledged_at: string | null
  readonly acknowledged_by: string | null
  readonly resolved_at: string | null
  readonly resolution: string | null
}

/** What is still to be told of an incident; see migrations/011-incident-notices.ts. */
export interface IncidentNoticeTable {
  readonly sequence: number
  readonly incident: number
  readonly event: 'opened' | 'acknowledged' | 'resolved'
  readonly hook: 'webhook' | 'command'
  /** For how long it was waited between attempts. */
  readonly waited_ms: number
}

export interface IncidentNoteTable {
  readonly incident: number
  readonly at: string
  readonly actor: string
  readonly text: string
}

/** What metrics are told of; see migrations/009-metrics.ts. */
export interface MetricSubjectTable {
  readonly id: number
  /** Empty for the machine. */
  readonly app: string
  /** Empty for the app itself. */
  readonly check: string
  /** 1 once lines of a server told of a request of it. */
  readonly serves: number
}

export interface MetricRollupTable {
  readonly level: number
  /** Which stretch since the epoch, counted in those of its level. */
  readonly at: number
  readonly subject: number
  readonly data: Uint8Array
}

/** Up to where something was counted that is counted once. */
export interface MetricCursorTable {
  readonly source: string
  readonly through: number
}

/** What was seen to happen; times in milliseconds since the epoch. See migrations/010-history.ts. */
export interface HistoryTable {
  readonly id: Generated<number>
  /** What is seen twice is kept once. */
  readonly key: string
  readonly kind: string
  readonly turn: string
  readonly at: number
  readonly after: number | null
  readonly app: string | null
  readonly title: string
  readonly detail: string | null
  readonly file: string | null
  readonly line: number | null
  /** JSON. */
  readonly names: string
}

export interface HistoryFolderTable {
  readonly folder: string
  readonly looked_at: number
  /** JSON: the keys of its configurations, each with a digest. */
  readonly said: string
}

export interface IncidentTimelineTable {
  readonly incident: number
  /** JSON. */
  readonly told: string
}

/** Every table of the store, as Kysely sees it. */
export interface Database {
  readonly audit_records: AuditRecordTable
  readonly leases: LeaseTable
  readonly users: UserTable
  readonly tokens: TokenTable
  readonly apps: AppTable
  readonly app_runs: AppRunTable
  readonly app_starts: AppStartTable
  readonly job_runs: JobRunTable
  readonly job_firings: JobFiringTable
  readonly job_schedules: JobScheduleTable
  readonly connectors: ConnectorTable
  readonly connector_tests: ConnectorTestTable
  readonly health_checks: HealthCheckTable
  readonly health_results: HealthResultTable
  readonly incidents: IncidentTable
  readonly incident_notes: IncidentNoteTable
  readonly incident_notices: IncidentNoticeTable
  readonly metric_subjects: MetricSubjectTable
  readonly metric_rollups: MetricRollupTable
  readonly metric_cursors: MetricCursorTable
  readonly history: HistoryTable
  readonly history_folders: HistoryFolderTable
  readonly incident_timelines: IncidentTimelineTable
}
