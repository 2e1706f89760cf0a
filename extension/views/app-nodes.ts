import type { AppContainer, AppProblem, AppRow } from '#contract/apps.ts'
import type { ConnectorRow } from '#contract/connectors.ts'
import type { CheckRow, IncidentRow } from '#contract/health.ts'
import type { JobRow, TestsRow } from '#contract/jobs.ts'
import type { LogErrorsRow } from '#contract/logs.ts'
import type { AppFolder } from '../app-folders.ts'
import type { NoteNode } from './nodes.ts'

/** One line of the Applications tree. Parts know their app, so that what can be done with it can be done there. */
export type AppTreeNode =
  | AppFolderGroupNode
  | AppNode
  | AppPartNode
  | ConnectorGroupNode
  | ConnectorNode
  | NoteNode

/** A folder of the workspace, where several of them hold apps. */
export interface AppFolderGroupNode {
  readonly kind: 'appGroup'
  readonly group: AppFolder
}

export interface AppNode {
  readonly kind: 'app'
  readonly row: AppRow
  readonly jobs: readonly JobRow[]
  /** Null where no tests are known. */
  readonly tests: TestsRow | null
  readonly connectors: readonly ConnectorRow[]
  /** Of the last hour; null without any. */
  readonly errors: LogErrorsRow | null
  readonly checks: readonly CheckRow[]
  /** Those that are open. */
  readonly incidents: readonly IncidentRow[]
}

/** What stands below an app. */
export type AppPartNode =
  | AppProblemNode
  | AppChangesNode
  | AppUrlNode
  | AppContainerNode
  | AppFolderNode
  | AppJobsNode
  | AppJobNode
  | AppTestsNode
  | AppHealthNode
  | AppCheckNode
  | AppIncidentNode

export interface AppProblemNode {
  readonly kind: 'appProblem'
  readonly row: AppRow
  readonly problem: AppProblem
  /** Its place among the problems of the app. */
  readonly index: number
}
/** What a restart would apply. */
export interface AppChangesNode {
  readonly kind: 'appChanges'
  readonly row: AppRow
}
export interface AppContainerNode {
  readonly kind: 'appContainer'
  readonly row: AppRow
  readonly container: AppContainer
}
interface AppUrlNode {
  readonly kind: 'appUrl'
  readonly row: AppRow
}
interface AppFolderNode {
  readonly kind: 'appFolder'
  readonly row: AppRow
}

/** The connectors of an app, or a person's own. */
export interface ConnectorGroupNode {
  readonly kind: 'connectorGroup'
  /** Null for a person's own. */
  readonly app: string | null
  readonly connectors: readonly ConnectorRow[]
}
export interface ConnectorNode {
  readonly kind: 'connector'
  readonly connector: ConnectorRow
}

/** The group of an app's jobs. */
export interface AppJobsNode {
  readonly kind: 'appJobs'
  readonly row: AppRow
  readonly jobs: readonly JobRow[]
}
export interface AppJobNode {
  readonly kind: 'appJob'
  readonly row: AppRow
  readonly job: JobRow
}
export interface AppTestsNode {
  readonly kind: 'appTests'
  readonly row: AppRow
  readonly tests: TestsRow
}

/** The group of an app's checks. */
export interface AppHealthNode {
  readonly kind: 'appHealth'
  readonly row: AppRow
  readonly checks: readonly CheckRow[]
}
export interface AppCheckNode {
  readonly kind: 'appCheck'
  readonly row: AppRow
  readonly check: CheckRow
}
export interface AppIncidentNode {
  readonly kind: 'appIncident'
  readonly row: AppRow
  readonly incident: IncidentRow
}

const kinds: ReadonlySet<unknown> = new Set([
  'app',
  'appProblem',
  'appChanges',
  'appUrl',
  'appContainer',
  'appFolder',
  'appJobs',
  'appJob',
  'appTests',
  'appHealth',
  'appCheck',
  'appIncident',
])

/** Whether a command was called with an app of the tree or a part of one, rather than from the palette. */
export const isAppNode = (value: unknown): value is AppNode | AppPartNode =>
  typeof value === 'object' && value !== null && 'kind' in value && kinds.has(value.kind)

/** Whether a command was called with a container below an app. */
export const isAppContainerNode = (value: unknown): value is AppContainerNode =>
  isAppNode(value) && value.kind === 'appContainer'

const hasKind = (value: unknown, kind: AppTreeNode['kind']): boolean =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind

/** Whether a command was called with a connector of the tree. */
export const isConnectorNode = (value: unknown): value is ConnectorNode => hasKind(value, 'connector')

/** Whether a command was called with all connectors of an app. */
export const isConnectorGroup = (value: unknown): value is ConnectorGroupNode =>
  hasKind(value, 'connectorGroup')
