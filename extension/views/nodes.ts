import type { LeaseStatus } from '#contract/leases.ts'
import type { ContainerRow, ProcessRow } from '#contract/resources.ts'
import type { SnapshotTopic } from '../model.ts'
import type { PortHolding } from '../resources.ts'

/** The topics that are groups of the Resources tree. */
export type ResourceTopic = Exclude<SnapshotTopic, 'apps' | 'jobs' | 'connectors' | 'health'>

/** One line of the Resources tree. The groups are values that live as long as the view; the rest come and go. */
export type ResourceNode = GroupNode | PortNode | ProcessNode | ContainerNode | LeaseNode | NoteNode

export interface GroupNode {
  readonly kind: 'group'
  readonly topic: ResourceTopic
}
export interface PortNode {
  readonly kind: 'port'
  readonly holding: PortHolding
}
export interface ProcessNode {
  readonly kind: 'process'
  readonly row: ProcessRow
}
export interface ContainerNode {
  readonly kind: 'container'
  readonly row: ContainerRow
}
export interface LeaseNode {
  readonly kind: 'lease'
  readonly lease: LeaseStatus
}
/** Says why there is nothing, or what can be done about it. */
export interface NoteNode {
  readonly kind: 'note'
  readonly id: string
  readonly text: string
  readonly tooltip: string
  readonly icon: string
  readonly command?: { readonly id: string; readonly arguments: readonly unknown[] }
}

const kinds: ReadonlySet<unknown> = new Set(['group', 'port', 'process', 'container', 'lease', 'note'])

/** Whether a command was called with a node of the tree, rather than from the palette. */
export const isResourceNode = (value: unknown): value is ResourceNode =>
  typeof value === 'object' && value !== null && 'kind' in value && kinds.has(value.kind)
