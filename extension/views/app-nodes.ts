import type { AppContainer, AppProblem, AppRow } from '#contract/apps.ts'
import type { AppFolder } from '../app-folders.ts'
import type { NoteNode } from './nodes.ts'

/** One line of the Applications tree. Parts know their app, so that what can be done with it can be done there. */
export type AppTreeNode = AppFolderGroupNode | AppNode | AppPartNode | NoteNode

/** A folder of the workspace, where several of them hold apps. */
export interface AppFolderGroupNode {
  readonly kind: 'appGroup'
  readonly group: AppFolder
}

export interface AppNode {
  readonly kind: 'app'
  readonly row: AppRow
}

/** What stands below an app. */
export type AppPartNode = AppProblemNode | AppChangesNode | AppUrlNode | AppContainerNode | AppFolderNode

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

const kinds: ReadonlySet<unknown> = new Set([
  'app',
  'appProblem',
  'appChanges',
  'appUrl',
  'appContainer',
  'appFolder',
])

/** Whether a command was called with an app of the tree or a part of one, rather than from the palette. */
export const isAppNode = (value: unknown): value is AppNode | AppPartNode =>
  typeof value === 'object' && value !== null && 'kind' in value && kinds.has(value.kind)

/** Whether a command was called with a container below an app. */
export const isAppContainerNode = (value: unknown): value is AppContainerNode =>
  isAppNode(value) && value.kind === 'appContainer'
